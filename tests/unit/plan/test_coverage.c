#include "plan/coverage.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <string.h>

static struct strlist words(const char *text)
{
    struct strlist list = STRLIST_INIT;
    strlist_split(&list, text, ' ');
    return list;
}

/* Rows of `runs`, newest first, and of `results`, as the tests write them. */
struct table {
    struct recorded_run runs[8];
    struct strlist expected[8];
    size_t run_count;
    struct recorded_result results[32];
    size_t result_count;
    const char *test_bed;
};

static void add_run(struct table *t, struct recorded_run run, const char *expected)
{
    t->expected[t->run_count] = words(expected);
    run.test_bed = run.test_bed ? run.test_bed : "bed";
    run.expected = &t->expected[t->run_count];
    t->runs[t->run_count++] = run;
}

static void add_results(struct table *t, const char *run, const char *bed, const char *const *names)
{
    for (; *names; names++)
        t->results[t->result_count++] = (struct recorded_result){run, bed, *names};
}
#define RESULTS(t, run, ...) add_results(t, run, "bed", (const char *const[]){__VA_ARGS__, NULL})

static struct coverage judge(struct table *t)
{
    const struct recorded recorded = {t->runs, t->run_count, t->results, t->result_count,
                                      t->test_bed};
    struct coverage coverage;
    coverage_of(&recorded, &coverage);
    for (size_t i = 0; i < t->run_count; i++)
        strlist_release(&t->expected[i]);
    return coverage;
}

Test(coverage, nothing_recorded_is_missing)
{
    struct table t = {0};
    AUTO_COVERAGE struct coverage c = judge(&t);
    cr_assert_eq(c.state, COMMIT_MISSING);
    cr_assert(!c.settled && !c.runs);
}

Test(coverage, a_complete_run_settles_its_commit)
{
    struct table t = {0};
    add_run(&t, (struct recorded_run){.run = "1", .whole = true, .result_count = 2}, "a b");
    RESULTS(&t, "1", "a", "b");
    AUTO_COVERAGE struct coverage c = judge(&t);
    cr_assert_eq(c.state, COMMIT_COMPLETE);
    cr_assert(c.settled && c.runs == 1 && !c.missing.count);
}

Test(coverage, a_complete_run_whose_results_are_elsewhere_does_not_count)
{
    struct table t = {0};
    add_run(&t, (struct recorded_run){.run = "1", .whole = true, .result_count = 2}, "a b");
    AUTO_COVERAGE struct coverage c = judge(&t);
    cr_assert_eq(c.state, COMMIT_MISSING);
}

Test(coverage, another_machine_counts_only_when_nobody_asks_for_one)
{
    for (int i = 0; i < 2; i++) {
        struct table t = {.test_bed = i ? "other" : NULL};
        add_run(&t, (struct recorded_run){.run = "1", .result_count = 1}, "a");
        RESULTS(&t, "1", "a");
        AUTO_COVERAGE struct coverage c = judge(&t);
        cr_assert_eq(c.state, i ? COMMIT_MISSING : COMMIT_COMPLETE);
    }
}

Test(coverage, what_failed_for_a_recorded_reason_is_settled)
{
    struct table t = {0};
    add_run(&t,
            (struct recorded_run){.run = "1",
                                  .outcome = RECORDED_PARTIAL,
                                  .whole = true,
                                  .reason = "b: exited with code 1",
                                  .result_count = 1},
            "a b");
    RESULTS(&t, "1", "a");
    AUTO_COVERAGE struct coverage c = judge(&t);
    cr_assert_eq(c.state, COMMIT_PARTIAL);
    cr_assert(c.settled);
    cr_assert_eq(c.failures, 1);
    cr_assert_eq(c.missing.count, 1);
    cr_assert_str_eq(c.missing.items[0], "b");
    cr_assert_str_eq(c.reason, "b: exited with code 1");
}

Test(coverage, what_is_not_there_and_nobody_says_why_is_not_settled)
{
    struct table t = {0};
    add_run(&t, (struct recorded_run){.run = "1", .outcome = RECORDED_PARTIAL, .result_count = 1},
            "a b");
    RESULTS(&t, "1", "a");
    AUTO_COVERAGE struct coverage c = judge(&t);
    cr_assert_eq(c.state, COMMIT_PARTIAL);
    cr_assert(!c.settled);
}

Test(coverage, a_build_that_failed_is_settled_and_failed)
{
    struct table t = {0};
    add_run(
        &t,
        (struct recorded_run){
            .run = "1", .outcome = RECORDED_FAILED, .whole = true, .reason = "does not compile"},
        "");
    AUTO_COVERAGE struct coverage c = judge(&t);
    cr_assert_eq(c.state, COMMIT_FAILED);
    cr_assert(c.settled && c.failures == 1);
}

Test(coverage, a_later_complete_run_outweighs_one_that_failed)
{
    struct table t = {0};
    add_run(&t, (struct recorded_run){.run = "2", .whole = true, .result_count = 2}, "a b");
    add_run(&t,
            (struct recorded_run){.run = "1",
                                  .outcome = RECORDED_PARTIAL,
                                  .whole = true,
                                  .reason = "b failed",
                                  .result_count = 1},
            "a b");
    RESULTS(&t, "2", "a", "b");
    RESULTS(&t, "1", "a");
    AUTO_COVERAGE struct coverage c = judge(&t);
    cr_assert_eq(c.state, COMMIT_COMPLETE);
    cr_assert(c.settled && !c.reason);
}

