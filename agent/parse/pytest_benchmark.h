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

#include <stdbool.h>
#include <stdint.h>

extern const struct parse_format pytest_benchmark_format;

/* What the file says of the commit under test; strings are NULL where it says nothing or null.
 * Outside git pytest-benchmark writes the id "unversioned" and no time. */
struct pytest_commit {
    char *id;      /* 40 hexadecimal characters, or "unversioned" */
    char *project; /* name of the folder or of the remote's last part */
    char *branch;  /* "(unknown)" outside git */
    int64_t time;  /* commit time, Unix seconds; else the author's; valid when has_time */
    bool has_time;
    bool dirty;
};

void pytest_commit_release(struct pytest_commit *commit);
#define AUTO_PYTEST_COMMIT __attribute__((cleanup(pytest_commit_release)))

/* Reads `commit_info`, wherever it stands among the keys, without reading the measurements. A file
 * without one gives an empty struct. Leaves the input rewound. */
int pytest_commit_read(struct input *input, struct pytest_commit *out,
                       struct error *err) MUST_CHECK;
