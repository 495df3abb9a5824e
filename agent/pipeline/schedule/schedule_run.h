/* Measuring here what is due, one commit after the other. */
#pragma once

#include "pipeline/run/run.h"
#include "pipeline/schedule/schedule.h"

/* A commit to be measured, borrowed. */
struct local_commit {
    const char *repo;     /* as the user gave it */
    const char *project;  /* where the user names none: what the repository is called */
    const char *test_bed; /* as in the state_request that `coverage` comes from */
    const struct commit *commit;
    const struct coverage *coverage; /* what is known of it */
};

/*
 * Runs `request` (whose remote and revision are filled in) for one commit. Runs of it that were cut
 * off on this machine while they were being stored are taken back first, so that no benchmark is
 * there twice. A commit that cannot even be run, because its configuration is wrong or it has no
 * benchmark, gets a record that says so: else it would be due for ever. Codes as run_commit().
 *
 * On one machine one commit of a project is measured for a database at a time. Who had to wait, or
 * comes late, looks again: *others is set, and nothing is run, when the commit has another run
 * since `coverage` was read, and is settled.
 */
int run_local_commit(const struct local_commit *local, const struct run_request *request,
                     bool *others, struct error *err) MUST_CHECK;

/* Measures what is due, the oldest first, and notes in each item what came of it: SCHEDULE_MEASURED
 * or SCHEDULE_BROKEN. Goes on after a commit that fails, and stops where nothing can succeed any
 * more: after Ctrl-C, or when the machine or the repository refuses two in a row. `max` as in
 * dispatch_options. */
int schedule_run(struct schedule *schedule, const char *repo, const struct run_request *request,
                 size_t max, struct error *err) MUST_CHECK;
