/*
 * A short-lived child of the agent that works where benchmarks run: the agent itself stays off
 * those CPUs.
 */
#pragma once

#include "base/error.h"
#include "base/placement.h"

#include <stddef.h>

#define WORKLOAD_CHILD_TIMEOUT_S 60.0

/* Calls work(context, result) in a child that is placed so (NULL: where the agent may run) and
 * copies the `size` bytes of its result back. The child sees the agent's memory as it is now and
 * changes none of it but shared mappings. ERROR_FAILURE when it could not be placed, died, or took
 * longer than the timeout; ERROR_INTERRUPTED after Ctrl-C. */
int workload_child(const struct placement *placement,
                   void (*work)(const void *context, void *result), const void *context,
                   void *result, size_t size, struct error *err) MUST_CHECK;
