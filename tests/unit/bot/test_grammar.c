#include "bot/grammar.h"

#include "base/alloc.h"
#include "base/strbuf.h"

#include <criterion/criterion.h>
#include <string.h>

#define SHA "0123456789abcdef0123456789abcdef01234567"
#define OTHER "89abcdef0123456789abcdef0123456789abcdef"

/* The verb that the text comes to, or -1 where it is refused. */
static int verb_of(const char *text, size_t len)
{
    AUTO_BOT_COMMAND struct bot_command command = {0};
    struct error err = ERROR_INIT;
    int failed = bot_command_parse(text, len, BOT_MENTION, &command, &err);
    if (!failed)
        return (int)command.verb;
    cr_assert_eq(failed, ERROR_INPUT);
    cr_assert(*err.message, "a refusal says why");
    return -1;
}

static void expect(const char *text, int verb)
{
    cr_expect_eq(verb_of(text, strlen(text)), verb, "'%s' is %d", text,
                 verb_of(text, strlen(text)));
}

static void expect_refusal(const char *text, const char *why)
{
    AUTO_BOT_COMMAND struct bot_command command = {0};
    struct error err = ERROR_INIT;
    cr_expect_eq(bot_command_parse(text, strlen(text), BOT_MENTION, &command, &err), ERROR_INPUT,
                 "'%s' is refused", text);
    cr_expect(strstr(err.message, why), "'%s': '%s' says '%s'", text, err.message, why);
}

Test(grammar, reads_each_command)
{
    expect("@bench-bot benchmark", BOT_BENCHMARK);
    expect("@bench-bot benchmark " SHA, BOT_BENCHMARK);
    expect("@bench-bot compare main", BOT_COMPARE);
    expect("@bench-bot status", BOT_STATUS);
    expect("@bench-bot cancel", BOT_CANCEL);
    expect("@bench-bot help", BOT_HELP);
    expect("Thank you!\r\n\r\n@BENCH-Bot\tBenchMark\r\nmore prose\r\n", BOT_BENCHMARK);
}

Test(grammar, takes_the_commit_and_the_choices)
{
    AUTO_BOT_COMMAND struct bot_command command = {0};
    const char *text =
        "@bench-bot benchmark --crate lance-io 0123456789ABCDEF0123456789abcdef01234567"
        " --crate=lance-linalg --crate lance-io";
    cr_assert_eq(bot_command_parse(text, strlen(text), BOT_MENTION, &command, NULL), 0);
    cr_expect_str_eq(command.commit, SHA);
    cr_assert_eq(command.crates.count, 2);
    cr_expect_str_eq(command.crates.items[0], "lance-io");
    cr_expect_str_eq(command.crates.items[1], "lance-linalg");
}

Test(grammar, leaves_prose_alone)
{
    expect("", BOT_NOTHING);
    expect("please ask @bench-bot benchmark for this", BOT_NOTHING);
    expect("@bench-bottle benchmark", BOT_NOTHING);
    expect("foo@bench-bot benchmark", BOT_NOTHING);
    expect(" @bench-bot benchmark", BOT_NOTHING);
    expect("- @bench-bot benchmark", BOT_NOTHING);
    expect("`@bench-bot benchmark`", BOT_NOTHING);
}

Test(grammar, leaves_quotes_and_code_alone)
{
    expect("> @bench-bot benchmark", BOT_NOTHING);
    expect("> quoted\n@bench-bot benchmark", BOT_NOTHING);
    expect("> quoted\n\n@bench-bot benchmark", BOT_BENCHMARK);
    expect("```\n@bench-bot benchmark\n```", BOT_NOTHING);
    expect("```\n@bench-bot benchmark", BOT_NOTHING);
    expect("````\n```\n@bench-bot benchmark\n````\n", BOT_NOTHING);
    expect("~~~ sh\n```\n@bench-bot benchmark\n~~~\n@bench-bot status", BOT_STATUS);
    expect("``` a`b\n@bench-bot status", BOT_STATUS);
    expect("    @bench-bot benchmark", BOT_NOTHING);
    expect("<!--\n@bench-bot benchmark\n-->", BOT_NOTHING);
    expect("<!-- a --> <!-- b\n@bench-bot benchmark\n--> \n@bench-bot help", BOT_HELP);
    expect("<pre>\n@bench-bot benchmark\n</pre>\n", BOT_NOTHING);
}

Test(grammar, refuses_several_commands)
{
    expect_refusal("@bench-bot status\n@bench-bot cancel", "one command");
    expect_refusal("@bench-bot nonsense\n@bench-bot status", "one command");
    expect_refusal("@bench-bot benchmark " SHA "\n@bench-bot benchmark " SHA, "one command");
}

