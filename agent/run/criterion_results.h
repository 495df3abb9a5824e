/* What a Criterion bench left in its folder. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Removes the results of every benchmark whose title (its name, which Criterion cuts at 100
 * characters) `keep` does not want; *kept: how many are left. The folder is foreign and has been
 * checked (job_check_output()). ERROR_BUILD: a result that cannot be read. */
int criterion_results_sift(const char *folder, bool (*keep)(void *context, const char *title),
                           void *context, size_t *kept, struct error *err) MUST_CHECK;
