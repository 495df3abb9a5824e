/*
 * Which commit of a branch changed a benchmark: decide/bisect.h over stored results and new runs.
 *
 * The state is the database's and is read again before each run: what is stored of the commits, by
 * whomever, counts and costs nothing, and a bisection that was killed goes on where it was when it
 * is started again. Results of commits before GOOD and behind BAD on the same level stand for the
 * two ends. Each new run measures that benchmark alone, as far as its harness can be told, and has
 * a name by which schedule_state.h passes over it: one benchmark is not all that is due.
 */
#pragma once

#include "decide/bisect.h"
#include "pipeline/run/run.h"
#include "pipeline/schedule/schedule_source.h"

/* Everything is borrowed. */
struct bisect_request {
    struct source_request source;
    const char *db;
    const char *project;      /* NULL: any that has the benchmark on this branch */
    const char *test_bed;     /* NULL: as this machine is called */
    const char *benchmark;    /* as in the table `results` */
    const char *good, *bad;   /* as in bisect_end.h. NULL: of a change */
    const char *change;       /* where both are NULL: an id, or its beginning, between the ends of
                                 the place of a found change; "": the newest that is open, or else
                                 the newest */
    const char *change_since; /* where the place lies behind this commit and ends with `change`;
                                 NULL: it is `change` alone */
    double confidence;        /* of the answer */
    double matters;           /* relative: the change that matters */
    size_t max_runs;          /* by this call */
    double budget_s;          /* no run is begun that is to end later; 0: no limit */
    bool retry_failed;        /* also commits that earlier calls could not measure */
    bool disturbed;           /* also results of runs in which others had too large a part */
    bool dry_run;             /* only say what is next */
    const struct policy *policy; /* its aliases: results of a former name count as those of
                                    `benchmark`, and are measured. NULL: none */
    const struct run_request *run;
};

/* A commit of the range. */
struct bisected {
    struct commit commit;
    size_t runs;   /* whose results are used */
    size_t new;    /* of these, by this call */
    double level;  /* their median; NAN: there is none */
    char *problem; /* why it cannot be measured; NULL: it can, or nobody tried */
};

struct bisection {
    struct bisected *items; /* GOOD first */
    size_t count;
    struct bisect_state state;
    char *benchmark, *test_bed, *project, *units;
    size_t stored;       /* runs that were there before */
    size_t outside;      /* of these, of commits before GOOD and behind BAD */
    size_t measured;     /* runs by this call */
    const char *stopped; /* why there is no answer yet; NULL: there is, or none can be had */
    struct strlist notes;
};

void bisection_release(struct bisection *bisection);
#define AUTO_BISECTION __attribute__((cleanup(bisection_release)))

/* ERROR_USAGE: GOOD or BAD is not on the branch, or in the wrong order. ERROR_NOT_FOUND: there is
 * no such revision. ERROR_NO_DATA: there is no such change. A commit that fails is no error; what
 * was reached is in *out on every failure but those. */
int bisection_run(const struct bisect_request *request, struct bisection *out,
                  struct error *err) MUST_CHECK;
