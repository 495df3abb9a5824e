#include "decide/family.h"

#include <criterion/criterion.h>
#include <math.h>

Test(family, holm_multiplies_the_smallest_by_the_number_of_tests)
{
    /* R 4: p.adjust(c(.01, .04, .03, .5), "holm") */
    double p[] = {0.01, 0.04, 0.03, 0.5};
    static const double wanted[] = {0.04, 0.09, 0.09, 0.5};
    family_holm(p, 4, p);
    for (int i = 0; i < 4; i++)
        cr_assert_float_eq(p[i], wanted[i], 1e-12);
}

Test(family, what_is_no_test_does_not_count)
{
    double p[] = {NAN, 0.01, NAN, 0.02};
    family_holm(p, 4, p);
    cr_assert(isnan(p[0]) && isnan(p[2]));
    cr_assert_float_eq(p[1], 0.02, 1e-12);
    cr_assert_float_eq(p[3], 0.02, 1e-12);
    family_holm(p, 0, p);
}
