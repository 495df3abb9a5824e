#include "command/circumstances.h"

#include <criterion/criterion.h>
#include <string.h>

/* What the code under test only reads. */
#define TEXT(literal) ((char *)(literal))

static struct stored_session sessions[] = {
    {.id = TEXT("drifted"), .toolchain = TEXT("rustc 1"), .canary = TEXT("drifting")},
    {.id = TEXT("new"), .toolchain = TEXT("rustc 2"), .canary = TEXT("trusted")},
    {.id = TEXT("old"), .toolchain = TEXT("rustc 1"), .canary = TEXT("trusted")},
    {.id = TEXT("spoiled"), .toolchain = TEXT("rustc 1"), .canary = TEXT("spoiled")},
};
static const struct stored_sessions all = {.items = sessions, .count = 4};

static void add(struct circumstances *c, const char *session, const char *cpu, const char *flags)
{
    const struct stored_result result = {.host_session = TEXT(session),
                                         .test_bed = {.cpu = TEXT(cpu)},
                                         .flags = TEXT(flags),
                                         .beyond_limit = flags && strstr(flags, "stolen")};
    circumstances_add(c, &result, &all);
}

static void judged(struct circumstances *a, struct circumstances *b, bool comparable,
                   const char *want)
{
    AUTO_STRLIST struct strlist notes = STRLIST_INIT;
    cr_assert_eq(circumstances_comparable(a, b, &notes), comparable, "%s", want);
    char *text = strlist_join(&notes, "; ");
    cr_assert_str_eq(text, want);
    free(text);
    circumstances_release(a);
    circumstances_release(b);
}

Test(circumstances, of_two_quiet_sessions_nothing_is_said)
{
    struct circumstances a = {0}, b = {0};
    add(&a, "old", "cpu", "");
    add(&b, "old", "cpu", NULL);
    judged(&a, &b, true, "");
    add(&a, NULL, NULL, NULL);
    add(&b, "no such session", "cpu", NULL);
    judged(&a, &b, true, "");
}

Test(circumstances, another_toolchain_or_processor_stands_in_the_way)
{
    struct circumstances a = {0}, b = {0};
    add(&a, "old", "slow", NULL);
    add(&b, "new", "fast", NULL);
    judged(&a, &b, false,
           "another toolchain: rustc 1 against rustc 2; another processor: slow against fast");
    add(&a, "old", "cpu", NULL);
    add(&a, "new", "cpu", NULL);
    add(&b, "new", "cpu", NULL);
    judged(&a, &b, true, "");
}

Test(circumstances, a_side_of_which_all_is_spoiled_is_worth_nothing)
{
    struct circumstances a = {0}, b = {0};
    add(&a, "spoiled", "cpu", NULL);
    add(&b, "old", "cpu", NULL);
    judged(&a, &b, false, "A was measured in a spoiled session");
    add(&a, "old", "cpu", NULL);
    add(&b, "old", "cpu", NULL);
    add(&b, "spoiled", "cpu", NULL);
    judged(&a, &b, true, "B: 1 of 2 results from a spoiled session");
}

Test(circumstances, what_others_had_a_part_in_is_said_once)
{
    struct circumstances a = {0}, b = {0};
    add(&a, "drifted", "cpu", "loaded");
    add(&a, "old", "cpu", "loaded,stolen");
    add(&b, "old", "cpu", "throttled");
    judged(&a, &b, true,
           "A: the machine drifted; A: loaded, stolen, beyond the limit; B: throttled");
}

static char *apart(const char *name_a, const char *bed_a, const char *name_b, const char *bed_b)
{
    struct stored_result a = {.benchmark_name = TEXT(name_a), .test_bed = {.name = TEXT(bed_a)}};
    struct stored_result b = {.benchmark_name = TEXT(name_b), .test_bed = {.name = TEXT(bed_b)}};
    return circumstances_apart(&(struct stored_results){.items = &a, .count = 1},
                               &(struct stored_results){.items = &b, .count = 1});
}

Test(circumstances, other_test_beds_and_other_clocks_are_told)
{
    char *beds = apart("x", "one", "x", "two"), *clocks = apart("x", "one", "x#cpu_time", "one");
    cr_assert_str_eq(beds, "x was measured on one and on two");
    cr_assert_str_eq(clocks, "of x one has the wall time, the other the cpu_time");
    cr_assert_null(apart("x", "one", "xy", "one"));
    cr_assert_null(apart(NULL, NULL, "x", "one"));
    free(beds);
    free(clocks);
}
