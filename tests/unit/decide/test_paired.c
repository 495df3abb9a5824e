#include "decide/paired.h"

#include "random.h"

#include <criterion/criterion.h>
#include <math.h>

static struct paired_rule rule_for(size_t benchmarks)
{
    struct paired_rule rule;
    paired_rule_init(&rule, PAIRED_ALPHA, 0.05, benchmarks, PAIRED_MAX_PAIRS);
    return rule;
}

/* Pairs of this change, in both sessions, until it has ended. */
static void measure(struct paired *paired, double effect, double noise, uint64_t *seed)
{
    while (paired_wants_more(paired)) {
        paired_add(paired, effect + noise * random_normal(seed));
        if (paired->state == PAIRED_FOUND)
            paired_confirm(paired);
    }
}

static void add_all(struct paired *paired, const double *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        paired_add(paired, pairs[i]);
}

Test(paired, is_the_trimmed_t_test)
{
    /* scipy 1.17.1: trim_mean, mstats.winsorize with one of fourteen on either side, t.sf with 11
     * degrees. */
    static const double pairs[] = {.021,  -.013, .034, .008, .4,   .017, .026,
                                   -.002, .012,  .03,  .019, .005, .024, -.3};
    const struct paired_rule rule = rule_for(10);
    struct paired paired = {.rule = &rule};
    struct paired_estimate e;
    add_all(&paired, pairs, 14);
    paired_estimate(&paired, &e);
    cr_assert_eq(e.pairs, 14);
    cr_assert_float_eq(e.change, expm1(0.015083333333333332), 1e-12);
    cr_assert_float_eq(e.noise, 0.018348245683392175, 1e-12);
    cr_assert_float_eq(e.p, 0.010548946303936508, 1e-10);
    paired_release(&paired);
}

Test(paired, few_pairs_are_not_trimmed)
{
    static const double pairs[] = {.021, -.013, .034, .008, .4, .017, .026, -.002, .012, .03};
    const struct paired_rule rule = rule_for(10);
    struct paired paired = {.rule = &rule};
    struct paired_estimate e;
    add_all(&paired, pairs, 10);
    paired_estimate(&paired, &e);
    cr_assert_float_eq(e.p, 0.2026909051268475, 1e-10); /* scipy 1.17.1: ttest_1samp */
    paired_release(&paired);
}

Test(paired, a_change_is_found_then_called_in_a_fresh_session)
{
    const struct paired_rule rule = rule_for(3);
    struct paired paired = {.rule = &rule};
    uint64_t seed = 4;
    while (paired.state == PAIRED_MEASURING)
        paired_add(&paired, log(1.1) + 0.01 * random_normal(&seed));
    cr_assert_eq(paired.state, PAIRED_FOUND);
    cr_assert_eq(paired.count, PAIRED_FIRST);
    cr_assert_eq(paired_add(&paired, 0), PAIRED_FOUND, "no pair counts between the sessions");
    cr_assert_eq(paired.count, PAIRED_FIRST);
    paired_confirm(&paired);
    measure(&paired, log(1.1), 0.01, &seed);
    cr_assert_eq(paired.state, PAIRED_CALLED);
    cr_assert(paired.up);
    cr_assert_eq(paired.count, PAIRED_LEAST_PAIRS);
    paired_release(&paired);
}

Test(paired, the_interval_of_a_call_covers_the_change)
{
    const struct paired_rule rule = rule_for(1);
    struct paired paired = {.rule = &rule};
    struct paired_estimate e;
    uint64_t seed = 5;
    measure(&paired, log(0.8), 0.02, &seed);
    paired_estimate(&paired, &e);
    cr_assert_eq(paired.state, PAIRED_CALLED);
    cr_assert_not(paired.up);
    cr_assert(e.low < -0.2 && -0.2 < e.high && e.high < 0);
    paired_release(&paired);
}

