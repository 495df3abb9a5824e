#include "base/file.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A folder of the test's own; scratch_remove() also checks that tree_remove() does. */
static char *scratch_new(void)
{
    char *path = xstrdup("/tmp/lance-bench-file-XXXXXX");
    cr_assert(mkdtemp(path));
    return path;
}

static void scratch_remove(char *path)
{
    cr_assert_eq(tree_remove(path, NULL), 0);
    cr_assert_not(path_exists(path));
    free(path);
}

Test(file, joins_paths_with_one_slash)
{
    static const char *const cases[][3] = {
        {"a", "b", "a/b"},
        {"a/", "b", "a/b"},
        {"a", "/b", "/b"},
        {"/", "b", "/b"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO_FREE char *joined = path_join(cases[i][0], cases[i][1]);
        cr_assert_str_eq(joined, cases[i][2]);
    }
    cr_assert_str_eq(path_basename("/a/b.c"), "b.c");
    cr_assert_str_eq(path_basename("b.c"), "b.c");
}

Test(file, reads_back_what_was_written_at_once)
{
    char *folder = scratch_new();
    AUTO_FREE char *path = path_join(folder, "f");
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    cr_assert_eq(file_write_atomic(path, "first\0half", 10, NULL), 0);
    cr_assert_eq(file_write_atomic(path, "second", 6, NULL), 0);
    cr_assert_eq(file_read(path, 100, &text, NULL), 0);
    cr_assert_str_eq(text.buf, "second");
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    cr_assert_eq(dir_list(folder, &names, NULL), 0);
    cr_assert_eq(names.count, 1, "no temporary file is left");
    scratch_remove(folder);
}

Test(file, refuses_to_read_more_than_asked_for_and_what_is_not_there)
{
    char *folder = scratch_new();
    AUTO_FREE char *path = path_join(folder, "f");
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    struct error err = ERROR_INIT;
    cr_assert_eq(file_write_atomic(path, "12345678", 8, NULL), 0);
    cr_assert_eq(file_read(path, 7, &text, &err), ERROR_INPUT);
    cr_assert(strstr(err.message, path), "%s", err.message);
    cr_assert_eq(file_read(path, 8, &text, NULL), 0);
    AUTO_FREE char *missing = path_join(folder, "missing");
    cr_assert_eq(file_read(missing, 7, &text, &err), ERROR_NOT_FOUND);
    cr_assert(strstr(err.message, missing), "%s", err.message);
    scratch_remove(folder);
}

Test(file, does_not_write_into_a_folder_that_is_not_there)
{
    struct error err = ERROR_INIT;
    cr_assert_lt(file_write_atomic("/nonexistent/folder/f", "x", 1, &err), 0);
    cr_assert(strstr(err.message, "/nonexistent/folder/f"), "%s", err.message);
}

Test(file, what_is_no_plain_file_is_written_to_and_stays)
{
    char *folder = scratch_new();
    AUTO_FREE char *path = path_join(folder, "pipe");
    char got[8] = "";
    struct stat st;
    cr_assert_eq(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    cr_assert_geq(fd, 0);
    cr_assert_eq(file_write_atomic(path, "text", 4, NULL), 0);
    cr_assert_eq(read(fd, got, sizeof(got)), 4);
    cr_assert_str_eq(got, "text");
    cr_assert_eq(stat(path, &st), 0);
    cr_assert(S_ISFIFO(st.st_mode));
    close(fd);
    scratch_remove(folder);
}

Test(file, makes_folders_with_their_parents_and_is_content_when_they_are_there)
{
    char *folder = scratch_new();
    AUTO_FREE char *deep = path_join(folder, "a/b/c");
    cr_assert_eq(dir_make(deep, NULL), 0);
    cr_assert_eq(dir_make(deep, NULL), 0);
    cr_assert(path_is_dir(deep));
    AUTO_FREE char *file = path_join(deep, "f");
    cr_assert_eq(file_write_atomic(file, "x", 1, NULL), 0);
    struct error err = ERROR_INIT;
    cr_assert_lt(dir_make(file, &err), 0, "a file stands there");
    scratch_remove(folder);
}

Test(file, removing_a_tree_does_not_follow_a_link_out_of_it)
{
    char *folder = scratch_new(), *outside = scratch_new();
    AUTO_FREE char *kept = path_join(outside, "kept"), *link = path_join(folder, "a/link");
    AUTO_FREE char *a = path_join(folder, "a");
    cr_assert_eq(file_write_atomic(kept, "x", 1, NULL), 0);
    cr_assert_eq(dir_make(a, NULL), 0);
    cr_assert_eq(symlink(outside, link), 0);
    cr_assert_eq(tree_remove(folder, NULL), 0);
    cr_assert_not(path_exists(folder));
    cr_assert(path_exists(kept));
    cr_assert_eq(tree_remove(folder, NULL), 0, "nothing there is fine");
    free(folder);
    scratch_remove(outside);
}

Test(file, what_an_earlier_removal_left_goes_with_the_folder_or_alone)
{
    char *folder = scratch_new();
    AUTO_FREE char *path = path_join(folder, "name"), *removed = path_join(folder, "name.removed");
    AUTO_FREE char *inner = path_join(path, "a"), *left = path_join(removed, "b");
    cr_assert_eq(dir_make(inner, NULL), 0);
    cr_assert_eq(dir_make(left, NULL), 0);
    cr_assert_eq(tree_retire(removed, NULL), 0);
    cr_assert_not(path_exists(removed));
    cr_assert(path_exists(inner), "the folder itself was not meant");
    cr_assert_eq(dir_make(left, NULL), 0);
    cr_assert_eq(tree_retire(path, NULL), 0);
    cr_assert_not(path_exists(path));
    cr_assert_not(path_exists(removed));
    cr_assert_eq(tree_retire(path, NULL), 0, "nothing there is fine");
    cr_assert_eq(tree_name_len("name.removed"), 4);
    cr_assert_eq(tree_name_len("name"), 4);
    scratch_remove(folder);
}

Test(file, a_lock_is_held_by_one_process_and_freed_when_that_ends)
{
    char *folder = scratch_new();
    AUTO_FREE char *path = path_join(folder, "lock");
    int ready[2];
    cr_assert_eq(pipe(ready), 0);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (!child) {
        int fd = -1;
        char ok = (char)(lock_acquire(path, -1, &fd, NULL) ? 'n' : 'y');
        (void)!write(ready[1], &ok, 1);
        for (;;)
            pause();
    }
    char ok = 'n';
    cr_assert_eq(read(ready[0], &ok, 1), 1);
    cr_assert_eq(ok, 'y');
    int fd = -1;
    struct error err = ERROR_INIT;
    char owner[16];
    snprintf(owner, sizeof(owner), "%d", (int)child);
    cr_assert_eq(lock_acquire(path, 0, &fd, &err), ERROR_CONFLICT);
    cr_assert_eq(fd, -1);
    cr_assert(strstr(err.message, owner), "\"%s\" names process %s", err.message, owner);
    cr_assert_eq(kill(child, SIGKILL), 0);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    cr_assert_eq(lock_acquire(path, 0, &fd, NULL), 0);
    close(fd);
    scratch_remove(folder);
}

Test(file, knows_the_size_of_a_tree_and_the_space_around_a_folder_that_is_still_to_be_made)
{
    char *folder = scratch_new();
    AUTO_FREE char *path = path_join(folder, "f"), *later = path_join(folder, "x/y/z");
    char *block = xcalloc(1, 1 << 20);
    cr_assert_eq(file_write_atomic(path, block, 1 << 20, NULL), 0);
    free(block);
    cr_assert_geq(tree_size(folder), (uint64_t)1 << 20);
    cr_assert_eq(tree_size("/nonexistent"), 0);
    uint64_t bytes = 0;
    cr_assert_eq(disk_free_bytes(later, &bytes, NULL), 0);
    cr_assert_gt(bytes, 0);
    scratch_remove(folder);
}
