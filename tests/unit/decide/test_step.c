#include "decide/step.h"

#include "random.h"

#include <criterion/criterion.h>
#include <math.h>

enum { POINTS = 60, AT = 25 };

struct made {
    double x[POINTS], scratch[3 * POINTS];
    struct step_window window;
};

/* Normal points of scale 1, and a step of that size. */
static void make(struct made *made, double size, uint64_t seed)
{
    for (size_t i = 0; i < POINTS; i++)
        made->x[i] = random_normal(&seed) + (i >= AT ? size : 0);
    made->window = (struct step_window){.x = made->x,
                                        .n = POINTS,
                                        .at = AT,
                                        .noise = {.scale = 1},
                                        .cap = 3,
                                        .scratch = made->scratch};
}

Test(step, levels_error_and_evidence_are_those_of_two_samples)
{
    struct made made;
    make(&made, 4, 1);
    for (size_t i = 0; i < POINTS; i++)
        made.x[i] = (i >= AT ? 4 : 0) + (i % 2 ? 1 : -1);
    struct step step = step_measure(&made.window);
    /* 25 and 35 points of -1 and 1 around the level. */
    cr_assert_float_eq(step.before, -1.0 / 25, 1e-12);
    cr_assert_float_eq(step.after, 4 + 1.0 / 35, 1e-12);
    /* The scale of the series is 1, that of these points, by their median deviation, 1.4826. */
    double unit = sqrt(1.0 / 25 + 1.0 / 35);
    cr_assert(step.error > unit && step.error < 1.4826 * 1.05 * unit);
    cr_assert_float_eq(step.evidence, (step.after - step.before) / step.error, 1e-12);
    cr_assert_float_eq(step.size, (step.after - step.before) / step.scale, 1e-12);
    cr_assert_eq(step.best, AT);
}

Test(step, correlated_noise_makes_the_same_step_less_certain)
{
    struct made made;
    make(&made, 2, 3);
    struct step plain = step_measure(&made.window);
    made.window.noise.correlation = 0.5;
    struct step together = step_measure(&made.window);
    cr_assert_float_eq(together.error / plain.error, sqrt(noise_mean_variance(0.5, 30)), 0.02);
    cr_assert(together.last - together.first >= plain.last - plain.first);
    cr_assert_lt(together.certainty, plain.certainty);
}

Test(step, the_place_lies_in_its_interval_as_often_as_it_says)
{
    /* Conditional on the cut being where it is made; 4 standard deviations of 2,000: 1.9 %. */
    static const double sizes[] = {1, 1.5, 2};
    for (size_t k = 0; k < 3; k++) {
        size_t inside = 0;
        for (uint64_t seed = 0; seed < 2000; seed++) {
            struct made made;
            make(&made, sizes[k], 10000 * k + seed);
            struct step step = step_measure(&made.window);
            inside += step.first <= AT && AT <= step.last;
        }
        cr_assert_geq((double)inside / 2000, 0.95 - 0.019, "size %g: %zu", sizes[k], inside);
    }
}

Test(step, a_straight_line_explains_a_drift_and_not_a_step)
{
    struct made made;
    make(&made, 4, 5);
    struct step step = step_measure(&made.window);
    struct step_drift drift = step_against_drift(&made.window, &step);
    cr_assert(drift.over_line > 10 && drift.over_cubic > 5);
    for (size_t i = 0; i < POINTS; i++)
        made.x[i] += 4 * (double)i / POINTS - (i >= AT ? 4 : 0);
    step = step_measure(&made.window);
    cr_assert_lt(step_against_drift(&made.window, &step).over_line, 0);
}
