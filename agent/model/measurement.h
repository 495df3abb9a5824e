/*
 * What one harness says about one metric of one benchmark, as a parser hands it on: the values are
 * per iteration already and in the stored unit. A parser calls a sink once for each, in the order
 * of its input, and keeps nothing: the memory it needs does not grow with the number of benchmarks.
 */
#pragma once

#include "base/error.h"
#include "model/summary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Work per iteration: `multiplier` times `name` ("bytes", "elements"); unit_system is "binary" or
 * "decimal". */
struct throughput {
    double multiplier;
    const char *name; /* NULL when the benchmark states none */
    const char *unit_system;
};

/* Everything is borrowed for the length of the sink's call. */
struct measurement {
    const char *benchmark;      /* upstream's name; UTF-8, never empty */
    const char *metric;         /* NULL for wall time, else "cpu_time", "peak_memory"… */
    const char *units;          /* "nanoseconds" for wall time */
    const double *values;       /* finite, per iteration */
    size_t value_count;         /* at least 1 */
    const uint64_t *iterations; /* of each value, NULL when the harness does not say */
    /* The summary where the harness gives no values but a mean (then value_count is 1 and this is
     * unknown apart from .mean); NULL: computed from the values. */
    const struct summary *summary;
    struct throughput throughput;
    const char
        *details; /* a JSON object of what else the harness says (group, parameters…), or NULL */
};

struct measurement_sink {
    /* 0 to go on, a negative code (with `err` filled) to stop; the parser returns that code. */
    int (*add)(void *context, const struct measurement *m, struct error *err);
    void *context;
};
