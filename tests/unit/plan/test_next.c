#include "plan/next.h"

#include <criterion/criterion.h>
#include <math.h>

enum { MAX = 256, BENCHMARKS = 3 };
static const char *const names[BENCHMARKS] = {"a", "b", "c"};

/* A range whose commits can be "measured": what they would give is known beforehand. */
struct range {
    struct plan_point points[MAX];
    struct plan_value values[MAX][BENCHMARKS];
    size_t count;
};

/* The same numbers in every run, about normal. */
static double noise(unsigned *state)
{
    double sum = 0;
    for (int i = 0; i < 12; i++) {
        *state = *state * 1664525u + 1013904223u;
        sum += (double)(*state >> 8) / (double)(1u << 24);
    }
    return sum - 6;
}

/* Benchmark b takes 100 ns, and `factor` times that from commit `step` (counted from the newest) to
 * the newest one; all with `sigma` of noise. */
static void make_range(struct range *r, size_t count, size_t step, double factor, double sigma)
{
    unsigned state = 42;
    r->count = count;
    for (size_t i = 0; i < count; i++) {
        r->points[i] = (struct plan_point){.status = PLAN_OPEN, .values = r->values[i]};
        for (size_t b = 0; b < BENCHMARKS; b++)
            r->values[i][b] = (struct plan_value){
                names[b], 100 * (b == 1 && i < step ? factor : 1) * exp(sigma * noise(&state)), 0};
    }
}

static void measure(struct range *r, size_t index)
{
    cr_assert_lt(index, r->count);
    cr_assert_eq(r->points[index].status, PLAN_OPEN);
    r->points[index].status = PLAN_MEASURED;
    r->points[index].value_count = BENCHMARKS;
}

static struct plan_choice next(const struct range *r, enum plan_order order)
{
    struct plan_choice choice;
    plan_next(r->points, r->count, order, &choice);
    return choice;
}

Test(next, by_age_from_either_end)
{
    struct range r;
    make_range(&r, 4, 0, 1, 0);
    cr_assert_eq(next(&r, PLAN_NEWEST_FIRST).index, 0);
    cr_assert_eq(next(&r, PLAN_OLDEST_FIRST).index, 3);
    measure(&r, 0);
    r.points[3].status = PLAN_CLOSED;
    cr_assert_eq(next(&r, PLAN_NEWEST_FIRST).index, 1);
    cr_assert_eq(next(&r, PLAN_OLDEST_FIRST).index, 2);
}

Test(next, nothing_is_left_in_the_end)
{
    for (int order = PLAN_NEWEST_FIRST; order <= PLAN_INFORMATION; order++) {
        struct range r;
        make_range(&r, 9, 4, 2, 0.002);
        size_t measured = 0;
        for (size_t at; (at = next(&r, (enum plan_order)order).index) != PLAN_NONE; measured++)
            measure(&r, at);
        cr_assert_eq(measured, 9);
        cr_assert_eq(next(&(struct range){.count = 0}, (enum plan_order)order).index, PLAN_NONE);
    }
}

Test(next, without_values_the_range_is_covered_coarsely_then_finely)
{
    struct range r;
    make_range(&r, 17, 0, 1, 0);
    static const size_t wanted[] = {0, 16, 8, 4, 12};
    for (size_t i = 0; i < 5; i++) {
        size_t at = next(&r, PLAN_INFORMATION).index;
        cr_assert_eq(at, wanted[i], "turn %zu: %zu", i, at);
        r.points[at].status = PLAN_CLOSED; /* it does not build */
        r.points[at].tried = true;
    }
}

Test(next, without_a_step_the_range_is_covered_coarsely_then_finely)
{
    struct range r;
    make_range(&r, 17, 0, 1, 0.001);
    static const size_t wanted[] = {0, 16, 8};
    for (size_t i = 0; i < 3; i++) {
        size_t at = next(&r, PLAN_INFORMATION).index;
        cr_assert_eq(at, wanted[i], "turn %zu: %zu", i, at);
        measure(&r, at);
    }
    size_t at = next(&r, PLAN_INFORMATION).index;
    cr_assert(at == 4 || at == 12, "%zu", at);
}

