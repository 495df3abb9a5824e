#include "build/sync.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *from, *to;

static void setup(void)
{
    test_folder_make();
    from = path_join(test_folder, "from");
    to = path_join(test_folder, "to");
    cr_assert_eq(dir_make(from, NULL), 0);
    cr_assert_eq(dir_make(to, NULL), 0);
}

static void teardown(void)
{
    test_folder_remove();
    free(from);
    free(to);
}

static void put(const char *folder, const char *name, const char *text)
{
    AUTO_FREE char *path = path_join(folder, name);
    AUTO_FREE char *parent = xstrdup(path);
    *strrchr(parent, '/') = '\0';
    cr_assert_eq(dir_make(parent, NULL), 0);
    cr_assert_eq(file_write_atomic(path, text, strlen(text), NULL), 0);
}

static bool holds(const char *folder, const char *name, const char *text)
{
    AUTO_FREE char *path = path_join(folder, name);
    AUTO_STRBUF struct strbuf got = STRBUF_INIT;
    return !file_read(path, 1 << 20, &got, NULL) && !strcmp(got.buf, text);
}

static struct timespec time_of(const char *folder, const char *name)
{
    AUTO_FREE char *path = path_join(folder, name);
    struct stat st;
    cr_assert_eq(lstat(path, &st), 0);
    return st.st_mtim;
}

static struct sync_counts sync_now(void)
{
    struct sync_counts counts = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(sync_tree(from, to, geteuid(), &counts, &err), 0, "%s", err.message);
    return counts;
}

Test(sync, copies_everything, .init = setup, .fini = teardown)
{
    put(from, "a", "1");
    put(from, "b/c/d", "2");
    struct sync_counts counts = sync_now();
    cr_assert_eq(counts.written, 2);
    cr_assert(holds(to, "a", "1"));
    cr_assert(holds(to, "b/c/d", "2"));
}

Test(sync, keeps_the_time_of_what_is_equal_and_renews_what_differs, .init = setup, .fini = teardown)
{
    put(from, "same", "x");
    put(from, "other", "old");
    (void)sync_now();
    struct timespec before = time_of(to, "same");
    /* The next commit's files are as old as its checkout: older than the build perhaps. */
    put(from, "other", "new");
    AUTO_FREE char *path = path_join(from, "other");
    const struct timespec long_ago[2] = {{1, 0}, {1, 0}};
    cr_assert_eq(utimensat(AT_FDCWD, path, long_ago, 0), 0);
    struct sync_counts counts = sync_now();
    cr_assert_eq(counts.written, 1);
    cr_assert_eq(counts.kept, 1);
    struct timespec after = time_of(to, "same"), renewed = time_of(to, "other");
    cr_assert(before.tv_sec == after.tv_sec && before.tv_nsec == after.tv_nsec);
    cr_assert(renewed.tv_sec >= before.tv_sec);
    cr_assert(holds(to, "other", "new"));
}

Test(sync, removes_what_the_commit_does_not_have, .init = setup, .fini = teardown)
{
    put(from, "a", "1");
    put(to, "extra", "x");
    put(to, "folder/deep/extra", "x");
    (void)sync_now();
    AUTO_FREE char *extra = path_join(to, "extra"), *folder = path_join(to, "folder");
    cr_assert_not(path_exists(extra));
    cr_assert_not(path_exists(folder));
}

Test(sync, replaces_a_folder_by_a_file_and_a_file_by_a_folder, .init = setup, .fini = teardown)
{
    put(from, "x", "file");
    put(from, "y/z", "deep");
    put(to, "x/was", "folder");
    put(to, "y", "was a file");
    (void)sync_now();
    cr_assert(holds(to, "x", "file"));
    cr_assert(holds(to, "y/z", "deep"));
}

Test(sync, never_writes_through_a_link_that_was_left_there, .init = setup, .fini = teardown)
{
    AUTO_FREE char *outside = path_join(test_folder, "outside"), *folder = path_join(to, "src");
    AUTO_FREE char *file = path_join(to, "file"), *victim = path_join(test_folder, "victim");
    put(test_folder, "victim", "untouched");
    cr_assert_eq(dir_make(outside, NULL), 0);
    put(outside, "inside", "untouched");
    put(from, "src/inside", "new");
    put(from, "file", "new");
    cr_assert_eq(symlink(outside, folder), 0);
    cr_assert_eq(symlink(victim, file), 0);
    (void)sync_now();
    cr_assert(holds(outside, "inside", "untouched"));
    cr_assert(holds(test_folder, "victim", "untouched"));
    cr_assert(holds(to, "src/inside", "new"));
    struct stat st;
    cr_assert_eq(lstat(folder, &st), 0);
    cr_assert(S_ISDIR(st.st_mode));
}

Test(sync, never_writes_into_a_file_that_has_another_name_too, .init = setup, .fini = teardown)
{
    put(test_folder, "victim", "same");
    put(from, "file", "same");
    AUTO_FREE char *victim = path_join(test_folder, "victim"), *file = path_join(to, "file");
    cr_assert_eq(link(victim, file), 0);
    (void)sync_now();
    struct stat st;
    cr_assert_eq(lstat(file, &st), 0);
    cr_assert_eq(st.st_nlink, 1);
}

Test(sync, copies_links_as_links_and_modes, .init = setup, .fini = teardown)
{
    put(from, "run.sh", "#!/bin/sh\n");
    AUTO_FREE char *script = path_join(from, "run.sh"), *copy = path_join(to, "run.sh");
    AUTO_FREE char *name = path_join(from, "link"), *copied = path_join(to, "link");
    cr_assert_eq(chmod(script, 0755), 0);
    cr_assert_eq(symlink("run.sh", name), 0);
    (void)sync_now();
    struct stat st;
    cr_assert_eq(lstat(copy, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0755);
    char target[16] = "";
    cr_assert_eq(readlink(copied, target, sizeof(target) - 1), 6);
    cr_assert_str_eq(target, "run.sh");
    cr_assert_eq(sync_now().written, 0);
}
