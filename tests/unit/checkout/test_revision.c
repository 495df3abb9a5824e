#include "checkout/revision.h"

#include <criterion/criterion.h>
#include <string.h>

static struct revision parsed(const char *text)
{
    struct revision revision = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(revision_parse(text, &revision, &err), 0, "%s: %s", text, err.message);
    return revision;
}

Test(revision, nothing_is_the_head)
{
    static const char *const texts[] = {NULL, "", "HEAD", "@"};
    for (size_t i = 0; i < 4; i++) {
        AUTO_REVISION struct revision revision = parsed(texts[i]);
        cr_assert_str_eq(revision.base, "HEAD");
        cr_assert_eq(revision.step_count, 0);
    }
}

Test(revision, steps_count_parents_one_generation_each)
{
    AUTO_REVISION struct revision revision = parsed("release/1.0~2^2^0~1");
    const unsigned expected[] = {1, 1, 2, 1};
    cr_assert_str_eq(revision.base, "release/1.0");
    cr_assert_eq(revision.step_count, 4);
    cr_assert_arr_eq(revision.steps, expected, sizeof(expected));
}

Test(revision, a_way_without_a_name_starts_at_the_head)
{
    AUTO_REVISION struct revision revision = parsed("~3");
    cr_assert_str_eq(revision.base, "HEAD");
    cr_assert_eq(revision.step_count, 3);
}

Test(revision, peeling_is_no_step)
{
    AUTO_REVISION struct revision revision = parsed("v1.0^{}^{commit}~1");
    cr_assert_str_eq(revision.base, "v1.0");
    cr_assert_eq(revision.step_count, 1);
}

Test(revision, what_names_no_commit_is_wrong_usage)
{
    static const char *const texts[] = {
        "a b",  "main:file", "a..b",   "HEAD@{1}",    "-x",       "/x",
        "a\tb", "x*",        "main~x", "main~100001", "a^{tree}", "v~~99999999999999999999"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct revision revision = {0};
        struct error err = ERROR_INIT;
        cr_assert_eq(revision_parse(texts[i], &revision, &err), ERROR_USAGE, "%s", texts[i]);
        cr_assert_null(revision.base);
        cr_assert(strlen(err.message) > 0);
    }
}

Test(revision, ids_are_told_from_names)
{
    cr_assert(revision_is_full_id("0123456789abcdef0123456789ABCDEF01234567"));
    cr_assert_not(revision_is_full_id("0123456789abcdef0123456789ABCDEF0123456"));
    cr_assert_not(revision_is_full_id("0123456789abcdef0123456789ABCDEF0123456g"));
    cr_assert(revision_is_short_id("beef"));
    cr_assert_not(revision_is_short_id("bee"));
    cr_assert_not(revision_is_short_id("beer"));
    cr_assert_not(revision_is_short_id("0123456789abcdef0123456789abcdef01234567"));
}
