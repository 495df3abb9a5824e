#include "base/suggest.h"

#include <criterion/criterion.h>

static const char *const words[] = {"publish", "results", "query", "compare", "db info"};

#define NEAR(word) suggest(word, words, sizeof(words) / sizeof(words[0]))

Test(suggest, finds_the_word_that_was_meant)
{
    cr_assert_str_eq(NEAR("resluts"), "results");
    cr_assert_str_eq(NEAR("quary"), "query");
    cr_assert_str_eq(NEAR("publis"), "publish");
}

Test(suggest, is_silent_when_nothing_is_near)
{
    cr_assert_null(NEAR("x"));
    cr_assert_null(NEAR("completely-different"));
    cr_assert_null(NEAR(""));
    cr_assert_null(
        NEAR("a word of far more than sixty characters, which nobody can have meant as a command"));
}
