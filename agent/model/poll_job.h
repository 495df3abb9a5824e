/*
 * A job of `lance-bench poll`: one commit that some machine is to measure. It is a row of the table
 * `jobs`; jobs/ has the rules by which it changes.
 */
#pragma once

#include "base/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum poll_job_kind { POLL_JOB_BACKFILL, POLL_JOB_COMMIT, POLL_JOB_PULL_REQUEST };
/* "backfill", "commit", "pull_request". */
const char *poll_job_kind_name(enum poll_job_kind kind);
bool poll_job_kind_parse(const char *text, enum poll_job_kind *out);
/* What its priority is when nobody says another: pull requests first, backfill last. */
int64_t poll_job_kind_priority(enum poll_job_kind kind);

enum poll_job_state {
    POLL_JOB_QUEUED,
    POLL_JOB_LEASED,     /* a machine builds and measures it */
    POLL_JOB_PUBLISHING, /* … and has begun to store what it has measured */
    POLL_JOB_DONE,
    POLL_JOB_FAILED, /* `reason` says why; it was tried as often as is allowed */
    POLL_JOB_CANCELLED,
};
/* "queued", "leased", "publishing", "done", "failed", "cancelled". */
const char *poll_job_state_name(enum poll_job_state state);
bool poll_job_state_parse(const char *text, enum poll_job_state *out);

/* Texts are owned; NULL where there is nothing to say. Times are Unix seconds, 0: never. */
struct poll_job {
    char *id; /* poll_job_id() */
    enum poll_job_kind kind;
    enum poll_job_state state;
    char *repository;     /* its address, without credentials */
    char *commit;         /* 40 characters */
    char *test_bed;       /* only machines of this name take it */
    char *arguments;      /* JSON: a list of options for `run`, or NULL */
    char *owner;          /* who holds the lease: owner_text(); NULL: nobody */
    char *reason;         /* why it failed, was given back or cancelled */
    int64_t pull_request; /* its number; 0: none */
    int64_t priority;     /* greater ones first */
    int64_t attempts;     /* executions that were begun and not given back */
    int64_t round;        /* how often somebody asked for it again; part of the run's name */
    int64_t token;        /* the fencing token: grows with each lease, and when one is taken away */
    int64_t check_run;    /* GitHub's id of its check run; 0: none */
    int64_t added_at, not_before, leased_at, lease_until, ended_at;
};

struct poll_jobs {
    struct poll_job *items;
    size_t count, cap;
};

void poll_job_release(struct poll_job *job);
void poll_jobs_release(struct poll_jobs *jobs);
#define AUTO_POLL_JOBS __attribute__((cleanup(poll_jobs_release)))
/* A deep copy. */
struct poll_job poll_job_copy(const struct poll_job *job);

/* The same commit on the same test bed is one job, whoever queues it and however often; as a pull
 * request it is another, whose results go elsewhere. */
void poll_job_id(const char *repository, const char *commit, const char *test_bed,
                 bool pull_request, char out[UUID_TEXT_SIZE]);
/* A fresh string: what the run of this job is called in the database. It is the same for every
 * execution, so that results of two of them meet in the same rows. */
char *poll_job_run(const struct poll_job *job);
/* The job whose id is, or begins with, `id` (4 characters or more); NULL: none, or *several. */
struct poll_job *poll_jobs_find(const struct poll_jobs *jobs, const char *id, bool *several);
