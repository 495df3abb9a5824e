#include "decide/change.h"

#include "base/alloc.h"
#include "random.h"

#include <criterion/criterion.h>
#include <math.h>

/* Values around 1000 with 1 % noise; behind each step they are that much higher. */
static double *series(size_t n, uint64_t seed)
{
    double *x = xreallocarray(NULL, n, sizeof(*x));
    for (size_t i = 0; i < n; i++)
        x[i] = 1000 * exp(0.01 * random_normal(&seed));
    return x;
}

static void step(double *x, size_t n, size_t at, double factor)
{
    for (size_t i = at; i < n; i++)
        x[i] *= factor;
}

static size_t find(struct change_finder *finder, const double *x, size_t n,
                   const struct change **out)
{
    change_finder_clear(finder);
    for (size_t i = 0; i < n; i++)
        change_finder_add(finder, x[i]);
    return change_finder_find(finder, out);
}

Test(change, a_step_is_found_with_its_size)
{
    AUTO_FREE double *x = series(100, 1);
    struct change_finder *finder = change_finder_new(NULL);
    const struct change *c;
    step(x, 100, 60, 1.1);
    cr_assert_eq(find(finder, x, 100, &c), 1);
    cr_assert_eq(c->index, 60);
    cr_assert_eq(c->previous, 59);
    cr_assert(c->first <= 60 && c->last >= 60);
    cr_assert_float_eq(c->relative, 0.1, 0.01);
    cr_assert(c->relative_low < 0.1 && c->relative_high > 0.1);
    cr_assert_gt(c->confidence, 0.999);
    cr_assert_float_eq(change_finder_noise(finder), 0.01, 0.003);
    change_finder_free(finder);
}

Test(change, two_hundred_series_without_a_step_give_at_most_one_report)
{
    struct change_finder *finder = change_finder_new(NULL);
    const struct change *c;
    size_t reports = 0;
    for (uint64_t i = 0; i < 200; i++) {
        AUTO_FREE double *x = series(200, 1000 + i);
        reports += find(finder, x, 200, &c);
    }
    cr_assert_leq(reports, 1, "%zu reports in 40,000 points", reports);
    change_finder_free(finder);
}

Test(change, spikes_are_no_steps)
{
    AUTO_FREE double *x = series(200, 3);
    struct change_finder *finder = change_finder_new(NULL);
    const struct change *c;
    for (size_t i = 5; i < 200; i += 23)
        x[i] *= 1.5;
    x[100] *= 3;
    x[101] *= 3;
    cr_assert_eq(find(finder, x, 200, &c), 0);
    change_finder_free(finder);
}

Test(change, a_slow_drift_is_no_step)
{
    struct change_finder *finder = change_finder_new(NULL);
    const struct change *c;
    size_t reports = 0;
    for (uint64_t i = 0; i < 20; i++) {
        AUTO_FREE double *x = series(400, 50 + i);
        for (size_t j = 0; j < 400; j++)
            x[j] *= 1 + 0.03 * (double)j / 400;
        reports += find(finder, x, 400, &c);
    }
    cr_assert_leq(reports, 1);
    change_finder_free(finder);
}

Test(change, a_level_that_recovers_is_two_changes)
{
    AUTO_FREE double *x = series(120, 4);
    struct change_finder *finder = change_finder_new(NULL);
    const struct change *c;
    step(x, 120, 50, 1.08);
    step(x, 120, 62, 1 / 1.08);
    cr_assert_eq(find(finder, x, 120, &c), 2);
    cr_assert_eq(c[0].index, 50);
    cr_assert_eq(c[1].index, 62);
    change_finder_free(finder);
}

