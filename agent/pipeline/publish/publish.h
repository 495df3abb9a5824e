/*
 * parse → store for one harness output: its measurements become rows, committed all at once, and a
 * row of `runs` beside them. spool.h stands over this: it keeps what could not be stored.
 */
#pragma once

#include "base/digest.h"
#include "base/strlist.h"
#include "model/result.h"
#include "parse/format.h"
#include "store/database.h"
#include "store/records.h"

/* Everything is borrowed. */
struct publish_request {
    const char *db;     /* URI */
    const char *table;  /* RESULTS_TABLE or RESULTS_PR_TABLE */
    struct dut dut;     /* name, version, commit time */
    const char *commit; /* 40 hexadecimal characters, NULL when only the version is known */
    const struct test_bed *test_bed;
    const char *metric; /* overrides the metric of every measurement; NULL: what the input says */
    const char
        *wall_metric; /* what wall time is called; other metrics are left out. NULL: as it is */
    const char *run;  /* NULL: GitHub's run id and attempt, else the digest of the input */
    /* What tells this output from the others of its run. NULL: the digest of the input, so that
     * another measurement is another result. With a name, a second measurement of it under the same
     * run is the same results, and those that are stored stay. */
    const char *part;
    const char *host_session; /* id, NULL when there is none */
    const char *toolchain;    /* what built it, NULL when not known */
    int64_t timestamp;        /* of the publishing, Unix seconds; 0: now */
    /* Names the harness was expected to measure; empty: what the input has is all there is. What is
     * missing makes the outcome "partial". */
    struct strlist expected;
    const char *outcome; /* NULL: complete, or partial by `expected` */
    const char *reason;
    const char *evidence; /* a JSON object for the metadata of every row, or NULL */
};

struct publish_outcome {
    struct parse_report report;
    uint64_t inserted;  /* rows that are new */
    uint64_t unchanged; /* rows that were there already */
    size_t missing;     /* expected benchmarks that did not come */
    char *run;          /* what the run is called; owned */
    char *spooled;      /* where the results wait, see spool.h; NULL: they are stored */
};

void publish_outcome_release(struct publish_outcome *outcome);
#define AUTO_PUBLISH_OUTCOME __attribute__((cleanup(publish_outcome_release)))

/*
 * Publishes one input. Either all of its measurements are stored when this returns 0, or none is.
 * Publishing the same input once more changes nothing. Into a run that has been invalidated
 * (records.h) it goes all the same, with a warning: it is kept, and not shown either.
 */
int publish_input(const struct publish_request *request, const struct parse_format *format,
                  struct input *input, struct publish_outcome *outcome,
                  struct error *err) MUST_CHECK;

/* What GitHub calls this run ("<run id>-<attempt>") as a fresh string, or NULL outside of it. */
char *publish_github_run(void);
