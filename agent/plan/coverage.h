/*
 * What the runs that are recorded of one commit come to.
 *
 * Rows that carry the same run on the same test bed speak of one run, and the worst of them is what
 * it came to. A benchmark that was expected and is not there is accounted for when a run that
 * expected it says why it failed; a commit is settled when everything that was ever expected of it
 * is there or accounted for. A run that was stopped accounts for nothing, and neither does one that
 * was taken back.
 */
#pragma once

#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum recorded_outcome {
    RECORDED_COMPLETE,
    RECORDED_PARTIAL,
    RECORDED_FAILED,
    RECORDED_INTERRUPTED,
    RECORDED_INVALIDATED,
    RECORDED_UNKNOWN, /* a word of a newer program: the row is left out */
};

/* A row of the table `runs`, borrowed. */
struct recorded_run {
    const char *run, *test_bed;
    enum recorded_outcome outcome;
    const char *reason;   /* NULL: none */
    bool whole;           /* it speaks of the run as a whole */
    bool part;            /* one is to come that does: without it the run was cut off */
    int64_t result_count; /* that it says it has stored */
    const struct strlist *expected;
};

/* A row of the table `results`, borrowed. */
struct recorded_result {
    const char *run; /* NULL: of another writer, who keeps no runs */
    const char *test_bed, *benchmark;
};

struct recorded {
    const struct recorded_run *runs; /* newest first */
    size_t run_count;
    const struct recorded_result *results;
    size_t result_count;
    const char *test_bed; /* only this one counts; NULL: all */
};

enum commit_state {
    COMMIT_MISSING,     /* nothing is recorded */
    COMMIT_COMPLETE,    /* all that was expected is there */
    COMMIT_PARTIAL,     /* something is not there */
    COMMIT_FAILED,      /* nothing was measured, and it is known why */
    COMMIT_INTERRUPTED, /* stopped, or cut off while it was being stored */
    COMMIT_INVALIDATED, /* there was a run, and it was taken back */
};
/* "missing", "complete", … */
const char *commit_state_name(enum commit_state state);

struct coverage {
    enum commit_state state;
    bool settled;           /* there is nothing to gain from measuring it in the same way again */
    size_t runs;            /* that count */
    size_t failures;        /* of these, those in which something failed for a recorded reason */
    char *reason;           /* why the newest that is not complete is not; NULL: none says */
    struct strlist missing; /* expected, and not there */
    struct strlist cut_off; /* names of runs that ended while they were being stored */
};

void coverage_release(struct coverage *coverage);
#define AUTO_COVERAGE __attribute__((cleanup(coverage_release)))

void coverage_of(const struct recorded *recorded, struct coverage *out);
