/*
 * The work of a machine without a GitHub runner: find commits that are to be measured, queue them
 * as jobs, take them one at a time, and measure. Any number of machines may share one queue, which
 * is the table `jobs` of the database (store/jobs.h); jobs/lease.h has the rules.
 *
 * Each job is one `run` in a process of its own (poll_execute.h). Connections go out only.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "jobs/lease.h"
#include "plan/next.h"

#include <stdbool.h>
#include <stdint.h>

/* Everything is borrowed. */
struct poll_request {
    const char *db;
    const char *repo;               /* a folder, a URL or "github:owner/name" */
    const struct strlist *branches; /* empty: the repository's own */
    const char *project;            /* dut.name; NULL: as the repository is called */
    const char *test_bed;
    const char *github;     /* "owner/name" for check runs and pull requests; NULL: neither */
    const char *token_file; /* NULL: the environment */
    const char *ca_file;
    const struct strlist *globals;   /* options of every command that each `run` is given too */
    const struct strlist *run_words; /* further options for each `run` */
    struct lease_terms terms;
    double interval_s; /* between two looks at the repository, and at a job under way */
    size_t first;      /* of a branch of which nothing was ever measured: so many of the newest */
    size_t backfill;   /* queue older commits too, as long as fewer than this wait; 0: none */
    const char *backfill_since; /* as in struct backfill_request; NULL: the newest 1,000 */
    size_t backfill_interval;   /* every so many-th commit, from the newest */
    enum plan_order backfill_order;
    bool pull_requests; /* take approved commits of pull requests */
    bool once;          /* look, do what can be done now, and end */
    /* Called after each execution; `reason` NULL: done. */
    void (*on_job)(void *context, const struct poll_job *job, const char *state, const char *reason,
                   double seconds);
    void *context;
};

struct poll_counts {
    size_t done, failed; /* executions */
};

/* Until Ctrl-C or SIGTERM (0: the job at hand was given back), or with `once` until there is
 * nothing that can be taken now. What cannot be reached is waited for, but for the first look of
 * `once`. ERROR_FAILURE: this machine cannot do what is asked of it. */
int poll_run(const struct poll_request *request, struct poll_counts *out,
             struct error *err) MUST_CHECK;

/* A fresh string: the repository as jobs name it, without credentials and the same on every
 * machine that reaches it by the same address. */
int poll_repository(const char *repo, char **out, struct error *err) MUST_CHECK;
