/* A benchmark history that somebody kept before: items with commits of their own, one mean each. */
#pragma once

#include "pipeline/publish/publish.h"

struct import_request {
    const char *db;
    const char *project; /* dut.name of every row */
    const char
        *test_bed; /* name of the machine that measured it; its os and cpu come from the items */
};

struct import_outcome {
    struct parse_report report;
    uint64_t inserted, unchanged; /* rows */
};

/* All items become rows in one commit, with a row of `runs` beside them, or none does: values =
 * [mean], the other summary fields null, the standard error in metadata. The version is the
 * commit's first seven characters, its time that of the benchmark run, which is all that such a
 * file knows. */
int import_history(const struct import_request *request, struct input *input,
                   struct import_outcome *outcome, struct error *err) MUST_CHECK;
