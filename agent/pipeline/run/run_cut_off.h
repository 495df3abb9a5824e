/*
 * What a run has left that was killed while it stored its results. On GitHub such a job is run once
 * more, as another attempt or as a run that was dispatched anew, and each benchmark is to be there
 * once.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>

/* Whether both names are of workflow runs and of the same job in them: "ID-ATTEMPT", or with "."
 * and a suffix of the workflow's, such as "71.1-rust" and "71.2-rust" or "80.1-rust". */
bool run_is_same_job(const char *a, const char *b);

/* Takes back the runs of the commit on this machine that are of the same job as `run`, have results
 * from a run of the agent, and no record of the run as a whole, which is stored last. A database
 * that is not there has none. Only while nothing else measures the commit with that job: GitHub's
 * concurrency group sees to it. */
int run_take_back_cut_off(const char *db_uri, const char *commit, const char *test_bed,
                          const char *run, struct error *err) MUST_CHECK;
