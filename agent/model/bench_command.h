/* A benchmark program as the build leaves it and the run takes it. */
#pragma once

#include "base/strlist.h"

#include <stdbool.h>

struct bench_command {
    char *name;
    char *folder;        /* where it runs */
    struct strlist argv; /* argv[0] is an absolute path */
    bool foreign;        /* argv[0] lies in `folder`: foreign code may have made it */
    char *output;        /* absolute path of the file that it writes; NULL: standard output */
};

void bench_command_release(struct bench_command *command);
#define AUTO_BENCH_COMMAND __attribute__((cleanup(bench_command_release)))
