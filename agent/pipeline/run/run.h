/*
 * checkout → build → run → parse → store, for one commit.
 *
 * What is measured is stored when all foreign code has ended: only then are credentials loaded. It
 * is stored one harness output at a time (one Criterion executable, one pytest suite), each whole
 * or not at all; a run that was stopped, or in which something failed, keeps those that were
 * complete and says so in its record.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "model/result.h"
#include "sandbox/sandbox.h"

#include <stdbool.h>
#include <stdint.h>

#define RUN_MIN_FREE ((uint64_t)4 << 30) /* bytes of disk that have to be free at the beginning */

enum run_mode {
    RUN_MEASURE,
    RUN_LIST, /* build, and say which benchmarks there are */
    RUN_DRY,  /* check out, and say what would be done */
};

enum run_clock {
    RUN_CLOCK_CONFIGURED,
    RUN_CLOCK_WALL,
    RUN_CLOCK_CPU, /* run/cpu_clock.h: stored as the metric cpu_time */
};

enum run_tune {
    RUN_TUNE_AUTO, /* where the machine is configured for it and this process may */
    RUN_TUNE_OFF,
    RUN_TUNE_REQUIRE, /* an error where nobody has tuned it and this process may not */
};

enum run_isolate {
    RUN_ISOLATE_AUTO, /* as host.conf has it, where the machine allows it */
    RUN_ISOLATE_OFF,
    RUN_ISOLATE_REQUIRE, /* an error where benchmarks cannot have the CPUs to themselves */
};

/* Asked once, when all foreign code has ended and before anything is stored. Where it is refused,
 * nothing is stored and the run fails with that code; a run that was stopped is not asked about and
 * stores nothing either. */
struct run_fence {
    int (*pass)(void *context, struct error *err);
    void *context;
};

/* How names of runs begin that measured one benchmark of a commit for `bisect`. They are a trace of
 * the commit, but say nothing of what is due, and are no others' to take back. */
#define RUN_OF_BISECT "bisect-"

/* Everything is borrowed. NULL, zero and empty lists mean: as the configuration has it. */
struct run_request {
    enum run_mode mode;
    const char *remote, *revision; /* as checkout has them */
    const char *ca_file;
    const char *db;
    const char *results_dir; /* leave the results there instead, see run_results.h; NULL: publish */
    const char *project;     /* dut.name */
    const char *testbed_name;
    const char *run;        /* what the run is called; NULL: GitHub's run, else the job's own id */
    const char *config;     /* file, instead of the target's own */
    bool config_is_targets; /* it is one of the target's own commits all the same */
    const char *toolchain, *interpreter, *wheel, *cpus, *filter;
    const struct run_fence *fence; /* NULL: what was measured is stored */
    struct strlist crates, benches, features;
    bool rust_only, python_only, commands_only;
    bool pull_request; /* foreign code of a stranger: the whole sandbox, throw-away caches */
    bool keep_going;   /* a build or benchmark that fails does not end the run */
    bool keep_files;   /* the job's folder stays */
    enum sandbox_mode sandbox;
    enum run_clock clock;
    enum run_tune tune;
    enum run_isolate isolate;
    int jobs;
    int retakes; /* of a process that others have disturbed beyond the limits of evidence/evidence.h
                  */
    double timeout_s;       /* of one harness process */
    double build_timeout_s; /* of one build command */
    uint64_t output_limit, min_free, max_cache;
};

/* What became of one harness output. */
struct run_part {
    char *name;              /* "<crate>/<bench>", "pytest" or a command's */
    char *results;           /* file or folder of what it left, NULL when it did not get so far */
    const char *format;      /* of parse/format.h: "criterion", "libtest", "pytest", a command's */
    struct strlist expected; /* names of benchmarks, where the harness tells */
    uint64_t found, inserted, unchanged;
    double seconds;
    char *problem;   /* why it is not complete, NULL when it is */
    char *evidence;  /* JSON for the metadata of its rows; NULL when it was not measured */
    char *disturbed; /* how others had a part in its figures, for people; NULL: not noticeably */
    int attempts;    /* how often it was measured; what counts is the last */
    bool stored, spooled;
};

struct run_outcome {
    char *commit, *version, *project, *run, *toolchain, *test_bed;
    char *config;           /* where the configuration came from */
    char *cpus;             /* where benchmarks ran */
    const char *clock;      /* "wall" or "cpu" */
    char *sandbox;          /* layers of it, for people */
    const char *canary;     /* "trusted"… of evidence/canary.h; NULL when nothing was measured */
    char *files;            /* the job's folder, where it was kept */
    struct strlist plan;    /* RUN_DRY: the steps, in order */
    struct strlist skipped; /* what is there and is not run, with the reason */
    struct run_part *parts;
    size_t part_count, part_cap;
    const char *outcome; /* RUN_COMPLETE… of store/records.h; NULL when nothing was to be stored */
    char *reason;
};

/*
 * Runs it. On failure too, *out tells what was reached: it is to be released. ERROR_BUILD: a build
 * or benchmark failed (without keep_going nothing after it was run). ERROR_SPOOLED: measured, and
 * waiting for the database. ERROR_INTERRUPTED: what was complete before is stored.
 */
int run_commit(const struct run_request *request, struct run_outcome *out,
               struct error *err) MUST_CHECK;
void run_outcome_release(struct run_outcome *outcome);
#define AUTO_RUN_OUTCOME __attribute__((cleanup(run_outcome_release)))
