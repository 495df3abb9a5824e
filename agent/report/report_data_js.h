/*
 * A report as the data.js of github-action-benchmark, `window.BENCHMARK_DATA = {…}`, which its page
 * draws and `lance-bench import-history` reads back: every commit of every series, in a suite named
 * "Benchmark" (with several test beds: a suite for each, of its name).
 *
 * Names are those of the database, with "#metric" behind them. Metrics of which more is better
 * stand in an entry of their own ("tool": "customBiggerIsBetter"). The range is half of the way
 * from the lowest run to the highest, where there were several. `date` is the commit's time, not
 * the run's.
 */
#pragma once

#include "base/strbuf.h"
#include "report/report.h"

void report_data_js(const struct report *report, struct strbuf *out);
