/* How often the intervals that are printed contain the truth: simulated with fixed seeds, held to
 * the binomial law's four standard deviations. The interval of one run is in test_predict.c, that
 * of a step's place in test_step.c. */
#include "decide/bisect.h"
#include "decide/change.h"
#include "decide/predict.h"
#include "random.h"

#include <criterion/criterion.h>
#include <math.h>

static double tolerance(size_t cases)
{
    return 4 * sqrt(0.95 * 0.05 / (double)cases);
}

/* A history and new runs that are 5 % higher. */
static double predicted(size_t history_count, size_t run_count, size_t cases)
{
    uint64_t seed = 100 * history_count + run_count;
    size_t inside = 0;
    for (size_t i = 0; i < cases; i++) {
        double history[20], runs[5];
        struct prediction p;
        for (size_t j = 0; j < history_count; j++)
            history[j] = 100 * exp(0.02 * random_normal(&seed));
        for (size_t j = 0; j < run_count; j++)
            runs[j] = 105 * exp(0.02 * random_normal(&seed));
        cr_assert(predict(history, history_count, runs, run_count, &p));
        inside += p.low <= 0.05 && 0.05 <= p.high;
    }
    return (double)inside / (double)cases;
}

Test(coverage, of_the_effect_of_several_new_runs)
{
    static const size_t lengths[] = {5, 10, 20}, runs[] = {3, 5};
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 2; j++) {
            /* Leaving wild ones out of them costs one case in a hundred. */
            double share = predicted(lengths[i], runs[j], 3000);
            cr_assert_geq(share, 0.94 - tolerance(3000), "%zu, %zu: %g", lengths[i], runs[j],
                          share);
            cr_assert_leq(share, 0.95 + tolerance(3000), "%zu, %zu: %g", lengths[i], runs[j],
                          share);
        }
}

struct seen {
    size_t found, size, place;
};

/* One step in 100 points, of which `found` counts those where one and no more is reported. */
static struct seen changes(double ratio, double correlation, size_t cases)
{
    struct change_finder *finder = change_finder_new(NULL);
    struct seen seen = {0};
    uint64_t seed = (uint64_t)(100 * ratio + 10 * correlation);
    double effect = expm1(0.01 * ratio);
    for (size_t i = 0; i < cases; i++) {
        const struct change *c;
        size_t at = 30 + (size_t)(40 * random_uniform(&seed));
        double noise = random_normal(&seed);
        change_finder_clear(finder);
        for (size_t j = 0; j < 100; j++) {
            change_finder_add(finder, 1000 * exp(0.01 * noise + (j >= at ? 0.01 * ratio : 0)));
            noise =
                correlation * noise + sqrt(1 - correlation * correlation) * random_normal(&seed);
        }
        if (change_finder_find(finder, &c) != 1)
            continue;
        seen.found++;
        seen.size += c->relative_low <= effect && effect <= c->relative_high;
        seen.place += c->first <= at && at <= c->last;
    }
    change_finder_free(finder);
    return seen;
}

Test(coverage, of_the_size_and_place_of_a_change)
{
    static const double ratios[] = {2, 4, 8};
    for (size_t i = 0; i < 3; i++) {
        struct seen seen = changes(ratios[i], 0, 1000);
        double size = (double)seen.size / (double)seen.found;
        cr_assert_geq(seen.found, 900);
        cr_assert_float_eq(size, 0.95, tolerance(seen.found), "%g: %g", ratios[i], size);
        /* It is at least so certain: a place is a whole number. */
        cr_assert_geq((double)seen.place / (double)seen.found, 0.95 - tolerance(seen.found));
    }
}

Test(coverage, of_a_change_in_correlated_noise)
{
    struct seen seen = changes(4, 0.4, 1000);
    /* The correlation is estimated, and held low: measured, 93 % of the sizes are covered. */
    cr_assert_geq((double)seen.size / (double)seen.found, 0.93 - tolerance(seen.found));
    cr_assert_geq((double)seen.place / (double)seen.found, 0.95 - tolerance(seen.found));
}

Test(coverage, of_the_change_that_a_bisection_reports)
{
    static const bool closed[17];
    uint64_t seed = 8;
    size_t inside = 0, cases = 400;
    for (size_t i = 0; i < cases; i++) {
        struct bisect_run runs[12];
        struct bisect_state state;
        for (size_t j = 0; j < 12; j++)
            runs[j] = (struct bisect_run){
                j % 2 ? 16 : 0, 100 * exp(0.02 * random_normal(&seed) + (j % 2 ? 0.08 : 0))};
        const struct bisect_question question = {runs, 12, closed, 17, 0.95, 0.05};
        bisect_decide(&question, &state);
        inside += state.low <= expm1(0.08) && expm1(0.08) <= state.high;
    }
    cr_assert_float_eq((double)inside / (double)cases, 0.95, tolerance(cases), "%zu", inside);
}
