/* Running a pytest-benchmark suite. */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "model/pytest_suite.h"
#include "run/harness.h"

struct pytest_outcome {
    char *results;         /* the JSON file, checked */
    struct strlist failed; /* tests that failed: pytest-benchmark lists those among the results that
                              failed after they were measured, and does not say so */
};

void pytest_outcome_release(struct pytest_outcome *outcome);
#define AUTO_PYTEST_OUTCOME __attribute__((cleanup(pytest_outcome_release)))

/* The ids of the tests that the filter lets through. They are benchmarks or plain tests: pytest
 * says which only when it runs them. */
int pytest_list(const struct harness *harness, const struct pytest_suite *suite,
                struct strlist *names, struct error *err) MUST_CHECK;

/* Runs it. Failed tests are named in *out and are no error while others were measured.
 * ERROR_NO_DATA: the filter selects nothing. ERROR_BUILD: nothing could be measured. */
int pytest_run(const struct harness *harness, const struct pytest_suite *suite,
               struct pytest_outcome *out, struct error *err) MUST_CHECK;
