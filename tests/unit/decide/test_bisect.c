#include "decide/bisect.h"

#include "random.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { RUNS_MAX = 400 };

struct line {
    size_t commits, first_new; /* `commits` or more: no change */
    double factor, sigma;
    uint64_t seed;
    bool closed[64];
    struct bisect_run runs[RUNS_MAX];
    size_t count;
};

static void measure(struct line *line, size_t commit)
{
    double level = 1000 * (commit >= line->first_new ? line->factor : 1);
    line->runs[line->count++] =
        (struct bisect_run){commit, level * exp(line->sigma * random_normal(&line->seed))};
}

static struct bisect_state decide(const struct line *line)
{
    struct bisect_state state;
    const struct bisect_question question = {.runs = line->runs,
                                             .run_count = line->count,
                                             .closed = line->closed,
                                             .commits = line->commits,
                                             .confidence = 0.95,
                                             .matters = 0.02};
    bisect_decide(&question, &state);
    return state;
}

/* Runs of the two ends that stand in the history. */
static void measure_ends(struct line *line, size_t each)
{
    for (size_t i = 0; i < each; i++) {
        measure(line, 0);
        measure(line, line->commits - 1);
    }
}

static struct bisect_state search(struct line *line)
{
    struct bisect_state state = decide(line);
    while (state.answer == BISECT_MEASURE && line->count < RUNS_MAX) {
        cr_assert_not(line->closed[state.next]);
        measure(line, state.next);
        state = decide(line);
    }
    return state;
}

static struct bisect_state decide_runs(const struct bisect_run *runs, size_t count, size_t commits)
{
    static const bool closed[64];
    struct bisect_state state;
    const struct bisect_question question = {runs, count, closed, commits, 0.95, 0.05};
    bisect_decide(&question, &state);
    return state;
}

Test(bisect, both_ends_are_measured_twice_before_anything_is_said)
{
    struct line line = {.commits = 9, .first_new = 4, .factor = 1.5, .sigma = 0.01, .seed = 1};
    const size_t wanted[] = {0, 8, 0, 8};
    for (size_t i = 0; i < 4; i++) {
        struct bisect_state state = decide(&line);
        cr_assert_eq(state.answer, BISECT_MEASURE);
        cr_assert_eq(state.next, wanted[i]);
        cr_assert(state.first == 1 && state.last == 8 && state.probability == 0);
        measure(&line, state.next);
    }
}

Test(bisect, the_posterior_is_that_of_a_direct_integration)
{
    /* numpy: sums over 1201 levels of each kind and 90 deviations, with the prior of the change
     * between every two levels. The grid's own error is below 1 %. */
    const struct bisect_run few[] = {{8, 1043}, {0, 1000}, {4, 1051}, {8, 1060}, {0, 1012}};
    struct bisect_state state = decide_runs(few, 5, 9);
    cr_assert_float_eq(state.none, 0.1383, 0.004);
    cr_assert_float_eq(state.probability / (1 - state.none), 0.2351, 0.004);
    const struct bisect_run more[] = {{0, 1000}, {0, 1012}, {0, 1005}, {8, 1043}, {8, 1060},
                                      {8, 1049}, {4, 1030}, {2, 1021}, {6, 1052}};
    state = decide_runs(more, 9, 9);
    cr_assert_float_eq(state.none, 0.0319, 0.002);
    cr_assert_float_eq(state.probability / (1 - state.none), 0.2175, 0.003);
    cr_assert_eq(state.first, 5);
    cr_assert_eq(state.answer, BISECT_MEASURE);
    cr_assert_eq(state.next, 4); /* 0.547 of it lies before; at 3 it is 0.331 */
    const struct bisect_run same[] = {{0, 1000}, {0, 1012}, {0, 1005}, {0, 995},
                                      {8, 1006}, {8, 1001}, {8, 990}};
    cr_assert_float_eq(decide_runs(same, 7, 9).none, 0.8871, 0.004);
}

Test(bisect, with_little_noise_it_is_bisection)
{
    size_t outside = 0;
    for (size_t place = 1; place < 64; place++) {
        struct line line = {
            .commits = 64, .first_new = place, .factor = 1.3, .sigma = 0.01, .seed = place};
        measure_ends(&line, 10);
        size_t before = line.count;
        struct bisect_state state = search(&line);
        cr_assert_eq(state.answer, BISECT_FOUND);
        cr_assert(state.first == place && state.last == place);
        cr_assert_leq(line.count - before, 7, "%zu runs", line.count - before);
        outside += !(state.low < 0.3 && state.high > 0.3);
    }
    /* 5 % of 63 and three standard errors. */
    cr_assert_leq(outside, 8, "%zu of 63 intervals", outside);
}