Test(coverage, an_output_that_is_whole_by_itself_does_not_hide_what_its_run_lacks)
{
    struct table t = {0};
    add_run(&t,
            (struct recorded_run){.run = "1",
                                  .outcome = RECORDED_PARTIAL,
                                  .whole = true,
                                  .reason = "b failed",
                                  .result_count = 1},
            "a b");
    add_run(&t, (struct recorded_run){.run = "1", .part = true, .result_count = 1}, "a");
    RESULTS(&t, "1", "a");
    AUTO_COVERAGE struct coverage c = judge(&t);
    cr_assert_eq(c.state, COMMIT_PARTIAL);
    cr_assert_eq(c.runs, 1);
}

Test(coverage, jobs_that_share_a_run_are_partial_when_one_of_them_failed)
{
    struct table t = {0};
    add_run(&t, (struct recorded_run){.run = "7-1", .whole = true, .result_count = 1}, "a");
    add_run(
        &t,
        (struct recorded_run){
            .run = "7-1", .outcome = RECORDED_FAILED, .whole = true, .reason = "does not compile"},
        "b");
    RESULTS(&t, "7-1", "a");
    AUTO_COVERAGE struct coverage c = judge(&t);
    cr_assert_eq(c.state, COMMIT_PARTIAL);
    cr_assert(c.settled && c.runs == 1 && c.missing.count == 1);
}

Test(coverage, an_interrupted_run_is_not_settled)
{
    struct table t = {0};
    add_run(&t,
            (struct recorded_run){.run = "1",
                                  .outcome = RECORDED_INTERRUPTED,
                                  .whole = true,
                                  .reason = "interrupted",
                                  .result_count = 1},
            "a b");
    RESULTS(&t, "1", "a");
    AUTO_COVERAGE struct coverage c = judge(&t);
    cr_assert_eq(c.state, COMMIT_INTERRUPTED);
    cr_assert(!c.settled && !c.failures);
}

Test(coverage, a_smaller_run_does_not_account_for_what_an_interrupted_one_lacks)
{
    struct table t = {0};
    add_run(&t, (struct recorded_run){.run = "2", .whole = true, .result_count = 1}, "c");
    add_run(&t,
            (struct recorded_run){.run = "1",
                                  .outcome = RECORDED_INTERRUPTED,
                                  .whole = true,
                                  .reason = "stopped",
                                  .result_count = 1},
            "a b c");
    RESULTS(&t, "2", "c");
    RESULTS(&t, "1", "a");
    AUTO_COVERAGE struct coverage c = judge(&t);
    cr_assert_eq(c.state, COMMIT_INTERRUPTED);
    cr_assert(!c.settled);
    cr_assert_eq(c.missing.count, 1);
}

Test(coverage, runs_may_complete_one_another)
{
    struct table t = {0};
    add_run(&t, (struct recorded_run){.run = "2", .whole = true, .result_count = 2}, "b c");
    add_run(&t,
            (struct recorded_run){
                .run = "1", .outcome = RECORDED_INTERRUPTED, .whole = true, .result_count = 1},
            "a b c");
    RESULTS(&t, "2", "b", "c");
    RESULTS(&t, "1", "a");
    AUTO_COVERAGE struct coverage c = judge(&t);
    cr_assert_eq(c.state, COMMIT_COMPLETE);
}

Test(coverage, a_run_that_was_killed_while_it_was_stored_is_cut_off)
{
    struct table t = {0};
    add_run(&t, (struct recorded_run){.run = "1", .part = true, .result_count = 1}, "a");
    RESULTS(&t, "1", "a");
    AUTO_COVERAGE struct coverage c = judge(&t);
    cr_assert_eq(c.state, COMMIT_INTERRUPTED);
    cr_assert(!c.settled);
    cr_assert_eq(c.cut_off.count, 1);
    cr_assert_str_eq(c.cut_off.items[0], "1");
}

Test(coverage, a_run_that_was_taken_back_leaves_nothing)
{
    struct table t = {0};
    add_run(&t,
            (struct recorded_run){
                .run = "1", .outcome = RECORDED_INVALIDATED, .reason = "hot", .result_count = 1},
            "a");
    RESULTS(&t, "1", "a");
    AUTO_COVERAGE struct coverage c = judge(&t);
    cr_assert_eq(c.state, COMMIT_INVALIDATED);
    cr_assert(!c.settled && !c.missing.count);
    cr_assert_str_eq(c.reason, "hot");
}

Test(coverage, results_of_a_run_that_was_taken_back_are_missing_again)
{
    struct table t = {0};
    add_run(&t,
            (struct recorded_run){.run = "2",
                                  .outcome = RECORDED_PARTIAL,
                                  .whole = true,
                                  .reason = "a failed",
                                  .result_count = 1},
            "a b");
    add_run(&t,
            (struct recorded_run){.run = "1", .outcome = RECORDED_INVALIDATED, .result_count = 1},
            "a b");
    RESULTS(&t, "2", "b");
    RESULTS(&t, "1", "a", "b");
    AUTO_COVERAGE struct coverage c = judge(&t);
    cr_assert_eq(c.state, COMMIT_PARTIAL);
    cr_assert_eq(c.missing.count, 1);
}

Test(coverage, rows_of_another_writer_are_complete)
{
    struct table t = {0};
    RESULTS(&t, NULL, "a");
    AUTO_COVERAGE struct coverage c = judge(&t);
    cr_assert_eq(c.state, COMMIT_COMPLETE);
    cr_assert(c.settled);
}

Test(coverage, an_outcome_of_a_newer_program_is_left_out)
{
    struct table t = {0};
    add_run(&t, (struct recorded_run){.run = "1", .outcome = RECORDED_UNKNOWN}, "a");
    AUTO_COVERAGE struct coverage c = judge(&t);
    cr_assert_eq(c.state, COMMIT_MISSING);
}