Test(grammar, refuses_what_is_no_command)
{
    expect_refusal("@bench-bot", "no command");
    expect_refusal("@bench-bot benchmrk", "no command");
    expect_refusal("@bench-bot status now", "nothing behind");
    expect_refusal("@bench-bot benchmark please", "nothing else");
    expect_refusal("@bench-bot benchmark 0123456", "full id");
    expect_refusal("@bench-bot benchmark " SHA " " OTHER, "two commits");
    expect_refusal("@bench-bot benchmark --crate", "--crate");
    expect_refusal("@bench-bot benchmark --crate $(id)", "--crate");
    expect_refusal("@bench-bot benchmark --crate -x", "--crate");
    expect_refusal("@bench-bot benchmark --crate a --python-only", "excludes");
    expect_refusal("@bench-bot benchmark; rm -rf /", "no command");
    expect_refusal("@bench-bot compare", "compare takes");
    expect_refusal("@bench-bot compare a b", "compare takes");
    expect_refusal("@bench-bot compare --upload-pack=x", "compare takes");
    expect_refusal("@bench-bot compare a..b", "compare takes");
}

Test(grammar, knows_no_look_alikes)
{
    expect("@b\xd0\xb5nch-bot benchmark", BOT_NOTHING); /* Cyrillic e */
    expect("@bench\xe2\x80\x91"
           "bot benchmark",
           BOT_NOTHING);                                     /* non-breaking hyphen */
    expect("@bench\xe2\x80\x8b-bot benchmark", BOT_NOTHING); /* zero width space */
    expect("\xe2\x80\xae@bench-bot benchmark", BOT_NOTHING); /* right-to-left override */
    expect_refusal("@bench-bot benchmark \xe2\x80\x8b" SHA, "plain ASCII");
    expect_refusal("@bench-bot benchmark \xe2\x80\x94rust-only", "plain ASCII");
}

Test(grammar, takes_a_nul_as_a_character)
{
    static const char text[] = "@bench-bot status\0\n@bench-bot cancel";
    cr_expect_eq(verb_of(text, sizeof(text) - 1), -1);
    static const char hidden[] = "\0@bench-bot status";
    cr_expect_eq(verb_of(hidden, sizeof(hidden) - 1), BOT_NOTHING);
}

Test(grammar, takes_the_one_commit_that_a_reply_quotes)
{
    static const struct {
        const char *text, *quoted;
    } cases[] = {
        {"> run it with `" SHA "`\n\n@bench-bot benchmark", SHA},
        {"> " SHA "\n> " SHA "\n\n@bench-bot benchmark --rust-only", SHA},
        {"> " SHA " " OTHER "\n\n@bench-bot benchmark", ""},
        {"> x" SHA "\n\n@bench-bot benchmark", ""},
        {"> " SHA "0\n\n@bench-bot benchmark", ""},
        {SHA "\n\n@bench-bot benchmark", ""},
        {"> " SHA "\n\n@bench-bot benchmark " OTHER, ""},
        {"> " SHA "\n\n@bench-bot status", ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO_BOT_COMMAND struct bot_command command = {0};
        const char *text = cases[i].text;
        cr_assert_eq(bot_command_parse(text, strlen(text), BOT_MENTION, &command, NULL), 0);
        cr_expect_str_eq(command.quoted, cases[i].quoted, "%s", text);
    }
}

Test(grammar, reads_a_megabyte_and_refuses_more)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    while (text.len < BOT_COMMENT_MAX - 100)
        strbuf_addstr(&text, "> words that say nothing `~< \n");
    strbuf_addstr(&text, "\n@bench-bot status");
    cr_expect_eq(verb_of(text.buf, text.len), BOT_STATUS);
    strbuf_addstr(&text, "\n");
    while (text.len <= BOT_COMMENT_MAX)
        strbuf_addstr(&text, "more\n");
    cr_expect_eq(verb_of(text.buf, text.len), -1);
    memset(text.buf, 'x', text.len);
    cr_expect_eq(verb_of(text.buf, text.len), BOT_NOTHING, "nobody was asked");
}

Test(grammar, names_are_of_allowed_characters)
{
    cr_expect(bot_is_crate("lance-io") && bot_is_crate("a_1") && !bot_is_crate("") &&
              !bot_is_crate("a b") && !bot_is_crate("a;b") && !bot_is_crate("-a"));
    cr_expect(bot_is_revision("main") && bot_is_revision("v1.2.3") && bot_is_revision("a/b"));
    cr_expect(!bot_is_revision("-x") && !bot_is_revision("a//b") && !bot_is_revision("a/.b") &&
              !bot_is_revision("a.lock") && !bot_is_revision("a/") && !bot_is_revision("a@{1}"));
    cr_expect(bot_is_repository("lance-format/lance") && !bot_is_repository("a/b/c") &&
              !bot_is_repository("a/..") && !bot_is_repository("a b/c") && !bot_is_repository("a"));
    cr_expect(bot_is_login("octo-cat") && bot_is_login("github-actions[bot]") &&
              !bot_is_login("a](http://x)") && !bot_is_login(""));
}
