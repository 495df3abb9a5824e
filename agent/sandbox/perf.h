/*
 * Counting what a program does, with perf events.
 *
 * The events are opened by the process that is about to fork the program, on itself: the program
 * and all its descendants inherit them, each begins to count at its own exec, and the descriptors
 * stay out of the program. An event that the machine does not have, or that the agent may not open,
 * is unknown; without it the others count all the same.
 */
#pragma once

#include "base/usage.h"

struct perf_set {
    int fds[USAGE_COUNTERS]; /* -1: not available */
    bool user_only[USAGE_COUNTERS];
};

#define PERF_SET_NONE         \
    {                         \
        {-1, -1, -1, -1, -1}, \
        {                     \
            0                 \
        }                     \
    }

/* Opens what can be had. The events do not count this process itself. */
void perf_open(struct perf_set *set);
/* What was counted so far. */
void perf_read(const struct perf_set *set, struct usage_count out[USAGE_COUNTERS]);
void perf_close(struct perf_set *set);
