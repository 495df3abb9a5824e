/*
 * JMH's JSON (`-rf json`), format "jmh".
 *
 * A benchmark is called by its class and method, with its parameters behind: `org.example.Sum.sum
 * (n=10)` without the space. The scores of the iterations of all forks (`rawData`) are the values.
 *
 *     mode    metric             unit
 *     avgt    wall time          nanoseconds
 *     sample  sample_time        nanoseconds; the mean only, percentiles are in the details
 *     ss      single_shot_time   nanoseconds
 *     thrpt   throughput         operations/s
 *
 * Secondary metrics, such as those of profilers, keep their name; times are in nanoseconds, "B/op"
 * is in bytes, other units are as JMH writes them. Where a benchmark was run in several modes,
 * those of the second and later ones have the mode in front: "avgt.gc.count". Iterations without a
 * score ("NaN") are left out.
 */
#pragma once

#include "parse/format.h"

extern const struct parse_format jmh_format;
