/* What is told to GitHub Actions is data: no text ends a command or starts another one. */
#include "github/workflow_command.h"

#include "base/alloc.h"
#include "base/file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/lance-bench-command-XXXXXX";

static void make_file(void)
{
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
    setenv("GITHUB_OUTPUT", path, 1);
    setenv("GITHUB_STEP_SUMMARY", path, 1);
}

static void remove_file(void)
{
    unlink(path);
}

TestSuite(workflow_command, .init = make_file, .fini = remove_file, .timeout = 60);

static char *written(void)
{
    struct strbuf text = STRBUF_INIT;
    struct error err = ERROR_INIT;
    cr_assert_eq(file_read(path, 1 << 22, &text, &err), 0, "%s", err.message);
    return strbuf_detach(&text);
}

static char *annotated(const struct workflow_annotation *annotation)
{
    struct strbuf out = STRBUF_INIT;
    workflow_annotate(&out, annotation);
    return strbuf_detach(&out);
}

static void expect_message(const char *message, const char *line)
{
    AUTO_FREE char *found =
        annotated(&(struct workflow_annotation){.level = WORKFLOW_ERROR, .message = message});
    cr_assert_str_eq(found, line);
}

Test(workflow_command, a_message_stays_on_its_line)
{
    expect_message("a\nb\r\n::set-output name=x::y",
                   "::error::a%0Ab%0D%0A::set-output name=x::y\n");
    expect_message("100%0A", "::error::100%250A\n");
    expect_message("a\vb\fc\x1b[31m", "::error::a\\x0bb\\x0cc\\x1b[31m\n");
    expect_message("bad \xff\xfe bytes", "::error::bad \\xff\\xfe bytes\n");
    expect_message("Grüße 日本", "::error::Grüße 日本\n");
}

Test(workflow_command, marks_that_turn_text_around_are_taken_out)
{
    expect_message("user\u202e\u2066// admin\u2069\u200f\u061c", "::error::user// admin\n");
}

Test(workflow_command, a_property_cannot_become_another_one)
{
    AUTO_FREE char *found = annotated(&(struct workflow_annotation){
        .level = WORKFLOW_WARNING,
        .message = "m",
        .file = "a,line=9::b:c%\n.rs",
        .line = 3,
        .end_line = 5,
        .title = "t:,\nx",
    });
    cr_assert_str_eq(found, "::warning file=a%2Cline=9%3A%3Ab%3Ac%25%0A.rs,line=3,endLine=5,"
                            "title=t%3A%2C%0Ax::m\n");
}

Test(workflow_command, a_notice_without_a_place_has_no_properties)
{
    AUTO_FREE char *found =
        annotated(&(struct workflow_annotation){.level = WORKFLOW_NOTICE, .message = "m"});
    cr_assert_str_eq(found, "::notice::m\n");
}

Test(workflow_command, a_group_has_one_line)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    workflow_group(&out, "a\n::error::b");
    workflow_end_group(&out);
    cr_assert_str_eq(out.buf, "::group::a%0A::error::b\n::endgroup::\n");
}

Test(workflow_command, a_fence_is_long_and_never_the_same)
{
    char one[WORKFLOW_FENCE_SIZE], two[WORKFLOW_FENCE_SIZE];
    struct error err = ERROR_INIT;
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    cr_assert_eq(workflow_fence_new(one, &err), 0);
    cr_assert_eq(workflow_fence_new(two, &err), 0);
    cr_assert_eq(strlen(one), 64);
    cr_assert_str_neq(one, two);
    workflow_fence(&out, "T");
    workflow_end_fence(&out, "T");
    cr_assert_str_eq(out.buf, "::stop-commands::T\n::T::\n");
}

