#include "jobs/queue.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Owners of these tests are words that say what they are. */
static enum owner_life look(const char *owner, const struct owner *self)
{
    (void)self;
    return !strcmp(owner, "dead")    ? OWNER_DEAD
           : !strcmp(owner, "self")  ? OWNER_SELF
           : !strcmp(owner, "alive") ? OWNER_ALIVE
                                     : OWNER_ELSEWHERE;
}

static struct queue_view view_at(int64_t now)
{
    return (struct queue_view){
        .test_bed = "bed",
        .pull_requests = true,
        .terms = {600, 60, 300, 3},
        .now = now,
        .look = look,
    };
}

/* Commit number `n`. */
static enum queue_added add(struct poll_jobs *jobs, enum poll_job_kind kind, int n, int64_t now)
{
    char commit[41];
    snprintf(commit, sizeof(commit), "%040d", n);
    const struct poll_job job = {
        .kind = kind,
        .repository = (char *)"https://example.org/x",
        .commit = commit,
        .test_bed = (char *)"bed",
    };
    return queue_add(jobs, &job, now);
}

static int number(const struct poll_job *job)
{
    int n = -1;
    if (job)
        cr_assert_eq(sscanf(job->commit, "%d", &n), 1);
    return n;
}

Test(queue, the_same_commit_is_one_job_and_the_greater_priority_counts)
{
    AUTO_POLL_JOBS struct poll_jobs jobs = {0};
    cr_assert_eq(add(&jobs, POLL_JOB_BACKFILL, 1, 10), QUEUE_ADDED);
    cr_assert_eq(add(&jobs, POLL_JOB_BACKFILL, 1, 11), QUEUE_UNCHANGED);
    cr_assert_eq(add(&jobs, POLL_JOB_COMMIT, 1, 12), QUEUE_RAISED);
    cr_assert_eq(add(&jobs, POLL_JOB_BACKFILL, 1, 13), QUEUE_UNCHANGED);
    cr_assert_eq(jobs.count, 1);
    cr_assert_eq(jobs.items[0].kind, POLL_JOB_COMMIT);
    cr_assert_eq(add(&jobs, POLL_JOB_PULL_REQUEST, 1, 14), QUEUE_ADDED, "its results go elsewhere");
}

Test(queue, a_job_that_has_ended_is_not_queued_again)
{
    static const enum poll_job_state ended[] = {POLL_JOB_DONE, POLL_JOB_FAILED, POLL_JOB_CANCELLED,
                                                POLL_JOB_LEASED};
    for (size_t i = 0; i < ARRAY_SIZE(ended); i++) {
        AUTO_POLL_JOBS struct poll_jobs jobs = {0};
        add(&jobs, POLL_JOB_COMMIT, 1, 10);
        jobs.items[0].state = ended[i];
        cr_assert_eq(add(&jobs, POLL_JOB_PULL_REQUEST - 1, 1, 20), QUEUE_UNCHANGED);
        cr_assert_eq(jobs.items[0].state, ended[i]);
    }
}

Test(queue, another_approval_of_a_pull_request_is_another_round)
{
    AUTO_POLL_JOBS struct poll_jobs jobs = {0};
    struct poll_job job = {
        .kind = POLL_JOB_PULL_REQUEST,
        .repository = (char *)"https://example.org/x",
        .commit = (char *)"0123456789abcdef0123456789abcdef01234567",
        .test_bed = (char *)"bed",
        .check_run = 7,
    };
    cr_assert_eq(queue_add(&jobs, &job, 10), QUEUE_ADDED);
    cr_assert_eq(jobs.items[0].check_run, 7);
    job.check_run = 8;
    cr_assert_eq(queue_add(&jobs, &job, 11), QUEUE_UNCHANGED, "it waits still");
    cr_assert_eq(lease_cancel(&jobs.items[0], NULL, 12, NULL), 0);
    job.check_run = 7;
    cr_assert_eq(queue_add(&jobs, &job, 13), QUEUE_UNCHANGED, "the same approval");
    job.check_run = 8;
    job.arguments = (char *)"[\"--rust-only\"]";
    cr_assert_eq(queue_add(&jobs, &job, 14), QUEUE_ADDED);
    cr_assert_eq(jobs.count, 1);
    cr_assert_eq(jobs.items[0].state, POLL_JOB_QUEUED);
    cr_assert_eq(jobs.items[0].round, 1);
    cr_assert_eq(jobs.items[0].check_run, 8);
    cr_assert_str_eq(jobs.items[0].arguments, "[\"--rust-only\"]");
}

Test(queue, what_was_taken_back_after_a_job_was_done_is_another_round)
{
    AUTO_POLL_JOBS struct poll_jobs jobs = {0};
    struct poll_job job = {
        .repository = (char *)"https://example.org/x",
        .commit = (char *)"0123456789abcdef0123456789abcdef01234567",
        .test_bed = (char *)"bed",
        .added_at = 20,
    };
    cr_assert_eq(queue_add(&jobs, &job, 10), QUEUE_ADDED);
    jobs.items[0].state = POLL_JOB_DONE;
    jobs.items[0].ended_at = 20;
    cr_assert_eq(queue_add(&jobs, &job, 21), QUEUE_UNCHANGED, "it may have been seen before");
    job.added_at = 21;
    cr_assert_eq(queue_add(&jobs, &job, 22), QUEUE_ADDED);
    cr_assert_eq(jobs.items[0].state, POLL_JOB_QUEUED);
    cr_assert_eq(jobs.items[0].round, 1);
    jobs.items[0].state = POLL_JOB_FAILED;
    jobs.items[0].ended_at = 23;
    job.added_at = 30;
    cr_assert_eq(queue_add(&jobs, &job, 30), QUEUE_UNCHANGED, "it cannot be measured");
}

