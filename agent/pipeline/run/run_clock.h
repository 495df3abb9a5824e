/* run --clock cpu: what becomes of what run/cpu_clock.h found. */
#pragma once

#include "base/strlist.h"
#include "model/metric.h"
#include "pipeline/run/run_state.h"
#include "run/cpu_clock.h"

/* Notes the benchmarks that were refused as the part's problem, and what the clock costs in the
 * evidence of its rows and in the log. */
void run_clock_note(const struct cpu_clock *clock, struct run_part *part);

/* What the part's benchmarks are called in the database: with "#cpu_time" behind them where that is
 * what was measured. To be released. */
struct strlist run_stored_names(const struct run *run, const struct run_part *part);
