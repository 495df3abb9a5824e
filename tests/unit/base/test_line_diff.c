#include "base/line_diff.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <string.h>

static char *diff(const char *before, const char *after)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    const struct line_diff_side a = {"a", before, strlen(before)};
    const struct line_diff_side b = {"b", after, strlen(after)};
    line_diff(&a, &b, &out);
    return strbuf_detach(&out);
}

static void expect(const char *before, const char *after, const char *wanted)
{
    AUTO_FREE char *found = diff(before, after);
    cr_assert_str_eq(found, wanted);
}

Test(line_diff, the_same_text_has_no_difference)
{
    expect("a\nb\n", "a\nb\n", "");
    expect("", "", "");
}

Test(line_diff, a_changed_line_stands_between_three_lines_that_are_the_same)
{
    expect("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n",
           "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

Test(line_diff, a_new_file_has_lines_from_nowhere)
{
    expect("", "1\n2\n", "--- a\n+++ b\n@@ -0,0 +1,2 @@\n+1\n+2\n");
    expect("1\n", "", "--- a\n+++ b\n@@ -1 +0,0 @@\n-1\n");
}

Test(line_diff, a_missing_line_break_at_the_end_is_said)
{
    expect("1\n2", "1\n2\n",
           "--- a\n+++ b\n@@ -1,2 +1,2 @@\n 1\n-2\n\\ No newline at end of file\n+2\n");
}

Test(line_diff, changes_far_apart_are_hunks_of_their_own)
{
    expect(
        "x\n1\n2\n3\n4\n5\n6\n7\ny\n", "X\n1\n2\n3\n4\n5\n6\n7\nY\n",
        "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-x\n+X\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-y\n+Y\n");
    expect("x\n1\n2\n3\n4\n5\n6\ny\n", "X\n1\n2\n3\n4\n5\n6\nY\n",
           "--- a\n+++ b\n@@ -1,8 +1,8 @@\n-x\n+X\n 1\n 2\n 3\n 4\n 5\n 6\n-y\n+Y\n");
}

Test(line_diff, lines_that_moved_keep_the_longest_part_in_common)
{
    expect("a\nb\nc\nd\n", "d\na\nb\nc\n", "--- a\n+++ b\n@@ -1,4 +1,4 @@\n+d\n a\n b\n c\n-d\n");
}

Test(line_diff, what_is_too_long_to_compare_is_replaced_whole)
{
    AUTO_STRBUF struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
    for (int i = 0; i < 9000; i++) {
        strbuf_addf(&a, "a%d\n", i);
        strbuf_addf(&b, "b%d\n", i);
    }
    AUTO_FREE char *found = diff(a.buf, b.buf);
    cr_assert(strstr(found, "@@ -1,9000 +1,9000 @@\n-a0\n-a1\n"));
    cr_assert(strstr(found, "-a8999\n+b0\n"));
}
