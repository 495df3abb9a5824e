/*
 * run --results-dir: what was measured is not published but left in a folder, in the layout of
 * artifact/manifest.h, for a job that has the credentials which this one must not have.
 */
#pragma once

#include "pipeline/run/run_state.h"

/* ERROR_USAGE unless the folder can be made: it may be there, and empty. */
int run_results_check(const char *folder, struct error *err) MUST_CHECK;

/* Writes the parts that can be read, then the manifest; the folder appears whole or not at all.
 * Sets the run's outcome and reason. `failed` and `why` as in run_store(). */
int run_results_write(struct run *run, int failed, const struct error *why,
                      struct error *err) MUST_CHECK;
