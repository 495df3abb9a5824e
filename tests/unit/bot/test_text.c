#include "bot/text.h"

#include "base/alloc.h"
#include "bot/answer.h"

#include <criterion/criterion.h>
#include <string.h>

static void shows(const char *words, const char *code)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    bot_code(&out, words);
    cr_expect_str_eq(out.buf, code, "'%s' is %s, not %s", words, code, out.buf);
}

Test(text, shows_foreign_words_as_code)
{
    shows("lance/scan 1", "`lance/scan 1`");
    shows("@everyone <b> [x](y) </details>", "`@everyone <b> [x](y) </details>`");
    shows("a`b``c", "`a'b''c`");
    shows("a|b", "`a\\|b`");
    shows("a\r\nb\tc\x1b[31m", "`a  b c [31m`");
    shows("", "` `");
    shows("bad \xff", "`bad \xef\xbf\xbd`");
}

Test(text, writes_out_what_nobody_sees)
{
    shows("a\xe2\x80\xae"
          "b",
          "`aU+202Eb`");
    shows("a\xe2\x80\x8b"
          "b",
          "`aU+200Bb`");
    shows("\xef\xbb\xbf"
          "b",
          "`U+FEFFb`");
    shows("\xc2\x9b"
          "b",
          "`U+009Bb`");
    shows("\xf3\xa0\x81\x81", "`U+E0041`");
    shows("é漢🦀", "`é漢🦀`");
}

Test(text, cuts_long_words_at_a_character)
{
    AUTO_STRBUF struct strbuf words = STRBUF_INIT, out = STRBUF_INIT;
    while (words.len < 1000)
        strbuf_addstr(&words, "漢");
    bot_code(&out, words.buf);
    cr_expect_leq(out.len, BOT_CODE_MAX + 10);
    cr_expect_str_eq(out.buf + out.len - 4, "\xe2\x80\xa6`");
}

Test(text, sections_read_back)
{
    AUTO_BOT_TEXT struct bot_text text = {
        .job = xstrdup("lance-bench/1/7/x/1/all"),
        .state = xstrdup("state\n\nmore"),
        .answer = xstrdup("| a |\n|---|"),
    };
    AUTO_BOT_TEXT struct bot_text read = {0};
    AUTO_STRBUF struct strbuf body = STRBUF_INIT, windows = STRBUF_INIT;
    bot_text_print(&text, &body);
    for (const char *p = body.buf; *p; p++)
        strbuf_addstr(&windows, *p == '\n' ? "\r\n" : (const char[]){*p, '\0'});
    bot_text_parse(windows.buf, &read);
    cr_expect_str_eq(read.job, text.job);
    cr_expect_str_eq(read.state, text.state);
    cr_expect_null(read.result);
    cr_expect_str_eq(read.answer, text.answer);
    bot_text_set(&read.answer, NULL);
    cr_expect_null(read.answer);
}

Test(text, a_mark_inside_a_line_ends_no_section)
{
    AUTO_BOT_TEXT struct bot_text text = {.result =
                                              xstrdup("| `<!-- bench-bot:answer -->` |\n| b |")};
    AUTO_BOT_TEXT struct bot_text read = {0};
    AUTO_STRBUF struct strbuf body = STRBUF_INIT;
    bot_text_print(&text, &body);
    bot_text_parse(body.buf, &read);
    cr_expect_str_eq(read.result, text.result);
    cr_expect_null(read.answer);
}

Test(text, a_result_that_is_too_long_loses_its_last_lines)
{
    AUTO_STRBUF struct strbuf rows = STRBUF_INIT, body = STRBUF_INIT;
    while (rows.len < 200000)
        strbuf_addf(&rows, "| row %zu |\n", rows.len);
    AUTO_BOT_TEXT struct bot_text text = {.result = strbuf_detach(&rows),
                                          .answer = xstrdup("the answer")};
    AUTO_BOT_TEXT struct bot_text read = {0};
    bot_text_print(&text, &body);
    cr_expect_leq(body.len, BOT_TEXT_MAX);
    cr_expect_gt(body.len, BOT_TEXT_MAX - 1000, "it is not cut more than it has to be");
    cr_expect(strstr(body.buf, "cut off"));
    bot_text_parse(body.buf, &read);
    cr_expect_str_eq(read.answer, "the answer");
    cr_expect(!strncmp(read.result, "| row 0 |\n", 10));
}

Test(answer, the_line_that_approves_is_a_command_that_is_understood)
{
    const char *head = "0123456789abcdef0123456789abcdef01234567";
    const char *asked = "@bench-bot benchmark --crate a --crate b_c";
    AUTO_BOT_COMMAND struct bot_command command = {0}, again = {0};
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    cr_assert_eq(bot_command_parse(asked, strlen(asked), BOT_MENTION, &command, NULL), 0);
    bot_answer_which(&text, BOT_MENTION, head, &command);
    const char *line = strstr(text.buf, "\n@bench-bot ");
    cr_assert(line);
    size_t len = strcspn(line + 1, "\n");
    cr_assert_eq(bot_command_parse(line + 1, len, BOT_MENTION, &again, NULL), 0);
    cr_expect_str_eq(again.commit, head);
    cr_expect_eq(again.crates.count, 2);
}
