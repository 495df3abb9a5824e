/*
 * A process that sleeps until another one has ended, and then ends its job: after a SIGKILL of the
 * agent, or of a runner's worker whose second hook never came, the machine is given back within
 * milliseconds. It is a session of its own and holds none of its parent's files, so that neither
 * Ctrl-C nor a closed terminal nor whoever waits for the parent's output reaches it.
 */
#pragma once

#include "base/error.h"
#include "host/place.h"
#include "runner/worker.h"

#include <sys/types.h>

/* Starts it; *out is its id. ERROR_FAILURE: the kernel has no pidfd_open() (before 5.3), or the
 * process to be watched is gone. */
int host_watcher_start(const struct host_place *place, const struct host_process *watched,
                       pid_t *out, struct error *err) MUST_CHECK;
/* The job has ended in good order: a watcher that this process started goes too. */
void host_watcher_stop(pid_t watcher);
