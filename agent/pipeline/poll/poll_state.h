/* A poller at work: shared by the files of pipeline/poll/ and by nobody else. */
#pragma once

#include "jobs/owner.h"
#include "jobs/queue.h"
#include "pipeline/poll/poll.h"
#include "pipeline/poll/poll_discover.h"
#include "store/database.h"

struct poller {
    const struct poll_request *request;
    struct poll_counts *counts;
    struct database *db;
    struct github *github; /* NULL: none */
    struct owner self;
    char *owner;      /* owner_text() of it */
    char *repository; /* poll_repository() */
    struct poll_watch watch;
    double opened_s;    /* monotonic: the database */
    double next_look_s; /* the same; 0: at once */
    bool worked;        /* everything was reached at least once */
    bool stopping;      /* somebody asked to stop while a job was under way */
    char *said;         /* the last warning, so that it is not said with every look */
};

/* How an execution ended, for the table. */
enum poll_ending {
    POLL_ENDED_WELL,
    POLL_ENDED_BADLY,    /* another try may end better */
    POLL_ENDED_FOR_GOOD, /* no try can */
    POLL_GIVEN_BACK,
};

/* Queues what is new. *added: how many. No version is made when nothing is. */
int poll_table_add(struct poller *poller, const struct poll_jobs *found, size_t *added,
                   struct error *err) MUST_CHECK;
/* Takes the job that comes next; *took says whether there was one, and *out is a copy. */
int poll_table_take(struct poller *poller, struct poll_job *out, bool *took,
                    struct error *err) MUST_CHECK;
/* Sees whether the lease still holds, and renews it where that is due. *held: it does. */
int poll_table_hold(struct poller *poller, const struct poll_job *job, bool *held,
                    struct error *err) MUST_CHECK;
/* *state: what the job is afterwards. ERROR_CONFLICT: it is not ours any more. */
int poll_table_end(struct poller *poller, const struct poll_job *job, enum poll_ending ending,
                   const char *reason, enum poll_job_state *state, struct error *err) MUST_CHECK;
/* Whether the job's run is recorded as complete: it was stored, and the note of it got lost. */
int poll_table_is_stored(struct poller *poller, const struct poll_job *job, bool *out,
                         struct error *err) MUST_CHECK;

/* One job, from its lease to its end. */
int poll_job_run_one(struct poller *poller, const struct poll_job *job,
                     struct error *err) MUST_CHECK;
/* Says a warning unless it was the last one. */
void poll_warn(struct poller *poller, const char *message);
