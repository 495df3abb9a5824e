/* For the tests of parse/: what a format hands to its sink, kept. */
#pragma once

#include "parse/format.h"

struct collected {
    char *benchmark, *metric, *details, *throughput_name, *unit_system, *units;
    double *values;
    uint64_t *iterations; /* NULL when the harness gave none */
    size_t value_count;
    double throughput;
};

struct collection {
    int rc;
    struct error err;
    struct parse_report report;
    struct collected *items;
    size_t count, cap;
};

/* Parses `len` bytes called "input" (strlen for SIZE_MAX) as the format `name`. */
struct collection collect_text(const char *name, const char *text, size_t len);
/* Parses a file or folder below the fixtures, or an absolute path. */
struct collection collect_path(const char *name, const char *path);
void collection_release(struct collection *c);
#define AUTO_COLLECTION __attribute__((cleanup(collection_release)))

/* Fails the test unless the outcome is this code and the message has these words. */
void assert_fails(const struct collection *c, int code, const char *words);
