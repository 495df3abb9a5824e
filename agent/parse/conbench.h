/*
 * What benchmarks send to Conbench: one result, an array of them, or one a line, format "conbench".
 *
 * A benchmark is called by the tag `name`; other tags tell cases apart and stand behind it, in the
 * order of the file: `file-read (format=parquet, n=10)`. `stats.data` are the values. Units of time
 * become nanoseconds, as wall time; a rate ("B/s", "i/s") is the metric "throughput", any other
 * unit the metric "value", both in the unit as it is written. `stats.times`, where they are times
 * of the same iterations, are the wall time then. A result with an `error` and without data is
 * skipped with a warning.
 */
#pragma once

#include "parse/format.h"

extern const struct parse_format conbench_format;
