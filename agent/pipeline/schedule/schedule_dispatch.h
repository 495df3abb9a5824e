/*
 * Measuring somewhere else: a workflow run for each commit, with its full id as the input
 * `git_sha`.
 *
 * GitHub does not tell with which inputs a run was started. The workflow therefore has the id in
 * its `run-name`, as the one that `init` writes does; a run is found by it, so that no commit is
 * dispatched while a run for it waits or is under way. Runs with "pull request" in their name are
 * left out.
 */
#pragma once

#include "github/github.h"
#include "pipeline/schedule/schedule.h"

#define DISPATCH_WORKFLOW "run-benchmarks.yml"
#define DISPATCH_INPUTS_MAX 24 /* beside git_sha */

/* Everything is borrowed. */
struct dispatch_options {
    const char *repository; /* "owner/name", where the workflow is */
    const char *workflow;   /* its file's name */
    const char *ref;        /* branch that has it; NULL: the default branch, which is asked for */
    const char *token_file; /* NULL: the environment */
    const struct strlist *inputs; /* further ones, "name=value"; NULL: none */
    size_t max;                   /* runs that are started at most; 0: no limit */
    size_t retry_failed;          /* so often is a run started again that left no record */
};

int dispatch_open(const struct dispatch_options *options, struct github **out,
                  struct error *err) MUST_CHECK;

/*
 * Starts a run for each due commit, the oldest first, and notes each in its item: SCHEDULE_QUEUED,
 * SCHEDULE_LOST, SCHEDULE_LATER, SCHEDULE_DISPATCHED or SCHEDULE_BROKEN. Asks GitHub nothing when
 * nothing is due, else once for the list of runs (up to eleven times where most of the newest 100
 * still wait or are under way) and once for each run that is started. What is due
 * is noted in the database first. After two failures in a row the others are put off.
 */
int schedule_dispatch(struct schedule *schedule, const struct dispatch_options *options,
                      const char *db, struct error *err) MUST_CHECK;

/* A run that was started for one commit, until it is completed. */
struct dispatched_run {
    int64_t id;
    char *url, *conclusion; /* owned */
};
void dispatched_run_release(struct dispatched_run *run);

/* What is there before a run is started. */
struct dispatch_seen {
    int64_t active; /* a run for this commit that waits or is under way; 0: none */
    int64_t newest; /* the greatest id of all runs; 0: there is none */
};
int dispatch_find_active(struct github *github, const struct dispatch_options *options,
                         const char *commit, struct dispatch_seen *out,
                         struct error *err) MUST_CHECK;
/* Starts a run, or takes the one that is there already, and waits for its end. ERROR_BUILD when it
 * ended with another conclusion than success. */
int dispatch_and_wait(struct github *github, const struct dispatch_options *options,
                      const char *commit, const struct dispatch_seen *seen,
                      struct dispatched_run *out, struct error *err) MUST_CHECK;