/* A point beyond three deviations of its own level is far from the other one too. */
Test(change, large_steps_are_placed_right_beside_wild_points)
{
    struct change_finder *finder = change_finder_new(NULL);
    const struct change *c;
    size_t placed = 0;
    for (uint64_t i = 0; i < 400; i++) {
        AUTO_FREE double *x = series(64, 500 + i);
        step(x, 64, 32, 4);
        step(x, 64, 40, 0.25);
        step(x, 64, 56, 4);
        size_t count = find(finder, x, 64, &c);
        cr_assert(count != 3 || (c[0].index == 32 && c[1].index == 40 && c[2].index == 56),
                  "%zu %zu %zu", c[0].index, c[1].index, c[2].index);
        placed += count == 3;
    }
    cr_assert_geq(placed, 390);
    change_finder_free(finder);
}

Test(change, an_exact_count_changes_by_one)
{
    double x[40];
    struct change_finder *finder = change_finder_new(NULL);
    const struct change *c;
    for (int i = 0; i < 40; i++)
        x[i] = i < 30 ? 1500 : 1501;
    cr_assert_eq(find(finder, x, 40, &c), 1);
    cr_assert_eq(c->index, 30);
    cr_assert_float_eq(c->after, 1501, 1e-6);
    change_finder_free(finder);
}

Test(change, zeros_and_negative_values_are_taken_as_they_are)
{
    double x[40];
    uint64_t seed = 9;
    struct change_finder *finder = change_finder_new(NULL);
    const struct change *c;
    for (int i = 0; i < 40; i++)
        x[i] = random_normal(&seed) + (i < 20 ? -10 : 10);
    x[3] = -10;
    cr_assert_eq(find(finder, x, 40, &c), 1);
    cr_assert_eq(c->index, 20);
    cr_assert(isnan(c->relative));
    for (int i = 0; i < 40; i++)
        x[i] = i < 20 ? 0 : 3;
    cr_assert_eq(find(finder, x, 40, &c), 1);
    cr_assert_eq(c->index, 20);
    change_finder_free(finder);
}

Test(change, a_series_without_enough_or_without_variation_has_none)
{
    double same[50];
    struct change_finder *finder = change_finder_new(NULL);
    const struct change *c;
    for (int i = 0; i < 50; i++)
        same[i] = 42;
    cr_assert_eq(find(finder, same, 50, &c), 0);
    cr_assert_eq(find(finder, same, 1, &c), 0);
    cr_assert_eq(find(finder, same, 0, &c), 0);
    for (int i = 0; i < 50; i++)
        same[i] = 0;
    cr_assert_eq(find(finder, same, 50, &c), 0);
    change_finder_free(finder);
}

Test(change, gaps_count_as_places)
{
    AUTO_FREE double *x = series(100, 12);
    struct change_finder *finder = change_finder_new(NULL);
    const struct change *c;
    step(x, 100, 60, 1.1);
    for (size_t i = 1; i < 100; i += 3)
        x[i] = i % 2 ? NAN : INFINITY;
    x[60] = NAN;
    cr_assert_eq(find(finder, x, 100, &c), 1);
    cr_assert_eq(c->index, 62);
    cr_assert_eq(c->previous, 59);
    change_finder_free(finder);
}

Test(change, points_added_one_by_one_give_what_all_at_once_give)
{
    size_t n = 400;
    AUTO_FREE double *x = series(n, 77);
    struct change_finder *growing = change_finder_new(NULL), *fresh = change_finder_new(NULL);
    const struct change *a, *b;
    step(x, n, 150, 1.04);
    step(x, n, 220, 0.95);
    step(x, n, 300, 1.02);
    for (size_t i = 0; i < n; i++) {
        change_finder_add(growing, x[i]);
        size_t count = change_finder_find(growing, &a);
        cr_assert_eq(find(fresh, x, i + 1, &b), count, "after %zu points", i + 1);
        for (size_t k = 0; k < count; k++) {
            cr_assert_eq(a[k].index, b[k].index);
            cr_assert_eq(a[k].before, b[k].before);
            cr_assert_eq(a[k].evidence, b[k].evidence);
        }
    }
    change_finder_free(growing);
    change_finder_free(fresh);
}

