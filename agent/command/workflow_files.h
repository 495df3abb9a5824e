/* The folder workflows/ of the repository, embedded by cmake/workflows.cmake. */
#pragma once

#include <stddef.h>

struct workflow_file {
    const char *name;        /* "run-benchmarks.yml"; NULL ends the table */
    const char *begin, *end; /* *end is NUL */
};

extern const struct workflow_file workflow_files[];
