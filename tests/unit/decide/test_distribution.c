#include "decide/distribution.h"

#include <criterion/criterion.h>
#include <math.h>

/* Reference values: scipy 1.17.1, scipy.stats.norm and scipy.stats.t, functions ppf and sf. */

static void expect_near(double got, double wanted, double tolerance)
{
    cr_assert(fabs(got - wanted) <= tolerance * fmax(fabs(wanted), 1e-300), "%.17g is not %.17g",
              got, wanted);
}

Test(distribution, normal_quantiles_are_those_of_scipy)
{
    expect_near(normal_quantile(0.975), 1.959963984540054, 1e-12);
    expect_near(normal_quantile(0.99), 2.3263478740408408, 1e-12);
    expect_near(normal_quantile(0.9995), 3.2905267314919255, 1e-12);
    expect_near(normal_quantile(1e-4), -3.7190164854556804, 1e-12);
    expect_near(normal_quantile(1e-10), -6.361340902404056, 1e-12);
    expect_near(normal_quantile(0.8), 0.8416212335729143, 1e-12);
    cr_assert_eq(normal_quantile(0.5), 0);
}

Test(distribution, normal_tails_are_those_of_scipy)
{
    expect_near(normal_upper(0), 0.5, 1e-15);
    expect_near(normal_upper(1), 0.15865525393145707, 1e-12);
    expect_near(normal_upper(1.96), 0.024997895148220435, 1e-12);
    expect_near(normal_upper(5), 2.866515718791933e-07, 1e-12);
    expect_near(normal_upper(-2), 0.9772498680518208, 1e-12);
    expect_near(normal_upper(10), 7.61985302416047e-24, 1e-12);
}

Test(distribution, student_quantiles_are_those_of_scipy)
{
    static const struct {
        double p, freedom, t;
    } known[] = {
        {0.975, 1, 12.706204736174694},   {0.975, 4, 2.7764451051977934},
        {0.99, 19, 2.5394831906239625},   {0.9995, 19, 3.883405852592131},
        {0.99, 3.5, 4.060711359300081},   {0.8, 9, 0.8834038596855346},
        {0.95, 1000, 1.6463788172854643}, {1e-5, 18, -5.722331169969607},
        {0.99999, 2, 223.60344363454604},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        expect_near(student_quantile(known[i].p, known[i].freedom), known[i].t, 1e-9);
    cr_assert_eq(student_quantile(0.5, 7), 0);
}

Test(distribution, student_tails_are_those_of_scipy)
{
    static const struct {
        double t, freedom, p;
    } known[] = {
        {0, 5, 0.5},
        {2.5, 4, 0.03338327240599407},
        {-1, 10, 0.8295534338489701},
        {12, 19, 1.2954473186110983e-10},
        {40, 3, 1.7190340394579253e-05},
        {1.2, 1, 0.22114206162369554},
        {3, 1e8, 0.0013498983640187468},
        {6.6, 200, 1.8056953786447331e-10},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        expect_near(student_upper(known[i].t, known[i].freedom), known[i].p, 1e-8);
}

Test(distribution, quantiles_of_the_impossible_are_infinite_or_not_a_number)
{
    cr_assert_eq(normal_quantile(0), -INFINITY);
    cr_assert_eq(normal_quantile(1), INFINITY);
    cr_assert(isnan(normal_quantile(NAN)));
    cr_assert_eq(student_quantile(0, 3), -INFINITY);
    cr_assert_eq(student_quantile(1, 3), INFINITY);
    cr_assert(isnan(student_quantile(NAN, 3)));
    cr_assert_eq(student_upper(INFINITY, 3), 0);
    cr_assert_eq(student_upper(-INFINITY, 3), 1);
}
