/*
 * The side tables: what belongs to a run, a commit or a host session stands there once, so that no
 * result repeats it.
 *
 *   runs           a row for each published harness output: what was expected, how it ended
 *   commits        id, first parent, time, subject, branch: see commits.h
 *   host_sessions  the state of the machine while a run was measured
 */
#pragma once

#include "base/digest.h"
#include "base/strlist.h"
#include "model/commit.h"
#include "store/database.h"

#include <stdint.h>

#define RUNS_TABLE "runs"
#define HOST_SESSIONS_TABLE "host_sessions"

/* How a run ended. */
#define RUN_COMPLETE "complete"       /* everything expected was measured and stored */
#define RUN_PARTIAL "partial"         /* something expected is missing; `reason` says why */
#define RUN_INTERRUPTED "interrupted" /* somebody stopped it; what was measured is stored */
#define RUN_FAILED "failed"           /* nothing was measured */
#define RUN_INVALIDATED "invalidated" /* kept, and no longer shown */

struct run_record {
    const char *id;      /* tells this row from the others of its run: run_record_id() */
    const char *run;     /* GitHub's run id and attempt, or the digest of the input */
    const char *harness; /* "criterion", "pytest"…; "run" for the run as a whole */
    const char *project; /* dut.name */
    const char *commit;  /* 40 characters, NULL when only a version is known */
    const char *version;
    const char *test_bed;
    const char *outcome;          /* one of the above */
    const char *reason;           /* one line, NULL when there is none */
    const char *toolchain;        /* what built it, NULL when not known */
    const char *host_session;     /* id, or NULL */
    struct strlist expected;      /* names of benchmarks; empty: not known */
    int64_t result_count;         /* rows stored by it */
    int64_t started_at, ended_at; /* Unix seconds */
};

struct host_session_record {
    const char *id;
    const char *test_bed;
    const char *kernel;    /* "Linux 6.1.0-18-amd64" */
    const char *cpu;       /* the model's name */
    const char *microcode; /* NULL when the machine does not say */
    const char *toolchain;
    const char *sandbox;  /* JSON: what held the foreign code */
    const char *knobs;    /* JSON: host settings, NULL when none were read */
    const char *counters; /* JSON: steal, throttling…, NULL when none were read */
    int64_t started_at, ended_at;
};

/* The id of a record: UUIDv5 of its project, test bed, commit or version, harness, run and `input`,
 * which tells several outputs of one harness in one run apart (their digests; for a run as a whole,
 * which part of the target it was asked for), or is NULL. */
void run_record_id(const struct run_record *run, const char *input, char out[UUID_TEXT_SIZE]);

/* Each writes one row, replacing the one with the same id. */
int run_put(struct database *db, const struct run_record *run, struct error *err) MUST_CHECK;
int host_session_put(struct database *db, const struct host_session_record *session,
                     struct error *err) MUST_CHECK;

/* Whether there is a row with this id. */
int run_exists(struct database *db, const char *id, bool *out, struct error *err) MUST_CHECK;

/* A run read back. */
struct stored_run {
    char *id, *run, *harness, *project, *commit, *version, *test_bed, *outcome, *reason;
    char *toolchain, *host_session;
    struct strlist expected;
    int64_t result_count, started_at, ended_at;
};

struct stored_runs {
    struct stored_run *items; /* newest first */
    size_t count, cap;
};

void stored_runs_release(struct stored_runs *runs);
#define AUTO_STORED_RUNS __attribute__((cleanup(stored_runs_release)))

/* Runs of one commit (its id or the beginning of one), or all with NULL. A database without the
 * table has none. */
int runs_read(struct database *db, const char *commit, struct stored_runs *out,
              struct error *err) MUST_CHECK;
/* Runs of any of these commits, full ids; also those of which only a version is known, which ends
 * in the first 7 characters. Where they are more than COMMIT_CONDITIONS_MAX, all runs there are. */
int runs_read_of(struct database *db, const struct strlist *commits, struct stored_runs *out,
                 struct error *err) MUST_CHECK;
/* Marks every row of `run` (on one test bed, or NULL for all) as invalidated. Without a reason the
 * one that stands there stays. *count: rows marked. */
int runs_invalidate(struct database *db, const char *run, const char *test_bed, const char *reason,
                    int64_t *count, struct error *err) MUST_CHECK;
/* The invalidated runs, as run_key()s. */
int runs_invalidated(struct database *db, struct strlist *keys, struct error *err) MUST_CHECK;
/* Whether `run` on this test bed has been invalidated: what is published into it is not shown. */
int run_is_invalidated(struct database *db, const char *run, const char *test_bed, bool *out,
                       struct error *err) MUST_CHECK;
/* A fresh string that tells a run on one test bed from others. */
char *run_key(const char *run, const char *test_bed);
/* ERROR_FAILURE when a newer program wrote to this database in a way this one would misread. */
int runs_check_schema(struct database *db, struct error *err) MUST_CHECK;
