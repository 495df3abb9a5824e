/*
 * The child side of process_run(): the supervisor, the first process of the namespaces, and the
 * last steps before the program. Nothing here returns.
 */
#pragma once

#include "sandbox/process.h"

#include <sys/resource.h>

enum init_kind {
    INIT_FAILED, /* the sandbox or the program could not be started: `code` and `text` say why */
    INIT_ENDED,  /* the program has ended: `status` as wait() gives it */
};

/* What init tells the agent, in one write on the status pipe. */
struct init_message {
    enum init_kind kind;
    int code;
    int status;
    int64_t wall_ns;
    struct rusage usage; /* ru_maxrss is -1 where it is not known (base/usage.h) */
    struct usage_count counts[USAGE_COUNTERS];
    char text[1024];
};

struct init_pipes {
    int lifeline; /* readable end: closed on the other side means "stop" */
    int status;   /* writable end */
    int out, err; /* writable ends of the program's standard output and error */
    int null;     /* /dev/null */
};

/* Runs in the child of the agent's fork(). */
void init_supervise(const struct process *process, const struct init_pipes *pipes)
    __attribute__((noreturn));
