/* Telling a run to measure one benchmark alone. */
#pragma once

#include "pipeline/run/run.h"

/* Narrows `request` down to a benchmark, as far as the harness that wrote its results can be told,
 * and the request does not say already what to run. `names` (as in the table `results`) are all
 * that it has or had; none: the harness alone is known. *filter is a fresh string that the request
 * borrows, or NULL. `harness` NULL: not known, nothing is narrowed. */
void bisect_scope(const char *harness, const struct strlist *names, struct run_request *request,
                  char **filter);
