#include "decide/predict.h"

#include "base/alloc.h"
#include "decide/distribution.h"
#include "random.h"

#include <criterion/criterion.h>
#include <math.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const double quiet[] = {100, 102, 99, 101, 98, 103, 100.5, 99.5, 101.5, 97.5};

Test(predict, is_the_t_test_of_the_logarithms)
{
    /* numpy 2 and scipy 1.17.1: mean and std(ddof=1) of the logarithms, stats.t with 9 degrees. */
    const double runs[] = {104, 105.5, 103};
    struct prediction p;
    cr_assert(predict(quiet, COUNT(quiet), runs, COUNT(runs), &p));
    cr_assert(p.relative);
    cr_assert_eq(p.history, 10);
    cr_assert_eq(p.runs, 3);
    cr_assert_float_eq(p.noise, 0.017486772978644274, 1e-12);
    cr_assert_float_eq(p.effect, 0.03968000187212183, 1e-12);
    cr_assert_float_eq(p.p_higher, 0.0040606282296045005, 1e-10);
    cr_assert_float_eq(p.p_lower, 1 - 0.0040606282296045005, 1e-10);
    cr_assert_float_eq(p.low, 0.012956035984837896, 1e-10);
    cr_assert_float_eq(p.high, 0.06710900364188646, 1e-10);
}

Test(predict, needs_three_runs_of_history_and_one_new_one)
{
    const double history[] = {100, NAN, 101, INFINITY}, runs[] = {100}, none[] = {NAN};
    struct prediction p;
    cr_assert_not(predict(history, COUNT(history), runs, 1, &p));
    cr_assert_not(predict(quiet, COUNT(quiet), none, 1, &p));
    cr_assert_not(predict(quiet, 0, runs, 1, &p));
    cr_assert(predict(quiet, 3, runs, 1, &p));
}

Test(predict, forgets_what_was_before_the_last_change)
{
    double history[30];
    const double runs[] = {200};
    uint64_t seed = 6;
    for (int i = 0; i < 30; i++)
        history[i] = (i < 18 ? 100 : 200) * exp(0.01 * random_normal(&seed));
    struct prediction p;
    cr_assert(predict(history, 30, runs, 1, &p));
    cr_assert_eq(p.since, 18);
    cr_assert_eq(p.history, 12);
    cr_assert_float_eq(p.expected, 200, 3);
    cr_assert_gt(p.p_higher, 0.05);
}

Test(predict, leaves_wild_runs_out_of_both)
{
    double history[25];
    const double runs[] = {100, 101, 170, 99.5};
    uint64_t seed = 8;
    for (int i = 0; i < 25; i++)
        history[i] = 100 * exp(0.01 * random_normal(&seed));
    history[7] = 150;
    struct prediction p;
    cr_assert(predict(history, 25, runs, COUNT(runs), &p));
    cr_assert_eq(p.left_out, 1);
    cr_assert_eq(p.runs, 3);
    cr_assert_float_eq(p.noise, 0.01, 0.004);
}

/* How far the last value lies from the mean of all, in their standard deviations. */
static double studentised(const double *x, size_t n)
{
    double mean = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return (x[n - 1] - mean) / sqrt(squares / (double)(n - 1));
}

Test(predict, a_run_is_wild_beyond_the_critical_value_of_rosner)
{
    /* scipy 1.17: (n - 1) t / sqrt((n - 2 + t²) n) with t = t.ppf(1 - 2e-5 / (2 n), n - 2). */
    static const struct {
        size_t n;
        double limit;
    } known[] = {{10, 2.7714588524725148}, {25, 3.9009059682572143}, {54, 4.529613532958087}};
    for (size_t k = 0; k < COUNT(known); k++) {
        double x[54], history[54], low = 0, high = 1;
        size_t n = known[k].n;
        for (size_t i = 0; i + 1 < n; i++)
            x[i] = 0.01 * normal_quantile(((double)(i * 7 % (n - 1)) + 0.5) / (double)(n - 1));
        for (int i = 0; i < 200; i++) {
            x[n - 1] = (low + high) / 2;
            *(studentised(x, n) < known[k].limit ? &low : &high) = x[n - 1];
        }
        for (size_t wild = 0; wild < 2; wild++) {
            struct prediction p;
            const double run = 1;
            for (size_t i = 0; i < n; i++)
                history[i] = exp(x[i]);
            /* In the middle, where no change of level can have made it. */
            history[n - 1] = history[n / 2];
            history[n / 2] = exp(x[n - 1] * (wild ? 1.001 : 0.999));
            cr_assert(predict(history, n, &run, 1, &p));
            cr_assert_eq(p.left_out, wild, "n %zu: %zu", n, p.left_out);
        }
    }
}

/* Rosner's test as it is written down: the farthest from the mean is taken away, again and again.
 */
static size_t wild_one_by_one(double *x, size_t n)
{
    size_t most = n / 5, wild = 0;
    for (size_t i = 0; i < most; i++, n--) {
        double mean = 0, squares = 0, points = (double)n;
        size_t worst = 0;
        for (size_t j = 0; j < n; j++)
            mean += x[j] / points;
        for (size_t j = 0; j < n; j++) {
            squares += (x[j] - mean) * (x[j] - mean);
            worst = fabs(x[j] - mean) > fabs(x[worst] - mean) ? j : worst;
        }
        double t = student_quantile(1 - 2e-5 / (2 * points), points - 2);
        double limit = (points - 1) * t / sqrt((points - 2 + t * t) * points);
        if (fabs(x[worst] - mean) > limit * sqrt(squares / (points - 1)))
            wild = i + 1;
        x[worst] = x[n - 1];
    }
    return wild;
}

