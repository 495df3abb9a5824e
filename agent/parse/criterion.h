/*
 * cargo-criterion's JSON lines (`cargo criterion --message-format=json`), format "criterion".
 *
 * A line whose `reason` is "benchmark-complete" is a result. `measured_values[i]` is the total of
 * `iteration_count[i]` iterations in `unit`; what is handed on is the quotient in nanoseconds. A
 * unit that is not a time is an error: there is no way to tell which metric it would be. Of several
 * `throughput` entries the first is the measurement's, the others go to the details.
 *
 * The stream is mixed with whatever cargo and the benchmarks print. A line that does not begin with
 * "{" or is not JSON is skipped and counted, and so is one with another reason; but one that says
 * "benchmark-complete" and is broken or cut off is an error, since it was a result.
 */
#pragma once

#include "parse/format.h"

extern const struct parse_format criterion_format;
