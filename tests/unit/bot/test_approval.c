#include "bot/approval.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <string.h>

#define SHA "0123456789abcdef0123456789abcdef01234567"

Test(approval, reads_back_what_it_writes)
{
    const struct bot_approval approval = {
        .pull = 1234567, .commit = SHA, .comment = 987654321012, .whole = false};
    char text[BOT_APPROVAL_MAX + 1];
    struct bot_approval read = {0};
    bot_approval_print(&approval, text);
    cr_expect_str_eq(text, "lance-bench/1/1234567/" SHA "/987654321012/part");
    cr_assert(bot_approval_parse(text, &read));
    cr_expect(read.pull == approval.pull && read.comment == approval.comment && !read.whole);
    cr_expect_str_eq(read.commit, SHA);
}

Test(approval, takes_nothing_else)
{
    static const char *const wrong[] = {
        "",
        "lance-bench/2/1/" SHA "/1/all",
        "lance-bench/1/0/" SHA "/1/all",
        "lance-bench/1/-1/" SHA "/1/all",
        "lance-bench/1/1/0123456/1/all",
        "lance-bench/1/1/" SHA "0/1/all",
        "lance-bench/1/1/" SHA "/1/all ",
        "lance-bench/1/1/" SHA "/1",
        "lance-bench/1/1/" SHA,
        "lance-bench/1/1",
        "lance-bench/1/99999999999999999999/" SHA "/1/all",
    };
    struct bot_approval read;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        cr_expect_not(bot_approval_parse(wrong[i], &read), "%s", wrong[i]);
}

Test(approval, finds_number_and_commit_in_a_title)
{
    int64_t pull = 0;
    char commit[BOT_SHA_SIZE];
    cr_assert(bot_run_title_parse("Benchmark " SHA " of #17 (a-fork/lance)", &pull, commit));
    cr_expect_eq(pull, 17);
    cr_expect_str_eq(commit, SHA);
    cr_expect(bot_run_title_parse("#1 " SHA, &pull, commit));
    cr_expect_not(bot_run_title_parse("Benchmark " SHA, &pull, commit));
    cr_expect_not(bot_run_title_parse("#1", &pull, commit));
    cr_expect_not(bot_run_title_parse("#1 #2 " SHA, &pull, commit));
    cr_expect_not(bot_run_title_parse("#1 " SHA " " SHA, &pull, commit));
    cr_expect_not(bot_run_title_parse("#1x " SHA, &pull, commit));
    cr_expect_not(bot_run_title_parse("#1 " SHA "a", &pull, commit));
}
