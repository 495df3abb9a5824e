#include "decide/verdict.h"

#include "random.h"

#include <criterion/criterion.h>
#include <math.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const double history[] = {100, 101, 99, 100.5, 99.5, 100, 101, 99, 100.2, 99.8};
static const struct verdict_rule rule = {.alpha = VERDICT_ALPHA, .matters = VERDICT_MATTERS};

static struct verdict verdict_on(const double *past, size_t count, double value,
                                 bool higher_is_worse)
{
    struct prediction p;
    cr_assert(predict(past, count, &value, 1, &p));
    const struct verdict_test test = {&p, higher_is_worse};
    struct verdict verdict;
    verdicts_of(&test, 1, &rule, &verdict);
    return verdict;
}

Test(verdict, direction_decides_between_worse_and_better)
{
    cr_assert_eq(verdict_on(history, COUNT(history), 110, true).kind, VERDICT_WORSE);
    cr_assert_eq(verdict_on(history, COUNT(history), 110, false).kind, VERDICT_BETTER);
    cr_assert_eq(verdict_on(history, COUNT(history), 90, true).kind, VERDICT_BETTER);
    cr_assert_eq(verdict_on(history, COUNT(history), 90, false).kind, VERDICT_WORSE);
    cr_assert_eq(verdict_on(history, COUNT(history), 100, true).kind, VERDICT_SAME);
}

Test(verdict, noise_that_hides_what_matters_is_unsure_and_says_what_would_tell)
{
    const double noisy[] = {100, 110, 92, 105, 97, 88, 104, 111, 95, 99};
    struct verdict v = verdict_on(noisy, COUNT(noisy), 103, true);
    cr_assert_eq(v.kind, VERDICT_UNSURE);
    cr_assert_gt(v.smallest, VERDICT_MATTERS);
}

Test(verdict, what_is_a_finding_alone_is_none_among_hundred)
{
    struct prediction p[100];
    struct verdict_test tests[100];
    struct verdict verdicts[100];
    double same = 100, odd = 101.7;
    for (int i = 0; i < 100; i++) {
        cr_assert(predict(history, COUNT(history), i ? &same : &odd, 1, &p[i]));
        tests[i] = (struct verdict_test){&p[i], true};
    }
    verdicts_of(tests, 1, &rule, verdicts);
    cr_assert_eq(verdicts[0].kind, VERDICT_WORSE);
    verdicts_of(tests, 100, &rule, verdicts);
    cr_assert_neq(verdicts[0].kind, VERDICT_WORSE);
    struct verdict_rule alone = rule;
    alone.alone = true;
    verdicts_of(tests, 100, &alone, verdicts);
    cr_assert_eq(verdicts[0].kind, VERDICT_WORSE);
}

Test(verdict, what_has_no_history_is_no_test)
{
    struct verdict_test tests[2] = {{NULL, true}, {NULL, true}};
    struct verdict verdicts[2];
    verdicts_of(tests, 2, &rule, verdicts);
    cr_assert_eq(verdicts[1].kind, VERDICT_NO_HISTORY);
    cr_assert_eq(verdict_overall(verdicts, 2), VERDICT_NO_HISTORY);
    cr_assert_eq(verdict_overall(verdicts, 0), VERDICT_NO_HISTORY);
    verdicts[0].kind = VERDICT_SAME;
    cr_assert_eq(verdict_overall(verdicts, 2), VERDICT_SAME);
    verdicts[1].kind = VERDICT_UNSURE;
    cr_assert_eq(verdict_overall(verdicts, 2), VERDICT_UNSURE);
    verdicts[0].kind = VERDICT_WORSE;
    cr_assert_eq(verdict_overall(verdicts, 2), VERDICT_WORSE);
}

Test(verdict, hundred_unchanged_benchmarks_raise_an_alarm_in_one_run_of_twenty)
{
    uint64_t seed = 20;
    size_t alarms = 0, trials = 600;
    struct prediction p[100];
    struct verdict_test tests[100];
    struct verdict verdicts[100];
    for (size_t t = 0; t < trials; t++) {
        for (int i = 0; i < 100; i++) {
            double past[20], now = exp(0.02 * random_normal(&seed));
            for (int j = 0; j < 20; j++)
                past[j] = exp(0.02 * random_normal(&seed));
            cr_assert(predict(past, 20, &now, 1, &p[i]));
            tests[i] = (struct verdict_test){&p[i], true};
        }
        verdicts_of(tests, 100, &rule, verdicts);
        alarms += verdict_overall(verdicts, 100) == VERDICT_WORSE;
    }
    /* Binomial: 5 % of 600 and 3 standard deviations. */
    cr_assert_leq(alarms, 46, "%zu of %zu", alarms, trials);
}

static enum verdict_kind kind_with(double value, double matters, double minimum_effect)
{
    struct prediction p;
    struct verdict verdict;
    cr_assert(predict(history, COUNT(history), &value, 1, &p));
    const struct verdict_test test = {&p, true, matters, minimum_effect};
    verdicts_of(&test, 1, &rule, &verdict);
    cr_assert_float_eq(verdict.matters, fmax(matters > 0 ? matters : rule.matters, minimum_effect),
                       1e-12);
    return verdict.kind;
}

Test(verdict, what_is_below_the_minimum_effect_is_not_called)
{
    cr_assert_eq(kind_with(110, 0, 0), VERDICT_WORSE);
    cr_assert_eq(kind_with(110, 0, 0.05), VERDICT_WORSE);
    cr_assert_eq(kind_with(110, 0, 0.2), VERDICT_SAME, "its interval excludes 20 %");
    cr_assert_eq(kind_with(110, 0, 0.105), VERDICT_UNSURE, "its interval holds 10.5 %");
    cr_assert_eq(kind_with(90, 0, 0.2), VERDICT_SAME);
    cr_assert_eq(kind_with(100, 0.001, 0), VERDICT_UNSURE);
}

Test(verdict, the_minimum_effect_makes_no_call_that_was_none)
{
    for (double value = 90; value < 111; value += 0.5) {
        enum verdict_kind without = kind_with(value, 0, 0), with = kind_with(value, 0, 0.03);
        cr_assert(with == without || with == VERDICT_SAME || with == VERDICT_UNSURE);
    }
}
