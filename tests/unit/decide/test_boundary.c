#include "decide/boundary.h"

#include <criterion/criterion.h>
#include <math.h>

/* Shares of 4,000,000 random walks of normal steps, drawn with numpy 2, that passed the limit at
 * any look. */
static const struct {
    struct boundary_looks looks;
    double nominal, simulated;
} walks[] = {
    {{6, 40, 2}, 0.05, 0.2058155},
    {{6, 40, 2}, 0.01, 0.052384},
    {{10, 40, 2}, 0.0002, 0.0012625},
};

Test(boundary, is_near_what_random_walks_do)
{
    for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
        double level = boundary_level(walks[i].nominal, &walks[i].looks);
        cr_assert_float_eq(level / walks[i].simulated, 1, 0.1, "%g: %g", walks[i].nominal, level);
    }
}

Test(boundary, the_nominal_level_is_the_inverse)
{
    static const double levels[] = {0.3, 0.05, 0.01, 0.001, 1e-6};
    const struct boundary_looks looks = {6, 40, 2};
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        double nominal = boundary_nominal(levels[i], &looks);
        cr_assert_lt(nominal, levels[i]);
        cr_assert_float_eq(boundary_level(nominal, &looks) / levels[i], 1, 1e-9);
    }
}

Test(boundary, more_looks_are_stricter)
{
    const struct boundary_looks few = {6, 20, 2}, many = {6, 400, 2};
    cr_assert_lt(boundary_nominal(0.01, &many), boundary_nominal(0.01, &few));
}

Test(boundary, one_look_is_the_plain_test)
{
    const struct boundary_looks one = {10, 10, 2};
    cr_assert_float_eq(boundary_nominal(0.01, &one), 0.01, 1e-9);
}
