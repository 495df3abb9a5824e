/*
 * The formats that benchmark harnesses write, one const row each.
 *
 *     const struct parse_format *format = NULL;
 *     struct parse_report report = PARSE_REPORT_INIT;
 *     rc = format_select("criterion", input, &format, err);
 *     rc = format_parse(format, input, &sink, &report, err);
 *
 * A parser streams: it calls the sink once for each measurement, in the order of the input, and
 * fails as a whole at the first thing that is wrong. What the sink was given before is then not
 * to be kept by the caller.
 *
 * Rules that all formats share
 *  - Values are wall time per iteration in nanoseconds. They are finite and not negative. Zero is
 *    accepted: on a coarse clock a short sample does take no time.
 *  - A benchmark's name is UTF-8, not empty, at most BENCHMARK_NAME_MAX bytes, without a NUL.
 *    Quotes, newlines and percent signs are part of the name. A lone surrogate in a JSON escape,
 *    which Python writes for a byte that was not UTF-8, is read as U+FFFD.
 *  - Two benchmarks of one name are two measurements; the caller numbers them.
 *  - Keys that are not known are skipped; of a key that stands twice the last one holds.
 *  - One document (for JSON lines: one line) is at most JSON_DOCUMENT_MAX bytes and nested at most
 *    JSON_DEPTH_MAX deep; one list has at most JSON_LIST_MAX numbers.
 *  - Nothing found is ERROR_NO_DATA, "No benchmark results found in the input file".
 */
#pragma once

#include "model/measurement.h"
#include "parse/input.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCHMARK_NAME_MAX ((size_t)64 << 10)   /* bytes */
#define BENCHMARK_DETAILS_MAX ((size_t)1 << 20) /* bytes of measurement.details */

/* What happened, beside the measurements; counts only grow. */
struct parse_report {
    uint64_t found;          /* measurements that the sink took */
    uint64_t skipped_lines;  /* lines that are not JSON: what cargo or the benchmark printed */
    uint64_t other_messages; /* JSON lines that say something else than a result */
    uint64_t without_data;   /* benchmarks without values; each was also a log_warning() */
};

#define PARSE_REPORT_INIT \
    {                     \
        0                 \
    }

struct parse_format {
    const char *name;        /* the word of the command line: "criterion", "pytest", "history" */
    const char *harness;     /* the harness's name in a result's id and metadata: "criterion"… */
    const char *description; /* for messages: "cargo-criterion's JSON lines" */
    /* Whether a file says itself that its times are CPU time: pytest-benchmark's does, of its
     * timer. In others it is their wall time that was, and what they call cpu_time is their own. */
    bool names_its_metric;
    enum input_kind kind;
    /* Whether the first `len` bytes of a file look like this format; NULL for a folder. */
    bool (*recognise)(const char *head, size_t len);
    /* NULL where the items carry commits of their own (history.h). */
    int (*parse)(struct input *input, const struct measurement_sink *sink,
                 struct parse_report *report, struct error *err);
};

extern const struct parse_format *const parse_formats[];
extern const size_t parse_format_count;

/*
 * The format called `name` for this kind of input, or with "auto" the one that the content shows.
 * ERROR_USAGE: no such format. ERROR_INPUT: the content fits none; the message names those tried.
 * ERROR_NO_DATA: the file is empty. "auto" never yields "history": such a file is an ERROR_INPUT
 * that points to import-history. Leaves the input rewound.
 */
int format_select(const char *name, struct input *input, const struct parse_format **out,
                  struct error *err) MUST_CHECK;

/* The field of that name of the format called `name`; false where none is. */
bool format_names_its_metric(const char *name);

/* Reads the whole input from its beginning. Errors name the file, and line and byte where there is
 * one. *report is added to, also on failure. */
int format_parse(const struct parse_format *format, struct input *input,
                 const struct measurement_sink *sink, struct parse_report *report,
                 struct error *err) MUST_CHECK;
