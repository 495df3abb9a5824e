#include "scratch.h"

#include "base/file.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct database *scratch_db;
static char folder[] = "/tmp/lance-bench-store-XXXXXX";

void scratch_open(void)
{
    cr_assert(mkdtemp(folder));
    cr_assert_eq(database_open(folder, &scratch_db, NULL), 0);
}

void scratch_close(void)
{
    database_free(scratch_db);
    scratch_db = NULL;
    cr_assert_eq(tree_remove(folder, NULL), 0);
}
