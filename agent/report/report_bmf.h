/*
 * The results of a report's commit in Bencher Metric Format:
 * {BENCHMARK: {MEASURE: {"value", "lower_value", "upper_value"}}}.
 *
 * A metric that Bencher has a measure for bears its name ("wall_time" is "latency", in
 * nanoseconds); others are measures of their own name. The bounds are the lowest and the highest
 * run, where there were several. BMF knows no test bed: of a benchmark that was measured on
 * several, the name ends in " @ TEST BED".
 */
#pragma once

#include "base/strbuf.h"
#include "report/report.h"

void report_bmf(const struct report *report, struct strbuf *out);
