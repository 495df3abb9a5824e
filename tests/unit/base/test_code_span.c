#include "base/code_span.h"
#include "base/escape.h"

#include <criterion/criterion.h>
#include <string.h>

static void span_is(const char *words, const char *expected)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    code_span(&out, words, 40);
    cr_expect_str_eq(out.buf, expected, "%s, not %s", out.buf, expected);
}

Test(code_span, nothing_ends_the_span_or_the_cell)
{
    span_is("a `b` c", "`a 'b' c`");
    span_is("a|b", "`a\\|b`");
    span_is("a\\|b", "`a\\¦b`");
    span_is("a\nb\x1b", "`a b `");
    span_is("", "` `");
}

Test(code_span, what_is_not_seen_is_written_out)
{
    span_is("\u202e", "`U+202E`");
    span_is("a\u200b", "`aU+200B`");
    span_is("\xff", "`\ufffd`");
}

Test(code_span, a_command_to_githubs_runner_is_none)
{
    span_is("##[group]x", "`## [group]x`");
}

Test(code_span, long_words_are_cut)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    code_span(&out, "0123456789012345678901234567890123456789 and more", 10);
    cr_expect_str_eq(out.buf, "`0123456789…`");
}

Test(escape, strings_in_a_script_have_no_tag_and_no_line_end)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    static const char text[] = "</script>&\u2028\"";
    escape_script(&out, text, strlen(text));
    cr_expect_str_eq(out.buf, "\"\\u003c/script\\u003e\\u0026\\u2028\\\"\"");
}
