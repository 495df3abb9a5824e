#include "run/criterion.h"

#include "base/alloc.h"
#include "base/file.h"
#include "run/harness.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *path;

static void setup(void)
{
    test_folder_make();
    path = path_join(test_folder, "bench");
}

static void teardown(void)
{
    free(path);
    test_folder_remove();
}

static bool is_harness(void)
{
    const struct sandbox sandbox = {0};
    return criterion_is_harness(&sandbox, &(struct bench_target){.executable = path});
}

static bool recognised(const char *bytes, size_t len)
{
    cr_assert_eq(file_write_atomic(path, bytes, len, NULL), 0);
    return is_harness();
}

Test(criterion, an_executable_with_the_variables_name_is_one, .init = setup, .fini = teardown)
{
    cr_assert(recognised("\x7f"
                         "ELF..CRITERION_HOME..",
                         23));
    cr_assert_not(recognised("\x7f"
                             "ELF..CRITERION_HOM",
                             19));
    cr_assert_not(recognised("", 0));
}

Test(criterion, one_without_the_variables_name_is_known_by_its_messages, .init = setup,
     .fini = teardown)
{
    static const char text[] = "..Criterion.rs DEBUG: ..Criterion.rs ERROR: ..";
    cr_assert(recognised(text, sizeof(text)));
}

Test(criterion, the_name_is_found_wherever_it_lies, .init = setup, .fini = teardown)
{
    const size_t size = (1 << 20) + 64;
    AUTO_FREE char *bytes = xcalloc(1, size);
    for (size_t at = (1 << 20) - 20; at < (1 << 20) + 20; at++) {
        memset(bytes, 0, size);
        memcpy(bytes + at, "CRITERION_HOME", 14);
        cr_assert(recognised(bytes, size), "at %zu", at);
    }
}

Test(criterion, neither_a_link_nor_a_pipe_is_opened, .init = setup, .fini = teardown)
{
    cr_assert_eq(symlink("/proc/self/exe", path), 0);
    cr_assert_not(is_harness());
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_not(is_harness());
}

static char lines[256];

static void collect(void *context, const char *text)
{
    (void)context;
    size_t len = strlen(lines);
    snprintf(lines + len, sizeof(lines) - len, "[%.40s]", text);
}

Test(harness, lines_come_whole_from_pieces)
{
    struct line_watch watch = {.line = collect};
    line_watch_add(&watch, "a", 1);
    line_watch_add(&watch, "b\n\nc", 4);
    line_watch_add(&watch, "\nd", 2);
    cr_assert_str_eq(lines, "[ab][][c]");
}

Test(harness, a_long_line_is_cut)
{
    struct line_watch watch = {.line = collect};
    char block[3000];
    memset(block, 'x', sizeof(block));
    line_watch_add(&watch, block, sizeof(block));
    cr_assert_lt(watch.len, LINE_WATCH_MAX);
    line_watch_add(&watch, "\n", 1);
    cr_assert_eq(strlen(lines), 42);
}
