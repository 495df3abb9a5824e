/* run --clock cpu: what becomes of what run/cpu_clock.h found. */
#pragma once

#include "base/strlist.h"
#include "pipeline/run_state.h"
#include "run/cpu_clock.h"

#define CPU_TIME_METRIC "cpu_time"

/* Whether the file says itself that it was measured in CPU time: pytest-benchmark's does, of its
 * timer. In others it is their wall time that was, and what they call cpu_time is their own. */
bool run_names_its_metric(const char *format);

/* Notes the benchmarks that were refused as the part's problem, and what the clock costs in the
 * evidence of its rows and in the log. */
void run_clock_note(const struct cpu_clock *clock, struct run_part *part);

/* What the part's benchmarks are called in the database: with "#cpu_time" behind them where that is
 * what was measured. To be released. */
struct strlist run_stored_names(const struct run *run, const struct run_part *part);
