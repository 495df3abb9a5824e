/*
 * Bencher Metric Format, which any program can write, format "bmf":
 *
 *     {"benchmark": {"measure": {"value": 1.5, "lower_value": 1.4, "upper_value": 1.7}}}
 *
 * The value is stored as a mean without values; the other two go to the details. The file has no
 * units; those of Bencher's own measures are known:
 *
 *     latency      wall time, nanoseconds        build-time   metric build_time; seconds become
 *     throughput   operations/s                               nanoseconds
 *     file-size    bytes                         others       "number"
 *     instructions, l1-hits, l2-hits, ram-hits, total-read-write, estimated-cycles   counts
 */
#pragma once

#include "parse/format.h"

extern const struct parse_format bmf_format;
