#include "decide/exact.h"

#include <criterion/criterion.h>
#include <math.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(exact, values_without_spread_but_steps_are_exact)
{
    const double steps[] = {5, 5, NAN, 5, 5, 7, 7, 7, 7}, noise[] = {5, 6, 5, 6, 5, 6, 5, 6},
                 few[] = {5, 5, 5}, none[] = {NAN, NAN, NAN, NAN, NAN};
    cr_assert(exact_values(steps, COUNT(steps)));
    cr_assert_not(exact_values(noise, COUNT(noise)));
    cr_assert_not(exact_values(few, COUNT(few)));
    cr_assert_not(exact_values(none, COUNT(none)));
    cr_assert_not(exact_values(NULL, 0));
}

Test(exact, every_difference_is_a_change)
{
    const double values[] = {100, 100, NAN, 101, 101, 100, NAN};
    struct change changes[COUNT(values)];
    cr_assert_eq(exact_changes(values, COUNT(values), changes), 2);
    cr_assert_eq(changes[0].index, 3);
    cr_assert_eq(changes[0].previous, 1);
    cr_assert_float_eq(changes[0].relative, 0.01, 1e-12);
    cr_assert_eq(changes[0].confidence, 1);
    cr_assert_eq(changes[1].index, 5);
    cr_assert(changes[1].before == 101 && changes[1].after == 100);
}

Test(exact, from_nothing_there_is_no_relative_change)
{
    const double values[] = {0, 0, 0, 2};
    struct change changes[COUNT(values)];
    cr_assert_eq(exact_changes(values, COUNT(values), changes), 1);
    cr_assert(isnan(changes[0].relative));
    struct prediction p;
    cr_assert(exact_predict(values, 3, values + 3, 1, &p));
    cr_assert(!p.relative && p.effect == 2 && p.p_higher == 0 && p.p_lower == 1);
}

Test(exact, a_prediction_takes_equal_runs_on_both_sides)
{
    const double history[] = {90, 100, 100, 100}, same[] = {100, 100}, more[] = {100.5},
                 mixed[] = {100, 101};
    struct prediction p = {.runs = 77};
    cr_assert(exact_predict(history, 4, same, 2, &p));
    cr_assert(p.p_higher == 1 && p.p_lower == 1 && p.effect == 0 && p.history == 3 && p.since == 1);
    cr_assert(exact_predict(history, 4, more, 1, &p));
    cr_assert(p.p_higher == 0 && p.relative);
    cr_assert_float_eq(p.effect, 0.005, 1e-12);
    p.runs = 77;
    cr_assert_not(exact_predict(history, 4, mixed, 2, &p));
    cr_assert_not(exact_predict(history, 3, same, 2, &p), "two equal runs are no history");
    cr_assert_not(exact_predict(history, 4, same, 0, &p));
    cr_assert_eq(p.runs, 77);
}
