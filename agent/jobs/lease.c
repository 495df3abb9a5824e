#include "jobs/lease.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <stdlib.h>

bool lease_is_held(const struct poll_job *job)
{
    return job->state == POLL_JOB_LEASED || job->state == POLL_JOB_PUBLISHING;
}

static bool has_ended(const struct poll_job *job)
{
    return job->state == POLL_JOB_DONE || job->state == POLL_JOB_FAILED ||
           job->state == POLL_JOB_CANCELLED;
}

bool lease_is_over(const struct poll_job *job, enum owner_life owner,
                   const struct lease_terms *terms, int64_t now)
{
    return lease_is_held(job) &&
           (owner == OWNER_DEAD || owner == OWNER_SELF || now > job->lease_until + terms->skew_s);
}

bool lease_is_due(const struct poll_job *job, const struct lease_terms *terms, int64_t now)
{
    return lease_is_held(job) && now >= job->lease_until - terms->duration_s / 2;
}

bool lease_is_free(const struct poll_job *job, enum owner_life owner,
                   const struct lease_terms *terms, int64_t now)
{
    if (job->state == POLL_JOB_QUEUED)
        return job->not_before <= now;
    return lease_is_over(job, owner, terms, now) && job->attempts < terms->max_attempts;
}

static void set_text(char **text, const char *value)
{
    free(*text);
    *text = xstrdup(value);
}

static void let_go(struct poll_job *job, enum poll_job_state state, const char *reason)
{
    job->state = state;
    job->lease_until = 0;
    set_text(&job->owner, NULL);
    set_text(&job->reason, reason);
}

void lease_take(struct poll_job *job, const char *owner, const struct lease_terms *terms,
                int64_t now, int64_t *token)
{
    job->state = POLL_JOB_LEASED;
    set_text(&job->owner, owner);
    job->leased_at = now;
    job->lease_until = now + terms->duration_s;
    job->ended_at = 0;
    job->attempts++;
    *token = ++job->token;
}

static int check_token(const struct poll_job *job, int64_t token, struct error *err)
{
    if (lease_is_held(job) && job->token == token)
        return 0;
    if (lease_is_held(job))
        return error_set(err, ERROR_CONFLICT,
                         "job %.8s was taken over: its token is %" PRId64 ", not %" PRId64, job->id,
                         job->token, token);
    return error_set(err, ERROR_CONFLICT, "job %.8s is not held any more: it is %s", job->id,
                     poll_job_state_name(job->state));
}

int lease_renew(struct poll_job *job, int64_t token, const struct lease_terms *terms, int64_t now,
                struct error *err)
{
    int failed = check_token(job, token, err);
    if (!failed)
        job->lease_until = now + terms->duration_s;
    return failed;
}

int lease_publish(struct poll_job *job, int64_t token, const struct lease_terms *terms, int64_t now,
                  struct error *err)
{
    int failed = lease_renew(job, token, terms, now, err);
    if (!failed)
        job->state = POLL_JOB_PUBLISHING;
    return failed;
}

int lease_finish(struct poll_job *job, int64_t token, int64_t now, struct error *err)
{
    int failed = check_token(job, token, err);
    if (failed)
        return failed;
    let_go(job, POLL_JOB_DONE, NULL);
    job->ended_at = now;
    return 0;
}

int lease_refuse(struct poll_job *job, int64_t token, const char *reason, int64_t now,
                 struct error *err)
{
    int failed = check_token(job, token, err);
    if (failed)
        return failed;
    let_go(job, POLL_JOB_FAILED, reason);
    job->ended_at = now;
    return 0;
}

int lease_fail(struct poll_job *job, int64_t token, const char *reason,
               const struct lease_terms *terms, int64_t now, struct error *err)
{
    if (job->attempts >= terms->max_attempts)
        return lease_refuse(job, token, reason, now, err);
    int failed = check_token(job, token, err);
    if (failed)
        return failed;
    let_go(job, POLL_JOB_QUEUED, reason);
    job->not_before = now + terms->retry_s;
    return 0;
}

int lease_give_back(struct poll_job *job, int64_t token, const char *reason, struct error *err)
{
    int failed = check_token(job, token, err);
    if (failed)
        return failed;
    let_go(job, POLL_JOB_QUEUED, reason);
    job->attempts--;
    return 0;
}

void lease_give_up(struct poll_job *job, int64_t now)
{
    AUTO_FREE char *reason =
        xasprintf("the machine that ran it was lost each time, %" PRId64 " times: %s",
                  job->attempts, job->owner ? job->owner : "?");
    let_go(job, POLL_JOB_FAILED, reason);
    job->token++;
    job->ended_at = now;
}

int lease_cancel(struct poll_job *job, const char *reason, int64_t now, struct error *err)
{
    if (has_ended(job))
        return error_set(err, ERROR_CONFLICT, "job %.8s has ended: it is %s", job->id,
                         poll_job_state_name(job->state));
    let_go(job, POLL_JOB_CANCELLED, reason);
    job->token++;
    job->ended_at = now;
    return 0;
}

int lease_retry(struct poll_job *job, int64_t now, struct error *err)
{
    if (!has_ended(job))
        return error_set(err, ERROR_CONFLICT, "job %.8s has not ended: it is %s", job->id,
                         poll_job_state_name(job->state));
    let_go(job, POLL_JOB_QUEUED, NULL);
    job->attempts = 0;
    job->round++;
    job->added_at = now;
    job->not_before = job->leased_at = job->ended_at = job->check_run = 0;
    return 0;
}
