#include "jobs/queue.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* Another approval of a commit that was measured asks for another round, and so does somebody who
 * has seen since then that its results were taken back. */
static bool is_asked_again(const struct poll_job *there, const struct poll_job *job)
{
    if (there->state == POLL_JOB_DONE && job->added_at > there->ended_at)
        return true;
    return job->kind == POLL_JOB_PULL_REQUEST && job->check_run &&
           job->check_run != there->check_run && there->ended_at;
}

static void begin_again(struct poll_job *there, const struct poll_job *job, int64_t now)
{
    if (lease_retry(there, now, NULL))
        return;
    there->check_run = job->check_run;
    there->kind = job->kind;
    there->priority = job->priority ? job->priority : poll_job_kind_priority(job->kind);
    free(there->arguments);
    there->arguments = xstrdup(job->arguments);
}

enum queue_added queue_add(struct poll_jobs *jobs, const struct poll_job *job, int64_t now)
{
    char id[UUID_TEXT_SIZE];
    poll_job_id(job->repository, job->commit, job->test_bed, job->kind == POLL_JOB_PULL_REQUEST,
                id);
    int64_t priority = job->priority ? job->priority : poll_job_kind_priority(job->kind);
    bool several = false;
    struct poll_job *there = poll_jobs_find(jobs, id, &several);
    if (there && is_asked_again(there, job)) {
        begin_again(there, job, now);
        return QUEUE_ADDED;
    }
    if (there) {
        if (there->state != POLL_JOB_QUEUED || there->priority >= priority)
            return QUEUE_UNCHANGED;
        there->priority = priority;
        there->kind = job->kind;
        return QUEUE_RAISED;
    }
    struct poll_job added = {
        .id = xstrdup(id),
        .kind = job->kind,
        .state = POLL_JOB_QUEUED,
        .repository = xstrdup(job->repository),
        .commit = xstrdup(job->commit),
        .test_bed = xstrdup(job->test_bed),
        .arguments = xstrdup(job->arguments),
        .pull_request = job->pull_request,
        .check_run = job->check_run,
        .priority = priority,
        .added_at = now,
    };
    ARRAY_RESERVE(jobs->items, jobs->cap, jobs->count + 1);
    jobs->items[jobs->count++] = added;
    return QUEUE_ADDED;
}

static bool is_for(const struct poll_job *job, const struct queue_view *view)
{
    return !strcmp(job->test_bed, view->test_bed) &&
           (!view->repository || !strcmp(job->repository, view->repository)) &&
           (view->pull_requests || job->kind != POLL_JOB_PULL_REQUEST);
}

static enum owner_life life_of(const struct poll_job *job, const struct queue_view *view)
{
    return job->owner ? view->look(job->owner, view->self) : OWNER_ELSEWHERE;
}

static bool is_before(const struct poll_job *a, const struct poll_job *b)
{
    if (a->priority != b->priority)
        return a->priority > b->priority;
    if (lease_is_held(a) != lease_is_held(b))
        return lease_is_held(a);
    return a->added_at < b->added_at;
}

struct poll_job *queue_next(const struct poll_jobs *jobs, const struct queue_view *view)
{
    struct poll_job *best = NULL;
    for (size_t i = 0; i < jobs->count; i++) {
        struct poll_job *job = &jobs->items[i];
        if (is_for(job, view) && lease_is_free(job, life_of(job, view), &view->terms, view->now) &&
            (!best || is_before(job, best)))
            best = job;
    }
    return best;
}

size_t queue_give_up(struct poll_jobs *jobs, const struct queue_view *view)
{
    size_t count = 0;
    for (size_t i = 0; i < jobs->count; i++) {
        struct poll_job *job = &jobs->items[i];
        if (is_for(job, view) && job->attempts >= view->terms.max_attempts &&
            lease_is_over(job, life_of(job, view), &view->terms, view->now)) {
            lease_give_up(job, view->now);
            count++;
        }
    }
    return count;
}

size_t queue_prune(struct poll_jobs *jobs, int64_t now, int64_t keep_s)
{
    size_t kept = 0, count = jobs->count;
    for (size_t i = 0; i < count; i++) {
        struct poll_job *job = &jobs->items[i];
        if (job->ended_at && job->ended_at < now - keep_s)
            poll_job_release(job);
        else
            jobs->items[kept++] = *job;
    }
    jobs->count = kept;
    return count - kept;
}