Test(next, the_largest_step_is_found_in_as_many_halvings_as_it_takes)
{
    /* Every place that it can be at. */
    for (size_t step = 1; step < 100; step++) {
        struct range r;
        make_range(&r, 100, step, 1.3, 0.002);
        size_t turns = 0;
        for (; r.points[step - 1].status != PLAN_MEASURED || r.points[step].status != PLAN_MEASURED;
             turns++)
            measure(&r, next(&r, PLAN_INFORMATION).index);
        /* Both ends, and ceil(log2(99)). */
        cr_assert_leq(turns, 2 + 7, "step at %zu took %zu", step, turns);
    }
}

Test(next, the_choice_says_what_it_is_after)
{
    struct range r;
    make_range(&r, 10, 5, 0.5, 0);
    measure(&r, 0);
    measure(&r, 9);
    struct plan_choice choice = next(&r, PLAN_INFORMATION);
    cr_assert_eq(choice.newer, 0);
    cr_assert_eq(choice.older, 9);
    cr_assert_eq(choice.open, 8);
    cr_assert_str_eq(choice.benchmark, "b");
    cr_assert_float_eq(choice.ratio, 0.5, 1e-9);
}

Test(next, a_step_that_noise_explains_does_not_outweigh_a_wider_gap)
{
    struct range r;
    make_range(&r, 40, 10, 1.01, 0);
    for (size_t i = 0; i < 3; i++)
        measure(&r, (size_t[]){0, 12, 39}[i]);
    cr_assert_eq(next(&r, PLAN_INFORMATION).newer, 12);
    make_range(&r, 40, 10, 1.05, 0);
    for (size_t i = 0; i < 3; i++)
        measure(&r, (size_t[]){0, 12, 39}[i]);
    cr_assert_eq(next(&r, PLAN_INFORMATION).newer, 0);
}

Test(next, a_noisy_benchmark_has_to_move_further)
{
    struct range r;
    make_range(&r, 64, 4, 1.10, 0);
    /* `a` jumps up and down by 10 % everywhere. */
    for (size_t i = 0; i < 64; i++)
        r.values[i][0].level = i % 16 ? 100 : 110;
    for (size_t i = 0; i < 64; i += 8)
        measure(&r, i);
    struct plan_choice choice = next(&r, PLAN_INFORMATION);
    cr_assert_eq(choice.newer, 0);
    cr_assert_str_eq(choice.benchmark, "b");
}

Test(next, a_stated_error_counts)
{
    struct range r;
    make_range(&r, 10, 5, 1.05, 0);
    measure(&r, 0);
    measure(&r, 9);
    cr_assert_not_null(next(&r, PLAN_INFORMATION).benchmark);
    r.values[0][1].error = 0.04;
    cr_assert_null(next(&r, PLAN_INFORMATION).benchmark);
}

Test(next, a_commit_that_does_not_build_is_gone_around)
{
    struct range r;
    make_range(&r, 11, 5, 2, 0);
    measure(&r, 0);
    measure(&r, 10);
    for (size_t i = 0; i < 9; i++) {
        size_t at = next(&r, PLAN_INFORMATION).index;
        cr_assert_neq(at, PLAN_NONE);
        r.points[at].status = PLAN_CLOSED;
        r.points[at].tried = true;
    }
    cr_assert_eq(next(&r, PLAN_INFORMATION).index, PLAN_NONE);
}

Test(next, values_that_cannot_be_compared_are_left_out)
{
    struct range r;
    make_range(&r, 10, 5, 1, 0);
    measure(&r, 0);
    measure(&r, 9);
    r.values[0][0].level = 0;
    r.values[0][1].level = NAN;
    r.values[0][2] = (struct plan_value){"new", 5, 0};
    struct plan_choice choice = next(&r, PLAN_INFORMATION);
    cr_assert_null(choice.benchmark);
    cr_assert_neq(choice.index, PLAN_NONE);
}
