#include "decide/robust.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(robust, quantiles_are_linear_between_order_statistics)
{
    double x[] = {7, 1, 3, 5};
    cr_assert_eq(robust_median(x, 4), 4);
    cr_assert_float_eq(robust_quantile(x, 4, 0.25), 2.5, 1e-12);
    cr_assert_eq(robust_quantile(x, 4, 0), 1);
    cr_assert_eq(robust_quantile(x, 4, 1), 7);
    cr_assert_eq(robust_median(x, 0), 0);
}

Test(robust, quantiles_and_scale_are_those_of_numpy)
{
    /* numpy 2: quantile() of type 7, and 1.4826 median(|x - median|). */
    static const double x[] = {3.1, -2.0, 7.5, 0.0, 4.4, 4.4, 9.25, -1.5, 6.0, 2.2, 5.8};
    static const struct {
        double p, quantile;
    } known[] = {{0.05, -1.75}, {0.1, -1.5}, {0.25, 1.1},  {0.37, 2.83},
                 {0.5, 4.4},    {0.9, 7.5},  {0.99, 9.075}};
    for (size_t i = 0; i < COUNT(known); i++) {
        double copy[COUNT(x)];
        memcpy(copy, x, sizeof(x));
        cr_assert_float_eq(robust_quantile(copy, COUNT(x), known[i].p), known[i].quantile, 1e-12);
    }
    double scratch[COUNT(x)];
    /* The median deviation gives 3.26172, (7.5 + 1.5) / 2.5631 is larger. */
    cr_assert_float_eq(robust_scale(x, COUNT(x), scratch), 3.5113729468222075, 1e-12);
}

Test(robust, quantile_finds_every_order_statistic_of_repeated_values)
{
    for (size_t k = 0; k < 9; k++) {
        double x[] = {2, 2, 1, 3, 2, 1, 3, 3, 2};
        static const double sorted[] = {1, 1, 2, 2, 2, 2, 3, 3, 3};
        cr_assert_eq(robust_quantile(x, COUNT(x), (double)k / 8), sorted[k]);
    }
}

Test(robust, scale_sees_a_second_mode_and_no_wild_value)
{
    double scratch[40], wild[40], modes[40];
    for (int i = 0; i < 40; i++) {
        wild[i] = i % 7 - 3;
        modes[i] = wild[i] + (i % 4 == 0 ? 20 : 0);
    }
    double plain = robust_scale(wild, 40, scratch);
    wild[3] = 1e9;
    wild[9] = -1e9;
    cr_assert_lt(robust_scale(wild, 40, scratch), 1.3 * plain);
    cr_assert_gt(robust_scale(modes, 40, scratch), 2 * plain);
}

Test(robust, mean_leaves_wild_values_out)
{
    const double x[] = {10, 11, 9, 10, 1000};
    double scratch[5];
    cr_assert_float_eq(robust_mean(x, 5, 1, scratch), 10, 1e-12);
}