/* As the runner reads the file: name<<delimiter, lines, delimiter. */
static char *read_back(const char *text, const char *name)
{
    AUTO_FREE char *start = xasprintf("%s<<", name);
    const char *at = strstr(text, start);
    if (!at)
        return NULL;
    at += strlen(start);
    AUTO_FREE char *delimiter = xstrndup(at, strcspn(at, "\n"));
    const char *value = at + strlen(delimiter) + 1;
    AUTO_FREE char *end = xasprintf("\n%s\n", delimiter);
    const char *last = strstr(value - 1, end);
    cr_assert_not_null(last);
    return last < value ? xstrdup("") : xstrndup(value, (size_t)(last - value));
}

Test(workflow_command, an_output_comes_back_as_it_was)
{
    static const char *const values[] = {
        "", "x", "two\nlines", "a<<EOF\nEOF\nforged=1\n", "ghadelimiter", "name=value", "\n\n"};
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        AUTO_FREE char *name = xasprintf("n_%zu", i);
        cr_assert_eq(workflow_output(name, values[i], &err), 0, "%s", err.message);
    }
    AUTO_FREE char *text = written();
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        AUTO_FREE char *name = xasprintf("n_%zu", i);
        AUTO_FREE char *value = read_back(text, name);
        cr_assert_str_eq(value, values[i]);
    }
}

Test(workflow_command, the_delimiter_of_an_output_cannot_be_known_before)
{
    AUTO_STRBUF struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;
    struct error err = ERROR_INIT;
    cr_assert_eq(workflow_record(&one, "n", "v", &err), 0);
    cr_assert_eq(workflow_record(&two, "n", "v", &err), 0);
    cr_assert_eq(one.len, two.len);
    cr_assert_geq(strcspn(one.buf + 3, "\n"), 32);
    cr_assert_str_neq(one.buf, two.buf);
}

Test(workflow_command, an_output_starts_a_line_of_its_own)
{
    struct error err = ERROR_INIT;
    cr_assert_eq(file_write_atomic(path, "half=a", 6, &err), 0);
    cr_assert_eq(workflow_output("n", "v", &err), 0);
    AUTO_FREE char *text = written();
    cr_assert_eq(strncmp(text, "half=a\nn<<", 10), 0, "%s", text);
}

Test(workflow_command, a_name_with_other_characters_is_refused)
{
    static const char *const names[] = {"", "a b", "a=b", "a\nb", "a<<b", "ü"};
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        cr_assert_eq(workflow_output(names[i], "v", &err), ERROR_USAGE, "%s", names[i]);
}

Test(workflow_command, outside_a_workflow_nothing_is_written)
{
    struct error err = ERROR_INIT;
    unsetenv("GITHUB_OUTPUT");
    unsetenv("GITHUB_STEP_SUMMARY");
    cr_assert_eq(workflow_output("n", "v", &err), 0);
    cr_assert_eq(workflow_summary("text", &err), 0);
    AUTO_FREE char *text = written();
    cr_assert_str_empty(text);
}

Test(workflow_command, a_summary_is_cut_at_a_line_where_github_would_drop_it)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    struct error err = ERROR_INIT;
    while (text.len < WORKFLOW_SUMMARY_MAX)
        strbuf_addstr(&text, "a line of forty bytes, as a table has it\n");
    cr_assert_eq(workflow_summary("first", &err), 0);
    cr_assert_eq(workflow_summary(text.buf, &err), 0);
    AUTO_FREE char *all = written();
    cr_assert_leq(strlen(all), WORKFLOW_SUMMARY_MAX);
    cr_assert(strstr(all, "as a table has it\n\n\n_Cut here"));
    cr_assert_eq(workflow_summary("more", &err), 0);
    AUTO_FREE char *full = written();
    cr_assert_leq(strlen(full), WORKFLOW_SUMMARY_MAX);
}

Test(workflow_command, a_workflow_is_known_by_its_variable)
{
    setenv("GITHUB_ACTIONS", "true", 1);
    cr_assert(workflow_is_running());
    setenv("GITHUB_ACTIONS", "false", 1);
    cr_assert_not(workflow_is_running());
}
