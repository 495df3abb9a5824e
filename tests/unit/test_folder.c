#include "test_folder.h"

#include "base/alloc.h"
#include "base/file.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

char *test_folder;

void test_folder_make(void)
{
    test_folder = xstrdup("/tmp/lance-bench-test-XXXXXX");
    cr_assert(mkdtemp(test_folder));
}

void test_folder_remove(void)
{
    struct error err = ERROR_INIT;
    cr_assert_eq(tree_remove(test_folder, &err), 0, "%s", err.message);
    free(test_folder);
}

void test_folder_put(const char *name, const char *text)
{
    struct error err = ERROR_INIT;
    AUTO_FREE char *path = xasprintf("%s/%s", test_folder, name);
    AUTO_FREE char *parent = xstrndup(path, (size_t)(path_basename(path) - path));
    cr_assert_eq(dir_make(parent, &err), 0, "%s", err.message);
    cr_assert_eq(file_write_atomic(path, text, strlen(text), &err), 0, "%s", err.message);
}
