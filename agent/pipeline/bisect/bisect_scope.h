/* Telling a run to measure one benchmark alone. */
#pragma once

#include "pipeline/run/run.h"

/* Narrows `request` down to `benchmark` (a name of the table `results`) as far as the harness that
 * wrote its results can be told, and the request does not say already what to run. *filter is a
 * fresh string that the request borrows, or NULL. `harness` NULL: not known, nothing is narrowed.
 */
void bisect_scope(const char *harness, const char *benchmark, struct run_request *request,
                  char **filter);
