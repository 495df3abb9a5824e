/* Results of tests that failed after they were measured. */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

/* Writes the pytest-benchmark file `path` to `dest`, without the benchmarks whose full name is in
 * `failed`. With none it is a plain copy. ERROR_BUILD when the file cannot be read, or nothing is
 * left in it. */
int pytest_results_without(const char *path, const struct strlist *failed, const char *dest,
                           struct error *err) MUST_CHECK;
