/* The list of all jobs: what goes in, what comes next, what goes out. Pure, as jobs/lease.h is. */
#pragma once

#include "jobs/lease.h"

#define QUEUE_KEEP_S ((int64_t)30 * 24 * 3600) /* jobs that have ended are forgotten after this */

/* Who looks for work, and for which. */
struct queue_view {
    const struct owner *self;
    const char *repository; /* NULL: any */
    const char *test_bed;
    bool pull_requests; /* takes those too */
    struct lease_terms terms;
    int64_t now;
    enum owner_life (*look)(const char *owner, const struct owner *self); /* owner_look() */
};

enum queue_added {
    QUEUE_UNCHANGED, /* it is there: queued, under way, or ended, which jobs are not repeated for */
    QUEUE_ADDED,
    QUEUE_RAISED, /* it was queued with a lower priority, and has the greater one now */
};

/* Queues a copy of `job`, of which kind, repository, commit, test bed, arguments, pull request,
 * check run and priority (0: that of its kind) count. A pull request's job that has ended is queued
 * again where the check run is another one, for it is another approval then. `added_at` is 0, or
 * when it was seen that what the job has stored was taken back: one that was done before is queued
 * again. */
enum queue_added queue_add(struct poll_jobs *jobs, const struct poll_job *job, int64_t now);

/* The free job that comes next: the greatest priority, then one whose lease is over before a queued
 * one, then the one that was added first. NULL: there is none. */
struct poll_job *queue_next(const struct poll_jobs *jobs, const struct queue_view *view);
/* Jobs that were lost as often as is allowed become failed ones. How many. */
size_t queue_give_up(struct poll_jobs *jobs, const struct queue_view *view);
/* Forgets jobs that ended longer than `keep_s` ago. How many. */
size_t queue_prune(struct poll_jobs *jobs, int64_t now, int64_t keep_s);