Test(queue, pull_requests_come_first_backfill_last_and_older_ones_before_newer_ones)
{
    AUTO_POLL_JOBS struct poll_jobs jobs = {0};
    add(&jobs, POLL_JOB_BACKFILL, 1, 1);
    add(&jobs, POLL_JOB_COMMIT, 2, 5);
    add(&jobs, POLL_JOB_COMMIT, 3, 4);
    add(&jobs, POLL_JOB_PULL_REQUEST, 4, 9);
    static const int order[] = {4, 3, 2, 1};
    struct queue_view view = view_at(100);
    for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
        struct poll_job *job = queue_next(&jobs, &view);
        int64_t token = 0;
        cr_assert_eq(number(job), order[i]);
        lease_take(job, "alive", &view.terms, 100, &token);
    }
    cr_assert_null(queue_next(&jobs, &view));
}

Test(queue, a_machine_takes_only_what_is_meant_for_it)
{
    AUTO_POLL_JOBS struct poll_jobs jobs = {0};
    add(&jobs, POLL_JOB_PULL_REQUEST, 1, 1);
    struct queue_view view = view_at(100);
    view.pull_requests = false;
    cr_assert_null(queue_next(&jobs, &view));
    view.pull_requests = true;
    view.test_bed = "another";
    cr_assert_null(queue_next(&jobs, &view));
    view.test_bed = "bed";
    view.repository = "https://example.org/y";
    cr_assert_null(queue_next(&jobs, &view));
    view.repository = "https://example.org/x";
    cr_assert_eq(number(queue_next(&jobs, &view)), 1);
}

Test(queue, the_job_of_a_dead_process_is_taken_over_before_a_queued_one)
{
    AUTO_POLL_JOBS struct poll_jobs jobs = {0};
    struct queue_view view = view_at(100);
    int64_t token = 0;
    add(&jobs, POLL_JOB_COMMIT, 1, 1);
    add(&jobs, POLL_JOB_COMMIT, 2, 2);
    lease_take(&jobs.items[1], "dead", &view.terms, 90, &token);
    cr_assert_eq(number(queue_next(&jobs, &view)), 2);
    lease_take(&jobs.items[1], "elsewhere", &view.terms, 90, &token);
    cr_assert_eq(number(queue_next(&jobs, &view)), 1);
    view.now = 90 + 600 + 60 + 1;
    cr_assert_eq(number(queue_next(&jobs, &view)), 2, "its lease is over");
}

Test(queue, a_job_that_was_lost_too_often_fails_and_says_with_whom)
{
    AUTO_POLL_JOBS struct poll_jobs jobs = {0};
    struct queue_view view = view_at(100);
    int64_t token = 0;
    add(&jobs, POLL_JOB_COMMIT, 1, 1);
    for (int i = 0; i < 3; i++) {
        struct poll_job *job = queue_next(&jobs, &view);
        cr_assert_eq(number(job), 1);
        cr_assert_eq(queue_give_up(&jobs, &view), 0);
        lease_take(job, "dead", &view.terms, 100, &token);
    }
    cr_assert_null(queue_next(&jobs, &view));
    cr_assert_eq(queue_give_up(&jobs, &view), 1);
    cr_assert_eq(jobs.items[0].state, POLL_JOB_FAILED);
    cr_assert(strstr(jobs.items[0].reason, "3 times: dead"));
    cr_assert_gt(jobs.items[0].token, token);
}

Test(queue, forgets_what_ended_long_ago_and_nothing_else)
{
    AUTO_POLL_JOBS struct poll_jobs jobs = {0};
    for (int n = 0; n < 6; n++)
        add(&jobs, POLL_JOB_COMMIT, n, 1);
    jobs.items[1].state = POLL_JOB_DONE;
    jobs.items[1].ended_at = 1000;
    jobs.items[4].state = POLL_JOB_FAILED;
    jobs.items[4].ended_at = 2000;
    cr_assert_eq(queue_prune(&jobs, 1500, 500), 0);
    cr_assert_eq(queue_prune(&jobs, 1501, 500), 1);
    cr_assert_eq(jobs.count, 5);
    for (size_t i = 0; i < jobs.count; i++)
        cr_assert_neq(number(&jobs.items[i]), 1);
    cr_assert_eq(queue_prune(&jobs, 1000000, 500), 1);
    cr_assert_eq(jobs.count, 4, "those that have not ended stay however old they are");
}

Test(queue, a_job_is_found_by_the_beginning_of_its_id)
{
    AUTO_POLL_JOBS struct poll_jobs jobs = {0};
    bool several = false;
    add(&jobs, POLL_JOB_COMMIT, 1, 1);
    add(&jobs, POLL_JOB_COMMIT, 2, 1);
    cr_assert_eq(poll_jobs_find(&jobs, jobs.items[1].id, &several), &jobs.items[1]);
    AUTO_FREE char *start = xstrndup(jobs.items[0].id, 8);
    cr_assert_eq(poll_jobs_find(&jobs, start, &several), &jobs.items[0]);
    cr_assert_null(poll_jobs_find(&jobs, "123", &several), "too short");
    cr_assert_null(poll_jobs_find(&jobs, "zzzz", &several));
    free(jobs.items[1].id);
    jobs.items[1].id = xasprintf("%sx", start);
    cr_assert_null(poll_jobs_find(&jobs, start, &several));
    cr_assert(several);
}
