/* The samples of one benchmark as Criterion keeps them: totals, and the iterations of each. */
#pragma once

#include "model/measurement.h"
#include "parse/json_value.h"
#include "parse/time_unit.h"

struct samples {
    struct double_list totals;
    struct u64_list iterations;
};

void samples_release(struct samples *samples);

/*
 * Turns the totals into nanoseconds per iteration, in place. ERROR_INPUT when there are none, the
 * lists differ in length, a total is negative, an iteration count is 0, or a value is too large for
 * a double; `totals_name` and `iterations_name` are what the harness calls the lists.
 */
int samples_per_iteration(struct samples *samples, const struct time_unit *unit,
                          const char *totals_name, const char *iterations_name,
                          struct error *err) MUST_CHECK;

/* The throughput of so many of Criterion's `unit` (borrowed) per iteration. Bytes are "binary", as
 * upstream writes them; elements, bits and decimal bytes count in thousands. */
struct throughput samples_throughput(double per_iteration, const char *unit);
