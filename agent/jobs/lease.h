/*
 * The life of a job: who may do what with it, and when. Pure: a job and the time in, a job out.
 *
 *     queued ──take──► leased ──publish──► publishing ──finish──► done
 *       ▲                │                      │
 *       └── give back, fail with tries left, lease over ──► or failed with none left
 *     cancel: from any state but the last three. retry: from the last three back to queued.
 *
 * Each lease has a token, greater than all before it. An execution acts by its token: with an old
 * one, or when the job is no longer held, each call below gives ERROR_CONFLICT and changes nothing.
 * The table is rewritten on top of the version that was read (store/jobs.h), so of two machines
 * that act on the same job at once one is refused and looks again.
 *
 * What that guarantees: of all executions of a job only the one that holds the lease gets from
 * leased to publishing, which is the last thing before it stores. What it cannot: an execution that
 * then stands still for longer than its lease (a stopped virtual machine) and wakes up after
 * another has taken over. The results are in other tables than the token, and no commit spans two.
 * Such a late one writes rows with the ids of the job's run, which is the same for every execution:
 * rows that are there stay as they are, so nothing is stored twice even then.
 *
 * Clocks: a lease ends by the clock of whoever looks. Others wait `skew_s` longer than it says, so
 * that clocks may differ by that much; a greater difference makes a job run twice, and the token
 * still lets one execution publish.
 */
#pragma once

#include "base/error.h"
#include "jobs/owner.h"
#include "model/poll_job.h"

#define LEASE_MIN_S 600
#define LEASE_DEFAULT_S 1800
#define LEASE_SKEW_S 120
#define LEASE_RETRY_S 300 /* before a job that failed is tried again */
#define LEASE_MAX_ATTEMPTS 3

struct lease_terms {
    int64_t duration_s, skew_s, retry_s;
    int64_t max_attempts;
};
#define LEASE_TERMS_DEFAULT \
    ((struct lease_terms){LEASE_DEFAULT_S, LEASE_SKEW_S, LEASE_RETRY_S, LEASE_MAX_ATTEMPTS})

/* Leased or publishing. */
bool lease_is_held(const struct poll_job *job);
/* Whether nobody holds the job any more although it is marked as held. A process holds one job at a
 * time, so a lease of this very process that is looked at while it looks for work was taken by a
 * commit whose answer got lost: it is over too. */
bool lease_is_over(const struct poll_job *job, enum owner_life owner,
                   const struct lease_terms *terms, int64_t now);
/* Whether half of its time has passed: renewed only then, it costs two commits a lease. */
bool lease_is_due(const struct poll_job *job, const struct lease_terms *terms, int64_t now);
/* Whether the job is queued, may be tried by now, or its lease is over. */
bool lease_is_free(const struct poll_job *job, enum owner_life owner,
                   const struct lease_terms *terms, int64_t now);

/* Takes a free job: *token is that of the new lease. */
void lease_take(struct poll_job *job, const char *owner, const struct lease_terms *terms,
                int64_t now, int64_t *token);
int lease_renew(struct poll_job *job, int64_t token, const struct lease_terms *terms, int64_t now,
                struct error *err) MUST_CHECK;
int lease_publish(struct poll_job *job, int64_t token, const struct lease_terms *terms, int64_t now,
                  struct error *err) MUST_CHECK;
int lease_finish(struct poll_job *job, int64_t token, int64_t now, struct error *err) MUST_CHECK;
/* Queued again, not before retry_s, or failed when it was the last try. */
int lease_fail(struct poll_job *job, int64_t token, const char *reason,
               const struct lease_terms *terms, int64_t now, struct error *err) MUST_CHECK;
/* Failed whatever tries are left: another one cannot end otherwise. */
int lease_refuse(struct poll_job *job, int64_t token, const char *reason, int64_t now,
                 struct error *err) MUST_CHECK;
/* Queued again, and the try does not count. */
int lease_give_back(struct poll_job *job, int64_t token, const char *reason,
                    struct error *err) MUST_CHECK;
/* A job whose lease is over and that was tried often enough has failed. */
void lease_give_up(struct poll_job *job, int64_t now);

/* An execution under way finds its token refused. ERROR_CONFLICT for a job that has ended. */
int lease_cancel(struct poll_job *job, const char *reason, int64_t now,
                 struct error *err) MUST_CHECK;
/* Another round of a job that has ended, with all its tries. ERROR_CONFLICT for any other. */
int lease_retry(struct poll_job *job, int64_t now, struct error *err) MUST_CHECK;
