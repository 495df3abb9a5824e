/*
 * Work that can be walked away from. Name resolution, a TLS handshake or a slow disk may block for
 * longer than a user who pressed Ctrl-C waits, and libgit2 has no way to be stopped in all of them.
 * The work therefore runs in a thread of its own; the caller waits for it, for the deadline and for
 * an interrupt. Asked to stop, the work gets half a second to end by itself; then it is left
 * behind, and whatever it was doing is something that the next run repairs.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>

struct task; /* the work's side of it */

/* `work` runs with `context`, which `release` frees when both sides are done with it, however that
 * ends. Without a name for it, errors speak of "it". */
struct task_plan {
    int (*work)(struct task *task, void *context, struct error *err);
    void (*release)(void *context);
    void *context;
    double deadline_s; /* a point of clock_monotonic_s() */
    const char *what;  /* "the checkout", for the message at the deadline */
};

/* Returns what the work returns; on success `collect` has moved the results out of the context, and
 * is never called otherwise. ERROR_INTERRUPTED, and ERROR_UNREACHABLE at the deadline. */
int task_run(const struct task_plan *plan, void (*collect)(void *context, void *out), void *out,
             struct error *err) MUST_CHECK;

/* Whether the work is to end now; cheap enough for every callback. */
bool task_should_stop(const struct task *task);
/* ERROR_INTERRUPTED or ERROR_UNREACHABLE with the reason when it is to end, else 0. */
int task_check(const struct task *task, struct error *err) MUST_CHECK;
