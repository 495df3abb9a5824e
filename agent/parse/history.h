/*
 * Benchmark histories (format "history"): a JSON array, or lines, of objects that carry their own
 * commit, as lancedb/lance-benchmark-results keeps them in rust/results.json:
 *
 *     {"name": …, "commit": <40 hex>, "datetime": "2023-05-22 16:13:59", "os": "Linux",
 *      "arch": "x86_64", "mean_duration_ns": 21931241.25, "standard_error": 166705.99}
 *
 * github-action-benchmark's data.js is read as well: see github_action_benchmark.h.
 *
 * The values are [mean]; of the summary only the mean is known. `datetime` is the time of the
 * benchmark run and has no zone: it is read as UTC.
 */
#pragma once

#include "base/strbuf.h"
#include "parse/format.h"

extern const struct parse_format history_format;

/* Borrowed for the length of the call. */
struct history_item {
    struct measurement measurement; /* one value, the mean; details hold the standard error */
    const char *commit;             /* 40 lower-case hexadecimal characters */
    int64_t time;                   /* of the benchmark run, Unix seconds */
    const char *os;                 /* NULL when not given, like arch */
    const char *arch;
    double standard_error; /* of the mean, nanoseconds; NAN when not given */
};

struct history_sink {
    /* 0 to go on, a negative code (with `err` filled) to stop. */
    int (*add)(void *context, const struct history_item *item, struct error *err);
    void *context;
};

/* The report's `found` counts items. */
int history_parse(struct input *input, const struct history_sink *sink, struct parse_report *report,
                  struct error *err) MUST_CHECK;

/* Makes a commit's id lower-case; false when it is not 40 hexadecimal characters. */
bool history_commit_normalise(struct strbuf *commit);
