#include "scratch.h"

#include "base/file.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct database *scratch_db;

void scratch_open(void)
{
    test_folder_make();
    cr_assert_eq(database_open(test_folder, &scratch_db, NULL), 0);
}

void scratch_close(void)
{
    database_free(scratch_db);
    scratch_db = NULL;
    test_folder_remove();
}
