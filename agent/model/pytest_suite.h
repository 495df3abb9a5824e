/* A pytest-benchmark suite as the build leaves it and the run takes it. */
#pragma once

#include "base/strlist.h"

struct pytest_suite {
    char *python; /* absolute path of the interpreter that has pytest */
    char *folder; /* where it runs */
    char *path;   /* of the suite, from `folder` */
    char *filter; /* pytest -k; may be NULL */
    char *wheel;  /* the version of a published wheel under test, NULL for the commit itself */
    struct strlist arguments; /* to pytest */
    struct strlist env;       /* beside the job's */
};

void pytest_suite_release(struct pytest_suite *suite);
#define AUTO_PYTEST_SUITE __attribute__((cleanup(pytest_suite_release)))