Test(bisect, a_found_commit_is_wrong_in_at_most_one_case_of_twenty)
{
    size_t wrong = 0, found = 0;
    for (uint64_t i = 0; i < 150; i++) {
        struct line line = {.commits = 32, .factor = exp(0.06), .sigma = 0.03, .seed = 500 + i};
        line.first_new = 1 + i % 31;
        struct bisect_state state = search(&line);
        found += state.answer == BISECT_FOUND;
        wrong += state.answer == BISECT_FOUND && state.first != line.first_new;
    }
    cr_assert_geq(found, 145);
    /* 5 % of 150 and three standard errors. */
    cr_assert_leq(wrong, 15, "%zu of %zu", wrong, found);
}

Test(bisect, without_a_change_it_says_so)
{
    size_t same = 0;
    for (uint64_t i = 0; i < 40; i++) {
        struct line line = {.commits = 32, .first_new = 99, .sigma = 0.01, .seed = 70 + i};
        same += search(&line).answer == BISECT_SAME;
    }
    cr_assert_geq(same, 35, "%zu of 40", same);
}

Test(bisect, commits_that_cannot_be_measured_make_the_answer_a_range)
{
    struct line line = {.commits = 16, .first_new = 7, .factor = 1.2, .sigma = 0.01, .seed = 3};
    line.closed[6] = line.closed[7] = true;
    struct bisect_state state = search(&line);
    cr_assert_eq(state.answer, BISECT_FOUND);
    cr_assert(state.first == 6 && state.last == 8);
    /* What was measured before it was closed tells all the same. */
    struct line known = line;
    for (size_t i = 0; i < 3; i++) {
        measure(&known, 6);
        measure(&known, 7);
    }
    state = decide(&known);
    cr_assert_eq(state.answer, BISECT_FOUND);
    cr_assert(state.first == 7 && state.last == 7);
}

Test(bisect, an_end_that_cannot_be_measured_is_said)
{
    struct line line = {.commits = 16, .first_new = 7, .factor = 1.2, .sigma = 0.01, .seed = 3};
    line.closed[0] = true;
    cr_assert_eq(decide(&line).answer, BISECT_STUCK);
    measure_ends(&line, 3);
    cr_assert_eq(search(&line).answer, BISECT_FOUND);
}

Test(bisect, one_wild_run_does_not_name_a_commit)
{
    struct line line = {.commits = 16, .first_new = 12, .factor = 1.1, .sigma = 0.01, .seed = 9};
    measure_ends(&line, 5);
    line.runs[line.count++] = (struct bisect_run){5, 1160};
    measure(&line, 4);
    struct bisect_state state = search(&line);
    cr_assert_eq(state.answer, BISECT_FOUND);
    cr_assert_eq(state.first, 12, "%zu", state.first);
}

Test(bisect, the_only_commit_of_a_range_is_found_by_its_ends)
{
    struct line line = {.commits = 2, .first_new = 1, .factor = 1.1, .sigma = 0.01, .seed = 4};
    struct bisect_state state = search(&line);
    cr_assert_eq(state.answer, BISECT_FOUND);
    cr_assert(state.first == 1 && state.last == 1);
    cr_assert_leq(line.count, 10);
}

Test(bisect, counts_that_never_vary_take_two_runs_of_each_end_and_one_of_each_step)
{
    struct line line = {.commits = 33, .first_new = 20, .factor = 1.001, .sigma = 0, .seed = 5};
    struct bisect_state state = search(&line);
    cr_assert_eq(state.answer, BISECT_FOUND);
    cr_assert(state.first == 20 && state.last == 20);
    cr_assert_leq(line.count, 4 + 5);
    struct line same = {.commits = 33, .first_new = 99, .sigma = 0, .seed = 5};
    cr_assert_eq(search(&same).answer, BISECT_SAME);
}

Test(bisect, numbers_that_are_not_positive_are_compared_as_differences)
{
    const struct bisect_run runs[] = {{0, 0},   {0, 0.1},  {0, -0.1}, {4, 5},     {4, 5.1},
                                      {4, 4.9}, {2, 0.02}, {3, 5.02}, {2, -0.05}, {3, 4.93}};
    struct bisect_state state = decide_runs(runs, 10, 5);
    cr_assert_not(state.relative);
    cr_assert_eq(state.answer, BISECT_FOUND);
    cr_assert(state.first == 3 && state.last == 3);
    cr_assert_float_eq(state.effect, 5, 0.3);
    const struct bisect_run zeros[] = {{0, 0}, {0, 0}, {4, 0}, {4, 0}};
    cr_assert_neq(decide_runs(zeros, 4, 5).answer, BISECT_FOUND);
    const struct bisect_run far[] = {{0, 1e-300}, {0, 1e-300}, {4, 1e300}, {4, 1e300}};
    state = decide_runs(far, 4, 5);
    cr_assert_eq(state.answer, BISECT_MEASURE);
    cr_assert(isfinite(state.none) && state.next == 2);
}