Test(paired, what_the_fresh_session_does_not_show_is_not_called)
{
    const struct paired_rule rule = rule_for(1);
    struct paired paired = {.rule = &rule};
    uint64_t seed = 6;
    while (paired.state == PAIRED_MEASURING)
        paired_add(&paired, 0.2 + 0.01 * random_normal(&seed));
    paired_confirm(&paired);
    measure(&paired, 0, 0.01, &seed);
    cr_assert_eq(paired.state, PAIRED_UNDECIDED);
    cr_assert_eq(paired.count, PAIRED_MAX_PAIRS);
    paired_release(&paired);
}

Test(paired, nothing_is_decided_within_a_block)
{
    const struct paired_rule rule = rule_for(1);
    struct paired paired = {.rule = &rule};
    for (int i = 0; i < PAIRED_FIRST - 1; i++)
        cr_assert_eq(paired_add(&paired, 0.5), PAIRED_MEASURING);
    cr_assert_eq(paired_add(&paired, 0.5), PAIRED_FOUND);
    paired_release(&paired);
}

Test(paired, an_order_effect_is_no_change)
{
    const struct paired_rule rule = rule_for(1);
    struct paired paired = {.rule = &rule};
    struct paired_estimate e;
    uint64_t seed = 7;
    for (int i = 0; paired_wants_more(&paired); i++)
        paired_add(&paired, (i % 2 ? 0.03 : -0.03) + 0.001 * random_normal(&seed));
    paired_estimate(&paired, &e);
    cr_assert_eq(paired.state, PAIRED_SAME);
    cr_assert_float_eq(e.change, 0, 0.002);
    paired_release(&paired);
}

Test(paired, nothing_is_the_same_when_the_noise_is_larger_than_what_matters)
{
    const struct paired_rule rule = rule_for(10);
    struct paired paired = {.rule = &rule};
    struct paired_estimate e;
    uint64_t seed = 8;
    measure(&paired, 0, 0.3, &seed);
    paired_estimate(&paired, &e);
    cr_assert_eq(paired.state, PAIRED_UNDECIDED);
    cr_assert_eq(e.pairs, PAIRED_MAX_PAIRS);
    cr_assert_gt(e.smallest, 0.15);
    cr_assert(e.needed > 10 * PAIRED_MAX_PAIRS && e.needed < 3000);
    paired_release(&paired);
}

Test(paired, pairs_without_noise_decide_at_once)
{
    const struct paired_rule rule = rule_for(100);
    struct paired same = {.rule = &rule}, apart = {.rule = &rule};
    for (int i = 0; i < PAIRED_MAX_PAIRS; i++) {
        paired_add(&same, 0);
        if (paired_add(&apart, 0.001) == PAIRED_FOUND)
            paired_confirm(&apart);
    }
    cr_assert_eq(same.state, PAIRED_SAME);
    cr_assert_lt(same.count, PAIRED_MAX_PAIRS);
    cr_assert_eq(apart.state, PAIRED_CALLED);
    cr_assert_eq(apart.count, PAIRED_LEAST_PAIRS);
    paired_release(&same);
    paired_release(&apart);
}

Test(paired, stopping_early_says_so)
{
    const struct paired_rule rule = rule_for(1);
    struct paired none = {.rule = &rule}, one = {.rule = &rule}, found = {.rule = &rule};
    struct paired_estimate e;
    cr_assert_eq(paired_stop(&none), PAIRED_UNDECIDED);
    paired_estimate(&none, &e);
    cr_assert(isnan(e.change) && isnan(e.noise) && isinf(e.high));
    paired_add(&one, 0.1);
    paired_stop(&one);
    paired_estimate(&one, &e);
    cr_assert_float_eq(e.change, expm1(0.1), 1e-12);
    cr_assert(isinf(e.high));
    for (int i = 0; i < PAIRED_FIRST; i++)
        paired_add(&found, 0.1);
    cr_assert_eq(found.state, PAIRED_FOUND);
    cr_assert_eq(paired_stop(&found), PAIRED_UNDECIDED, "what is not confirmed is not called");
    paired_release(&one);
    paired_release(&found);
}

/* 1 % is asked for over ten benchmarks: at most 31 of 2,000 sessions is what the binomial law gives
 * in all but one of 200. */
