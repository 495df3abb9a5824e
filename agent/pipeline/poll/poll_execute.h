/*
 * One execution of a job: this program's own `run` in a process of its own, watched until it ends.
 * It dies with the poller, and a run that breaks takes no poller with it.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

#include <stdbool.h>

struct execution {
    const struct strlist *argv; /* behind the program's own name */
    double tick_s;
    /* Called about every tick_s; false: the execution is to be stopped. */
    bool (*watch)(void *context);
    void *context;
};

struct execution_result {
    int code;     /* exit code; 128 + the signal's number where it was killed */
    bool stopped; /* because of `watch` or of Ctrl-C and the like */
    char *error;  /* the last line of its kind on stderr, without "error: "; NULL: none */
};

void execution_result_release(struct execution_result *result);
#define AUTO_EXECUTION_RESULT __attribute__((cleanup(execution_result_release)))

/* Its stderr passes through to ours, its stdout is dropped. It is stopped with SIGTERM, and ends in
 * its own time: the machine's settings are given back first. */
int execute(const struct execution *execution, struct execution_result *out,
            struct error *err) MUST_CHECK;
