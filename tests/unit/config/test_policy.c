#include "config/policy.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct policy parse(const char *text)
{
    struct policy policy = {0};
    struct error err = ERROR_INIT;
    int failed = policy_parse(text, strlen(text), "bench.json", &policy, &err);
    cr_assert_eq(failed, 0, "%s", err.message);
    return policy;
}

static void is_now(const struct policy *policy, const char *old, const char *now)
{
    AUTO_FREE char *name = policy_current_name(policy, old);
    if (now)
        cr_assert(name && !strcmp(name, now), "%s is %s, not %s", old, name ? name : "(itself)",
                  now);
    else
        cr_assert_null(name, "%s is %s", old, name);
}

Test(policy, a_document_without_one_says_nothing)
{
    AUTO_POLICY struct policy policy = parse("{\"rust\": {}}");
    cr_assert(policy_is_empty(&policy));
    struct policy_settings s = policy_of(&policy, "scan", "bed");
    cr_assert(isnan(s.matters) && isnan(s.minimum_effect));
    cr_assert(!s.direction && !s.exact && !s.ignore);
    cr_assert_eq(policy_alpha(&policy, 0.05), 0.05);
    cr_assert_eq(policy_alpha(NULL, 0.05), 0.05);
    is_now(&policy, "scan", NULL);
    is_now(NULL, "scan", NULL);
}

Test(policy, each_setting_is_that_of_the_last_rule_that_has_it)
{
    AUTO_POLICY struct policy policy =
        parse("{\"verdicts\": {\"alpha\": 0.01, \"rules\": ["
              "{\"benchmark\": \"io/*\", \"matters\": \"3%\", \"exact\": true},"
              "{\"benchmark\": \"io/scan\", \"minimum_effect\": \"2.5 %\"},"
              "{\"metric\": \"recall\", \"direction\": \"higher\"},"
              "{\"test_bed\": \"old-*\", \"ignore\": true},"
              "{\"benchmark\": \"io/scan\", \"metric\": \"wall_time\", \"exact\": false}]}}");
    struct policy_settings s = policy_of(&policy, "io/scan", "bed");
    cr_assert_float_eq(s.matters, 0.03, 1e-12);
    cr_assert_float_eq(s.minimum_effect, 0.025, 1e-12);
    cr_assert(s.exact == POLICY_NO && !s.direction && !s.ignore);
    s = policy_of(&policy, "io/scan#recall", "old-bed");
    cr_assert(s.exact == POLICY_YES && s.direction == POLICY_HIGHER_IS_BETTER);
    cr_assert(s.ignore == POLICY_YES);
    s = policy_of(&policy, "take", NULL);
    cr_assert(isnan(s.matters) && !s.ignore);
    cr_assert_eq(policy_alpha(&policy, 0.05), 0.01);
}

Test(policy, a_name_with_brackets_is_matched_as_it_is)
{
    AUTO_POLICY struct policy policy =
        parse("{\"verdicts\": {\"rules\": [{\"benchmark\": \"t[a-b]\", \"ignore\": true}]},"
              " \"aliases\": {\"new[x]\": \"old[x]\"}}");
    cr_assert_eq(policy_of(&policy, "t[a-b]", NULL).ignore, POLICY_YES);
    cr_assert_eq(policy_of(&policy, "ta", NULL).ignore, POLICY_YES);
    is_now(&policy, "old[x]", "new[x]");
}

Test(policy, an_alias_renames_and_keeps_the_metric_and_what_a_star_stands_for)
{
    AUTO_POLICY struct policy policy = parse(
        "{\"aliases\": {\"scan\": [\"table_scan\", \"scan_v?\"], \"io/*/end\": \"disk[*]/end\","
        " \"a#recall\": \"b#rec\"}}");
    is_now(&policy, "table_scan", "scan");
    is_now(&policy, "table_scan#cpu_time", "scan#cpu_time");
    is_now(&policy, "scan_v2", "scan");
    is_now(&policy, "scan_v22", NULL);
    is_now(&policy, "scan", NULL);
    is_now(&policy, "disk[x/y]/end", "io/x/y/end");
    is_now(&policy, "disk[]/end#reads", "io//end#reads");
    is_now(&policy, "disk]/end", NULL);
    is_now(&policy, "b#rec", "a#recall");
    is_now(&policy, "b", NULL);
}

Test(policy, a_name_that_is_a_new_one_is_not_renamed_in_circles)
{
    AUTO_POLICY struct policy policy =
        parse("{\"aliases\": {\"a\": \"b*\", \"bx\": \"a?\", \"new/*\": \"*\", \"bench_*\": "
              "\"bench_old_*\"}}");
    is_now(&policy, "b1", "a");
    is_now(&policy, "a1", "bx");
    is_now(&policy, "a", NULL);
    is_now(&policy, "bx", NULL);
    is_now(&policy, "bx#cpu_time", NULL);
    is_now(&policy, "x", "new/x");
    is_now(&policy, "new/x", NULL);
    is_now(&policy, "new/new/x", NULL);
    is_now(&policy, "bench_old_y", "bench_y");
    is_now(&policy, "bench_y", NULL);
}

static void was(const struct policy *policy, const char *name, const char *wanted, bool globs)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    cr_assert_eq(policy_former_names(policy, name, &names), globs, "%s", name);
    AUTO_FREE char *joined = strlist_join(&names, " ");
    cr_assert_str_eq(joined, wanted);
}

Test(policy, former_names_are_those_that_would_be_renamed)
{
    AUTO_POLICY struct policy policy =
        parse("{\"aliases\": {\"scan\": [\"table_scan\", \"scan_v?\"], \"io/*\": [\"disk/*\", "
              "\"*_io\"], \"a#recall\": \"b#rec\", \"take\": \"get\"}}");
    was(&policy, "take", "get", false);
    was(&policy, "take#cpu_time", "get", false);
    was(&policy, "scan", "table_scan scan_v?", true);
    was(&policy, "io/read[1]", "disk/read[1] read[1]_io", false);
    was(&policy, "a#recall", "b#rec", false);
    was(&policy, "a", "", false);
    was(NULL, "take", "", false);
}
