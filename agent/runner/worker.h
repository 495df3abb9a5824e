/*
 * Processes that hold the machine for a benchmark job: a runner's worker, or `run` itself.
 *
 * A process is known by its id and the moment of its start, so that a later process with the same
 * id is not taken for it.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What GitHub's runner calls the process that runs one job, and starts its hooks. */
#define HOST_WORKER_NAME "Runner.Worker"

struct host_process {
    pid_t pid;
    uint64_t started; /* clock ticks since boot, as /proc/PID/stat has it */
    uid_t uid;
};

/* ERROR_NOT_FOUND when there is no such process. */
int host_process_of(pid_t pid, struct host_process *out, struct error *err) MUST_CHECK;
/* Whether it is still there; one that waits for its parent to take notice of its end is not. */
bool host_process_lives(const struct host_process *process);
/* The ancestor of this process that is a runner's worker; of several the outermost, since a job may
 * give its own processes that name. ERROR_NOT_FOUND: none is. */
int host_worker_find(struct host_process *out, struct error *err) MUST_CHECK;
