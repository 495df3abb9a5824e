/*
 * Changes of speed that were expected: what a commit's message says of them, and a row of the table
 * `expected_changes`.
 *
 *     Perf-Expected: scan_* the new checksum costs a third
 *
 * A line of the message's body, as a git trailer is written, but in whatever paragraph: a squashed
 * merge has them in the middle. The first word is a glob on benchmarks' names ("…" around one with
 * blanks), the rest says why.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPECTED_TRAILER "Perf-Expected:"
#define EXPECTED_BYTES_MAX 500 /* of a pattern or a reason; more is cut off */

/* Texts are owned; NULL where there is nothing to say. */
struct expected_change {
    char *project;
    char *commit;    /* 40 characters: the first commit on the new level, or in front of it */
    char *benchmark; /* a glob */
    char *reason;
    char *source;       /* "trailer", "label", or "alert": who said so */
    int64_t created_at; /* Unix seconds */
};

struct expected_changes {
    struct expected_change *items;
    size_t count, cap;
};

void expected_change_release(struct expected_change *change);
void expected_changes_release(struct expected_changes *changes);
#define AUTO_EXPECTED_CHANGES __attribute__((cleanup(expected_changes_release)))
/* Copies its arguments. */
void expected_changes_add(struct expected_changes *changes, const struct expected_change *change);

/* The values of the trailers in a commit's message, one a line, as a fresh string; NULL: none.
 * Bytes that are no UTF-8 are replaced. */
char *expected_trailers(const char *message);
/* Adds what such a string says of a commit, without a time. */
void expected_parse(const char *trailers, const char *project, const char *commit,
                    struct expected_changes *out);
/* Whether the glob is for the benchmark, with or without the metric in its name. */
bool expected_matches(const char *glob, const char *benchmark_name);
/* A glob that matches this name alone, as a fresh string. */
char *expected_glob(const char *name);