Test(paired, false_alarms_stay_below_what_was_asked_for)
{
    const struct paired_rule rule = rule_for(10);
    uint64_t seed = 9;
    int alarms = 0;
    for (int session = 0; session < 2000; session++) {
        bool any = false;
        for (int i = 0; i < 10; i++) {
            struct paired paired = {.rule = &rule};
            measure(&paired, 0, 0.02, &seed);
            any |= paired.state == PAIRED_CALLED;
            paired_release(&paired);
        }
        alarms += any;
    }
    cr_assert_leq(alarms, 31);
}

Test(paired, finds_nine_in_ten_changes_as_large_as_the_noise)
{
    static const double changes[] = {0.05, 0.02, 0.003};
    const struct paired_rule rule = rule_for(10);
    uint64_t seed = 10;
    for (int c = 0; c < 3; c++) {
        int called = 0;
        for (int i = 0; i < 1000; i++) {
            struct paired paired = {.rule = &rule};
            measure(&paired, log1p(changes[c]), changes[c], &seed);
            called += paired.state == PAIRED_CALLED && paired.up;
            paired_release(&paired);
        }
        cr_assert_geq(called, 900, "%g: %d", changes[c], called);
    }
}

Test(paired, pairs_of_one_group_count_once)
{
    struct paired_rule grouped = rule_for(10), plain = rule_for(10);
    grouped.groups = 10;
    struct paired twice = {.rule = &grouped}, means = {.rule = &plain};
    struct paired_estimate a, b;
    static const double pairs[] = {.021, -.013, .034, .008, .05, .017, .026, -.012, .012, .03};
    for (size_t i = 0; i < 20; i++)
        paired_add_grouped(&twice, pairs[i % 10] + (i < 10 ? .004 : -.004), i % 10);
    add_all(&means, pairs, 10);
    paired_estimate(&twice, &a);
    paired_estimate(&means, &b);
    cr_assert_eq(a.pairs, 20);
    cr_assert_float_eq(a.change, b.change, 1e-12);
    cr_assert_float_eq(a.noise, b.noise, 1e-12);
    cr_assert_float_eq(a.p, b.p, 1e-12);
    cr_assert_gt(a.smallest, b.smallest, "further pairs of the same groups do not help");
    paired_release(&twice);
    paired_release(&means);
}

Test(paired, one_group_says_nothing_of_others)
{
    struct paired_rule rule = rule_for(1);
    rule.groups = 10;
    struct paired paired = {.rule = &rule};
    struct paired_estimate e;
    for (int i = 0; i < 8; i++)
        cr_assert_eq(paired_add_grouped(&paired, 0.5, 3), PAIRED_MEASURING);
    paired_estimate(&paired, &e);
    cr_assert(isnan(e.noise) && isinf(e.high));
    cr_assert_eq(paired_stop(&paired), PAIRED_UNDECIDED);
    paired_release(&paired);
}

/* Sessions of ten benchmarks without a change, sixteen layouts each whose ln(B/A) scatter by three
 * times the noise. */
static int sessions_with_a_call(size_t groups, int sessions)
{
    struct paired_rule rule = rule_for(10);
    uint64_t seed = 11;
    int alarms = 0;
    rule.groups = groups;
    for (int session = 0; session < sessions; session++) {
        bool any = false;
        for (int i = 0; i < 10; i++) {
            struct paired paired = {.rule = &rule};
            double shifts[16];
            for (size_t j = 0; j < 16; j++)
                shifts[j] = 0.03 * random_normal(&seed);
            while (paired_wants_more(&paired)) {
                size_t layout = paired.count % 16;
                paired_add_grouped(&paired, shifts[layout] + 0.01 * random_normal(&seed), layout);
                if (paired.state == PAIRED_FOUND)
                    paired_confirm(&paired);
            }
            any |= paired.state == PAIRED_CALLED;
            paired_release(&paired);
        }
        alarms += any;
    }
    return alarms;
}

/* Of 500, 1 % is asked for: at most 12 in all but one of 200. */
Test(paired, layouts_that_are_drawn_again_are_no_change)
{
    cr_assert_leq(sessions_with_a_call(16, 500), 12);
    cr_assert_gt(sessions_with_a_call(0, 500), 30, "they would be, if each pair counted");
}
