#include "model/summary.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* xorshift64: the same numbers in every run. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Type 7 the long way. */
static double naive_quantile(const double *sorted, size_t count, double p)
{
    double at = (double)(count - 1) * p;
    size_t low = (size_t)floor(at), high = (size_t)ceil(at);
    return sorted[low] + (at - (double)low) * (sorted[high] - sorted[low]);
}

static struct summary naive_summary(const double *values, size_t count)
{
    double *sorted = calloc(count, sizeof(*sorted));
    cr_assert(sorted);
    memcpy(sorted, values, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), by_value);
    long double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        sum += sorted[i];
    long double mean = sum / (long double)count;
    for (size_t i = 0; i < count; i++)
        squares += (sorted[i] - mean) * (sorted[i] - mean);
    struct summary s = {
        .min = sorted[0],
        .q1 = naive_quantile(sorted, count, 0.25),
        .median = naive_quantile(sorted, count, 0.5),
        .q3 = naive_quantile(sorted, count, 0.75),
        .max = sorted[count - 1],
        .mean = (double)mean,
        .standard_deviation = count > 1 ? (double)sqrtl(squares / (long double)(count - 1)) : 0,
    };
    free(sorted);
    return s;
}

static void is_near(double got, double want, const char *what, size_t count)
{
    double scale = fabs(want) > 1e-300 ? fabs(want) : 1;
    cr_assert(fabs(got - want) <= 1e-12 * scale, "%s of %zu values is %.17g, not %.17g", what,
              count, got, want);
}

static void agrees(const double *values, size_t count)
{
    struct summary got = summary_of(values, count), want = naive_summary(values, count);
    cr_assert_eq(got.min, want.min);
    cr_assert_eq(got.max, want.max);
    cr_assert_eq(got.q1, want.q1, "q1 of %zu values is %.17g, not %.17g", count, got.q1, want.q1);
    cr_assert_eq(got.median, want.median, "median of %zu values is %.17g, not %.17g", count,
                 got.median, want.median);
    cr_assert_eq(got.q3, want.q3, "q3 of %zu values is %.17g, not %.17g", count, got.q3, want.q3);
    is_near(got.mean, want.mean, "mean", count);
    /* The deviation of equal values is rounding, not a number to compare. */
    double noise = 1e-14 * fabs(want.max);
    cr_assert(fabs(got.standard_deviation - want.standard_deviation) <=
                  1e-9 * want.standard_deviation + noise,
              "deviation of %zu values is %.17g, not %.17g", count, got.standard_deviation,
              want.standard_deviation);
}

Test(summary, of_nothing_is_unknown)
{
    struct summary s = summary_of(NULL, 0);
    cr_assert(isnan(s.min) && isnan(s.q1) && isnan(s.median) && isnan(s.q3) && isnan(s.max));
    cr_assert(isnan(s.mean) && isnan(s.standard_deviation));
}

Test(summary, of_one_value_is_that_value_without_deviation)
{
    double value = 42.5;
    struct summary s = summary_of(&value, 1);
    cr_assert(s.min == value && s.q1 == value && s.median == value && s.q3 == value &&
              s.max == value);
    cr_assert(s.mean == value && s.standard_deviation == 0);
}

Test(summary, of_two_and_three_values_is_linear_between_them)
{
    double two[] = {3, 1};
    struct summary s = summary_of(two, 2);
    cr_assert(s.q1 == 1.5 && s.median == 2 && s.q3 == 2.5 && s.mean == 2);
    is_near(s.standard_deviation, sqrt(2), "deviation", 2);
    double three[] = {4, 1, 2};
    s = summary_of(three, 3);
    cr_assert(s.q1 == 1.5 && s.median == 2 && s.q3 == 3);
    cr_assert(two[0] == 3 && three[0] == 4, "the values stay in their order");
}

Test(summary, agrees_with_a_sort_on_thousands_of_random_lists)
{
    uint64_t state = 20261121;
    double values[1500];
    for (int round = 0; round < 6000; round++) {
        size_t count = 1 + (size_t)(next_random(&state) % (round % 20 ? 40 : 1500));
        for (size_t i = 0; i < count; i++)
            values[i] = (double)(next_random(&state) >> 11) * 0x1p-53 * 1e6;
        agrees(values, count);
    }
}

Test(summary, agrees_with_a_sort_on_lists_full_of_ties)
{
    uint64_t state = 7;
    double values[700];
    for (int round = 0; round < 4000; round++) {
        size_t count = 1 + (size_t)(next_random(&state) % (round % 20 ? 30 : 700));
        uint64_t kinds = 1 + next_random(&state) % 4;
        for (size_t i = 0; i < count; i++)
            values[i] = (double)(next_random(&state) % kinds) * 3.25;
        agrees(values, count);
    }
}

Test(summary, agrees_with_a_sort_on_lists_in_order_and_against_it)
{
    double values[600];
    for (size_t count = 1; count <= 600; count += 7)
        for (int shape = 0; shape < 3; shape++) {
            for (size_t i = 0; i < count; i++)
                values[i] = shape == 0   ? (double)i
                            : shape == 1 ? (double)(count - i)
                                         : (double)(i < count / 2 ? i : count - i);
            agrees(values, count);
        }
}

Test(summary, does_not_lose_small_differences_beside_a_large_mean)
{
    double values[1000];
    for (size_t i = 0; i < 1000; i++)
        values[i] = 1e9 + (double)(i % 2);
    struct summary s = summary_of(values, 1000);
    cr_assert_eq(s.mean, 1e9 + 0.5);
    is_near(s.standard_deviation, sqrt(250.0 / 999), "deviation", 1000);
}
