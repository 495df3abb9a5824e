/*
 * The stored results as series in time: for each benchmark and metric on each test bed, one number
 * for each commit that was measured.
 *
 * A commit's number is the median over its runs of their medians, or of their means where another
 * writer's row in the series has no more than that. Left out are invalidated runs, results beyond
 * the limit of what others may take part in a measurement, and sessions that the canary calls
 * spoiled.
 */
#pragma once

#include "base/strlist.h"
#include "base/text_pool.h"
#include "config/policy.h"
#include "pipeline/history/history_commits.h"
#include "store/results.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a number was measured with. All texts here are the history's, each kept once: equal texts
 * are equal pointers. NULL is not known. */
struct history_setting {
    const char *toolchain, *cpu, *os;
};

struct history_point {
    const struct history_commit *commit;
    struct history_setting setting; /* of its newest run */
    double value;
    size_t runs;
    size_t first_run; /* of its runs' numbers in the series' `runs` */
};

struct history_series {
    const char *project, *test_bed, *benchmark, *units;
    struct history_point *points; /* the oldest first */
    size_t count;
    double *runs; /* each run's number, those of a commit together, in the points' order */
    bool means;   /* the numbers are means: a row of another writer has no median */
};

/* A change of speed that somebody announced or accepted: docs/deciding.md. */
struct history_expected {
    const struct history_commit *commit;
    const char *benchmark;       /* a glob: model/expected.h */
    const char *reason, *source; /* NULL: not said */
};

struct history {
    const struct policy *policy; /* as in the request; NULL: none */
    struct history_expected *expected;
    size_t expected_count;
    struct strlist notes;          /* a line for each thing to know about the whole */
    struct history_series *series; /* by project, benchmark, test bed and unit */
    size_t count;
    size_t left_out; /* results */
    struct history_commits commits;
    struct text_pool texts;
};

void history_release(struct history *history);
#define AUTO_HISTORY __attribute__((cleanup(history_release)))

/* Everything is borrowed, the policy for as long as the history. */
struct history_request {
    struct result_query query;   /* its `without_…` fields do not matter */
    const char *pull_request;    /* a commit's id: its rows of RESULTS_PR_TABLE too; NULL: none */
    const struct policy *policy; /* NULL: none. Its aliases give results of old names the new one,
                                    by which query.benchmark then looks for them */
    bool disturbed;              /* keep what is left out for how it was measured */
};

/* ERROR_NOT_FOUND when the database has no results. The points of a series are in order whether
 * their commits lie on one line or not: see history_commits_choose…(). Where a commit has results
 * of a benchmark's new name and of an old one in one series, the old ones are left out, and a note
 * says so. */
int history_read(struct database *db, const struct history_request *request, struct history *out,
                 struct error *err) MUST_CHECK;

/* The latest change of this benchmark that is expected at a chosen commit behind `after` (NULL:
 * anywhere) and up to `last`, or at `last`; NULL: none. */
const struct history_expected *history_find_expected(const struct history *history,
                                                     const struct history_series *series,
                                                     const struct history_commit *after,
                                                     const struct history_commit *last);
