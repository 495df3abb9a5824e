/*
 * Google Benchmark's JSON (`--benchmark_format=json` or `--benchmark_out`), format
 * "google-benchmark".
 *
 * A benchmark is called by its `run_name`. Repetitions are the values of one measurement, wherever
 * they stand (random interleaving spreads them): `real_time` is wall time, `cpu_time` the metric of
 * that name. Aggregates are computed from those values and passed over; where a file has aggregates
 * only (--benchmark_report_aggregates_only), the mean is stored as one.
 *
 * A counter is a metric of its own name in the unit "number", since the file does not say another.
 * bytes_per_second, else items_per_second, becomes the throughput: the work of one iteration is the
 * rate times the time that Google Benchmark divided by, which is the CPU's unless the name says
 * real_time or manual_time. The means of both do not give it, so aggregates have none. Benchmarks
 * with error_occurred or skipped are left out with a warning.
 */
#pragma once

#include "parse/format.h"

#define GOOGLE_COUNTERS_MAX 1024 /* of one benchmark */

extern const struct parse_format google_benchmark_format;
