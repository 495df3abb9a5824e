#include "report/markdown_table.h"

#include <criterion/criterion.h>
#include <string.h>

static bool row(struct markdown_table *t, const char *name)
{
    markdown_code(markdown_table_cell(t), name);
    strbuf_addstr(markdown_table_cell(t), "1");
    return markdown_table_end_row(t);
}

static void columns(struct markdown_table *t)
{
    markdown_table_column(t, "name", false);
    markdown_table_column(t, "value", true);
}

Test(report, a_folded_table_has_its_count_in_the_line_that_is_seen)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    struct markdown_table t;
    markdown_table_init(&t, &out, 10000);
    markdown_table_fold(&t, 1, "same");
    columns(&t);
    cr_expect(row(&t, "a|b"));
    markdown_table_end(&t, "same", 1);
    cr_expect_str_eq(out.buf, "<details><summary>same: 1</summary>\n\n"
                              "| name | value |\n|---|--:|\n| `a\\|b` | 1 |\n\n</details>\n\n");
    markdown_table_release(&t);
}

Test(report, rows_that_do_not_fit_are_counted_and_a_table_without_a_row_leaves_nothing)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    struct markdown_table t;
    markdown_table_init(&t, &out, MARKDOWN_CLOSING + 60);
    columns(&t);
    cr_expect(row(&t, "first"));
    cr_expect_not(row(&t, "second, whose name is longer"));
    cr_expect_not(row(&t, "x"), "what fits is not taken out of its order");
    markdown_table_end(&t, "same", 7);
    size_t len = out.len;
    markdown_table_fold(&t, 3, "unsure");
    columns(&t);
    cr_expect_not(row(&t, "x"));
    markdown_table_end(&t, "unsure", 3);
    cr_expect_eq(out.len, len);
    cr_expect_str_eq(t.left_out.buf, "6 of 7 same, 3 of 3 unsure");
    cr_expect(strstr(out.buf, "`first`"));
    markdown_table_release(&t);
}

Test(report, words_are_code_only_where_github_would_see_more_in_them)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    markdown_words(&out, "run 3 more");
    strbuf_addstr(&out, " ");
    markdown_words(&out, "built with @somebody");
    strbuf_addstr(&out, " ");
    markdown_code(&out, NULL);
    cr_expect_str_eq(out.buf, "run 3 more `built with @somebody` `?`");
}
