/*
 * pytest-benchmark's JSON (`pytest --benchmark-json FILE`), format "pytest".
 *
 * A benchmark is called by its `fullname`, else its `name`. `stats.data` are seconds per iteration;
 * `stats.iterations` is one number for all rounds. `group`, `param`, `params`, `extra_info` and
 * `options` go to the details. A benchmark without stats or data, or with zero rounds, is skipped
 * with upstream's warning ("No data found for benchmark X, skipping").
 *
 * `options.timer` says what the numbers are. The wall clocks of Python's time module give wall time
 * (perf_counter, monotonic, time, default_timer); process_time and thread_time give the
 * metric "cpu_time"; a name that ends in _ns gives nanoseconds. With any other timer the values are
 * not a time, and the whole file is refused.
 */
#pragma once

#include "parse/format.h"
#include "parse/pytest_commit.h"

extern const struct parse_format pytest_benchmark_format;
