#include "base/file_writer.h"

#include "base/alloc.h"
#include "base/file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static char *scratch_path(void)
{
    char folder[] = "/tmp/lance-bench-writer-XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    return path_join(folder, "out");
}

static void remove_folder(char *path)
{
    *strrchr(path, '/') = '\0';
    cr_assert_eq(tree_remove(path, NULL), 0);
    free(path);
}

Test(file_writer, nothing_is_seen_before_the_commit_and_all_of_it_after)
{
    char *path = scratch_path();
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    AUTO_FILE_WRITER struct file_writer writer = FILE_WRITER_INIT;
    cr_assert_eq(file_writer_open(&writer, path, NULL), 0);
    cr_assert_eq(file_writer_add(&writer, "one ", 4, NULL), 0);
    cr_assert_not(path_exists(path));
    cr_assert_eq(file_writer_add(&writer, "two", 3, NULL), 0);
    cr_assert_eq(file_writer_commit(&writer, NULL), 0);
    cr_assert_eq(writer.len, 7);
    cr_assert_eq(file_read(path, 100, &text, NULL), 0);
    cr_assert_str_eq(text.buf, "one two");
    remove_folder(path);
}

Test(file_writer, what_is_not_committed_leaves_the_old_file_and_nothing_beside_it)
{
    char *path = scratch_path();
    cr_assert_eq(file_write_atomic(path, "old", 3, NULL), 0);
    struct file_writer writer = FILE_WRITER_INIT;
    cr_assert_eq(file_writer_open(&writer, path, NULL), 0);
    cr_assert_eq(file_writer_add(&writer, "new", 3, NULL), 0);
    file_writer_release(&writer);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    cr_assert_eq(file_read(path, 100, &text, NULL), 0);
    cr_assert_str_eq(text.buf, "old");
    AUTO_FREE char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    cr_assert_eq(dir_list(folder, &names, NULL), 0);
    cr_assert_eq(names.count, 1);
    remove_folder(path);
}

Test(file_writer, a_full_device_is_an_error_that_names_it)
{
    struct error err = {0};
    AUTO_FILE_WRITER struct file_writer writer = FILE_WRITER_INIT;
    cr_assert_eq(file_writer_open(&writer, "/dev/full", &err), 0);
    cr_assert_lt(file_writer_add(&writer, "x", 1, &err), 0);
    cr_assert_not_null(strstr(err.message, "/dev/full"));
}
