#include "decide/noise.h"

#include "decide/robust.h"
#include "random.h"

#include <criterion/criterion.h>
#include <math.h>

enum { POINTS = 4000 };

/* AR(1) with the standard deviation `scale`. */
static void correlated(double *x, size_t n, double r, double scale, uint64_t seed)
{
    double last = random_normal(&seed);
    for (size_t i = 0; i < n; i++) {
        x[i] = scale * last;
        last = r * last + sqrt(1 - r * r) * random_normal(&seed);
    }
}

Test(noise, the_variance_of_a_mean_is_the_sum_of_all_covariances)
{
    static const double correlations[] = {0, 0.1, 0.4, 0.7};
    static const size_t lengths[] = {1, 2, 3, 10, 57};
    for (size_t k = 0; k < 4; k++)
        for (size_t l = 0; l < 5; l++) {
            double sum = 0;
            for (size_t i = 0; i < lengths[l]; i++)
                for (size_t j = 0; j < lengths[l]; j++)
                    sum += pow(correlations[k], i > j ? (double)(i - j) : (double)(j - i));
            cr_assert_float_eq(noise_mean_variance(correlations[k], lengths[l]),
                               sum / (double)lengths[l], 1e-12);
        }
    cr_assert_float_eq(noise_mean_variance(0.4, 1000000), noise_long_run(0.4), 1e-5);
    cr_assert_eq(noise_mean_variance(0.4, 0), 1);
}

Test(noise, scale_and_correlation_of_an_ar1_process_are_found)
{
    static double x[POINTS], residual[POINTS], scratch[POINTS];
    static const double correlations[] = {0, 0.3, 0.6};
    for (size_t k = 0; k < 3; k++) {
        correlated(x, POINTS, correlations[k], 0.02, 5 + k);
        const size_t cuts[] = {1500};
        for (size_t i = 1500; i < POINTS; i++)
            x[i] += 1;
        const struct noise_stretches stretches = {x, POINTS, cuts, 1};
        noise_residuals(&stretches, residual, scratch);
        struct noise noise = noise_of_residuals(&stretches, residual, 0, scratch);
        /* The variance of a scale from correlated points is larger by (1 + r²)/(1 - r²). */
        double r = correlations[k];
        double error = 2 * 0.02 * sqrt((1 + r * r) / (1 - r * r) / POINTS);
        cr_assert_float_eq(noise.scale, 0.02, 4 * error + 0.01 * 0.02, "%g", noise.scale);
        /* Rounded to .02, and half a standard error low. */
        cr_assert_float_eq(noise.correlation, correlations[k], 0.06, "%g", noise.correlation);
    }
}

Test(noise, residuals_are_what_the_medians_of_the_stretches_leave)
{
    const double x[] = {1, 2, 9, 10, 20, 30};
    static const double wanted[] = {-1, 0, 7, -10, 0, 10};
    const size_t cuts[] = {3};
    double residual[6], scratch[6];
    const struct noise_stretches stretches = {x, 6, cuts, 1};
    noise_residuals(&stretches, residual, scratch);
    for (size_t i = 0; i < 6; i++)
        cr_assert_eq(residual[i], wanted[i]);
}

Test(noise, differences_give_the_scale_in_spite_of_steps)
{
    static double x[POINTS], scratch[POINTS];
    correlated(x, POINTS, 0, 0.02, 9);
    for (size_t i = 0; i < POINTS; i++)
        x[i] += (double)(i / 500);
    cr_assert_float_eq(noise_of_differences(x, POINTS, scratch), 0.02, 0.0015);
    cr_assert_eq(noise_of_differences(x, 4, scratch), 0);
}

Test(noise, it_is_never_below_the_floor_and_larger_nearby_only_where_it_clearly_is)
{
    static double x[POINTS], residual[POINTS], scratch[POINTS];
    const struct noise_stretches stretches = {x, POINTS, NULL, 0};
    correlated(x, POINTS, 0, 0.01, 2);
    for (size_t i = 2000; i < 2060; i++)
        x[i] *= 3;
    noise_residuals(&stretches, residual, scratch);
    cr_assert_geq(noise_of_residuals(&stretches, residual, 0.5, scratch).scale, 0.49);
    struct noise noise = noise_of_residuals(&stretches, residual, 0, scratch);
    cr_assert_eq(noise_nearby(&noise, residual, POINTS, 500, scratch).scale, noise.scale);
    cr_assert_gt(noise_nearby(&noise, residual, POINTS, 2030, scratch).scale, 2 * noise.scale);
    cr_assert_eq(noise_nearby(&noise, residual, POINTS, 0, scratch).scale, noise.scale);
}