Test(change, a_million_points_are_no_trouble)
{
    size_t n = 1000000;
    AUTO_FREE double *x = series(n, 5);
    struct change_finder *finder = change_finder_new(NULL);
    const struct change *c;
    step(x, n, 700000, 1.05);
    cr_assert_eq(find(finder, x, n, &c), 1);
    cr_assert_eq(c->index, 700000);
    change_finder_free(finder);
}

Test(change, what_lies_far_from_a_step_says_nothing_of_its_levels)
{
    enum { FAR = 8000, NEAR = 4000, N = FAR + NEAR };
    AUTO_FREE double *x = series(N, 12);
    struct change_finder *finder = change_finder_new(NULL);
    const struct change *c;
    for (size_t i = 0; i < FAR; i++)
        x[i] *= 1 - 0.01 * (double)(FAR - i) / FAR; /* a standard deviation in all that time */
    step(x, N, N - 1000, 1.1);
    cr_assert_eq(find(finder, x, N, &c), 1);
    cr_assert_eq(c->index, N - 1000);
    cr_assert_float_eq(c->before, 1000, 1, "%g", c->before);
    cr_assert(c->relative_low < 0.1 && c->relative_high > 0.1);
    change_finder_free(finder);
}

/* Hundreds of stretches that end up as one: each of them may cost what is near it. */
Test(change, a_wandering_level_is_no_trouble)
{
    struct change_finder *finder = change_finder_new(NULL);
    const struct change *c;
    uint64_t seed = 13;
    double level = 0;
    for (size_t i = 0; i < 200000; i++) {
        level += 0.01 * random_normal(&seed);
        change_finder_add(finder, exp(level));
    }
    cr_assert_lt(change_finder_find(finder, &c), 20000);
    change_finder_free(finder);
}

Test(change, values_as_far_apart_as_doubles_go_are_taken)
{
    double x[60];
    struct change_finder *finder = change_finder_new(NULL);
    const struct change *c;
    for (int i = 0; i < 60; i++)
        x[i] = i < 30 ? 1e-300 : 1e300;
    cr_assert_eq(find(finder, x, 60, &c), 1);
    for (int i = 0; i < 60; i++)
        x[i] = i < 30 ? -1e308 : 1e308;
    cr_assert_leq(find(finder, x, 60, &c), 1);
    change_finder_free(finder);
}

Test(change, visits_to_a_second_mode_are_no_changes)
{
    struct change_finder *finder = change_finder_new(NULL);
    const struct change *c;
    AUTO_FREE double *x = series(400, 21);
    /* 8 stretches of 6 points, and every 11th one, six standard deviations higher. */
    for (size_t i = 0; i < 400; i++)
        if (i % 50 < 6 || i % 11 == 3)
            x[i] *= 1.06;
    cr_assert_eq(find(finder, x, 400, &c), 0);
    /* What stays there is one. */
    for (size_t i = 300; i < 400; i++)
        if (!(i % 50 < 6 || i % 11 == 3))
            x[i] *= 1.06;
    cr_assert_eq(find(finder, x, 400, &c), 1);
    cr_assert(c->index >= 298 && c->index <= 302, "%zu", c->index);
    change_finder_free(finder);
}

Test(change, a_noisier_half_has_no_steps)
{
    struct change_finder *finder = change_finder_new(NULL);
    const struct change *c;
    size_t reports = 0;
    for (uint64_t i = 0; i < 40; i++) {
        AUTO_FREE double *x = series(200, 500 + i);
        for (size_t j = 120; j < 200; j++)
            x[j] = 1000 * pow(x[j] / 1000, 3);
        reports += find(finder, x, 200, &c);
    }
    /* Without an eye on the noise nearby there are seven. */
    cr_assert_leq(reports, 4, "%zu reports in 40 series", reports);
    change_finder_free(finder);
}