Test(predict, wild_runs_on_both_sides_are_those_of_rosners_test)
{
    uint64_t seed = 21;
    size_t wild_runs = 0;
    for (int repeat = 0; repeat < 300; repeat++) {
        double history[200], logarithms[200];
        const double runs[] = {100};
        size_t n = 5 + (size_t)(195 * random_uniform(&seed));
        for (size_t i = 0; i < n; i++) {
            bool wild = random_uniform(&seed) < 0.08;
            history[i] = 100 * exp((wild ? 0.15 : 0.01) * random_normal(&seed));
        }
        struct prediction p;
        cr_assert(predict(history, n, runs, 1, &p));
        for (size_t i = p.since; i < n; i++)
            logarithms[i - p.since] = log(history[i]);
        size_t wild = wild_one_by_one(logarithms, n - p.since);
        cr_assert_eq(p.left_out, wild, "of %zu runs: %zu, not %zu", n, p.left_out, wild);
        wild_runs += wild;
    }
    cr_assert_gt(wild_runs, 1000);
}

Test(predict, a_history_of_a_million_runs_is_no_trouble)
{
    enum { N = 1000000 };
    AUTO_FREE double *history = xreallocarray(NULL, N, sizeof(*history));
    const double runs[] = {110};
    uint64_t seed = 22;
    struct prediction p;
    for (size_t i = 0; i < N; i++)
        history[i] = 100 * exp(0.01 * random_normal(&seed) + (i % 50 ? 0 : 0.3));
    cr_assert(predict(history, N, runs, 1, &p));
    cr_assert_geq(p.left_out, N / 50);
    cr_assert_leq(p.left_out, N / 50 + 500);
    cr_assert_float_eq(p.noise, 0.01, 1e-4);
}

Test(predict, an_exact_count_that_changes_is_beyond_chance)
{
    const double history[] = {4096, 4096, 4096, 4096, 4096}, same[] = {4096}, more[] = {4100};
    struct prediction p;
    cr_assert(predict(history, 5, same, 1, &p));
    cr_assert_float_eq(p.p_higher, 0.5, 1e-9);
    cr_assert(predict(history, 5, more, 1, &p));
    cr_assert_lt(p.p_higher, 1e-4);
}

Test(predict, zeros_are_compared_as_differences)
{
    const double history[] = {0, 0, 0, 0}, same[] = {0}, more[] = {3};
    struct prediction p;
    cr_assert(predict(history, 4, same, 1, &p));
    cr_assert_not(p.relative);
    cr_assert_eq(p.p_higher, 0.5);
    cr_assert(predict(history, 4, more, 1, &p));
    cr_assert_eq(p.p_higher, 0);
    cr_assert_eq(p.effect, 3);
}

/* Of 20,000 histories of n runs with 2 % noise: how often one new run of the same level is called
 * higher at 1 %, and how often the interval holds the level. */
static void simulate(size_t n, size_t *alarms, size_t *covered)
{
    uint64_t seed = n;
    *alarms = *covered = 0;
    for (int i = 0; i < 20000; i++) {
        double history[20], run = exp(0.02 * random_normal(&seed));
        struct prediction p;
        for (size_t j = 0; j < n; j++)
            history[j] = exp(0.02 * random_normal(&seed));
        cr_assert(predict(history, n, &run, 1, &p));
        *alarms += p.p_higher <= 0.01;
        *covered += p.low <= 0 && p.high >= 0;
    }
}

Test(predict, error_rate_and_coverage_are_what_was_asked)
{
    /* Binomial, 4 standard deviations of 20,000: .28 % and .62 %. */
    static const size_t lengths[] = {5, 10, 20};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        size_t alarms, covered;
        simulate(lengths[i], &alarms, &covered);
        cr_assert_float_eq((double)alarms / 20000, 0.01, 0.0028, "n %zu: %zu", lengths[i], alarms);
        cr_assert_float_eq((double)covered / 20000, 0.95, 0.0062, "n %zu: %zu", lengths[i],
                           covered);
    }
}

Test(predict, the_smallest_change_is_seen_as_often_as_it_says)
{
    uint64_t seed = 3;
    size_t seen = 0, trials = 5000;
    for (size_t i = 0; i < trials; i++) {
        double history[20], run = 1;
        struct prediction p;
        for (size_t j = 0; j < 20; j++)
            history[j] = exp(0.02 * random_normal(&seed));
        run = exp(0.02 * random_normal(&seed)) * (1 + 0.0716);
        cr_assert(predict(history, 20, &run, 1, &p));
        seen += p.p_higher <= 0.01;
    }
    /* With the true spread, 2 %: expm1((t(.99, 19) + t(.8, 19)) .02 sqrt(1 + 1/20)) is .0716. */
    cr_assert_float_eq((double)seen / (double)trials, 0.8, 0.03);
}

Test(predict, more_runs_are_asked_for_until_none_helps)
{
    const double runs[] = {100};
    struct prediction p;
    cr_assert(predict(quiet, COUNT(quiet), runs, 1, &p));
    size_t needed = predict_runs_needed(&p, 0.01, 0.8, 0.04);
    cr_assert_gt(needed, 1);
    p.runs = needed;
    cr_assert_leq(predict_smallest(&p, 0.01, 0.8), 0.04);
    p.runs = needed - 1;
    cr_assert_gt(predict_smallest(&p, 0.01, 0.8), 0.04);
    cr_assert_eq(predict_runs_needed(&p, 0.01, 0.8, 0.001), 0);
}
