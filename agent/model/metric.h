/* What is known of a metric from its name and its unit. */
#pragma once

#include <stdbool.h>

/* What stands behind the '#' where a benchmark's time is that of its thread on a CPU. */
#define CPU_TIME_METRIC "cpu_time"

/* Throughput, recall, rates of any kind; all else is better the lower. `benchmark_name` as in the
 * table `results`: what stands behind its last '#' names the metric, and without one it is wall
 * time. `units` may be NULL. */
bool metric_higher_is_better(const char *benchmark_name, const char *units);
/* A count of bytes, allocations, operations or instructions, not per second: where it has no spread
 * from run to run, any difference is a change. */
bool metric_is_exact(const char *benchmark_name, const char *units);
