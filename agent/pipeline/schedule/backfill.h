/*
 * Measuring the past: commits of a range that nobody has measured, one after the other, here or in
 * workflow runs that are waited for.
 *
 * The state is the database's and, where runs are dispatched, GitHub's list of runs; both are asked
 * again before each commit. So a backfill that was killed goes on where it was when it is started
 * again, and several may work on one range with little done twice.
 */
#pragma once

#include "pipeline/run/run.h"
#include "pipeline/schedule/schedule_dispatch.h"
#include "plan/next.h"

/* Everything is borrowed. */
struct backfill_request {
    struct source_request source;
    const char *db;
    const char *project;  /* NULL: as the repository is called */
    const char *test_bed; /* only what this machine measured counts; NULL: any */
    /*
     * The range, both ends included: a commit id of 7 to 40 characters, or a date ("2026-01-31",
     * its whole day in UTC; "2026-01-31T12:00:00+02:00"). NULL: the newest commit; and as many back
     * from there as it takes for max_commits of every interval-th.
     */
    const char *since, *until;
    size_t max_commits; /* that are measured by this call */
    size_t interval;    /* every so many-th commit of the range, from its newest */
    bool again;         /* also what is settled */
    enum plan_order order;
    double budget_s; /* nothing is begun that is to end later; 0: no limit */
    const struct dispatch_options *dispatch; /* NULL: measured here */
    const struct run_request *run;           /* how, where it is measured here */
    bool dry_run;                            /* only say what is next */
};

enum backfill_action {
    BACKFILL_LEFT, /* was not begun: see `stopped` */
    BACKFILL_MEASURED,
    BACKFILL_BROKEN, /* `problem` says why */
};
const char *backfill_action_name(enum backfill_action action);

struct backfilled {
    struct commit commit;
    enum backfill_action action;
    double seconds; /* that it took */
    char *url;      /* of the workflow run */
    char *problem;
    int code;  /* of base/error.h, that came with it */
    char *why; /* it was chosen, for people; NULL: by age */
};

struct backfill {
    struct backfilled *items; /* as they were measured, then what is left */
    size_t count, cap;
    size_t range; /* commits in it, of every interval-th */
    size_t done;  /* of these, settled before */
    const char
        *stopped; /* why there is something left; NULL: there is not, or it was not asked for */
    struct strlist notes;
};

void backfill_release(struct backfill *backfill);
#define AUTO_BACKFILL __attribute__((cleanup(backfill_release)))
size_t backfill_count(const struct backfill *backfill, enum backfill_action action);

/* ERROR_USAGE: `since` is newer than `until`, or one of them is not on the branch. ERROR_NO_DATA:
 * no commit lies in the range. A commit that fails is no error; what was reached is in *out on
 * every failure but those two. */
int backfill_run(const struct backfill_request *request, struct backfill *out,
                 struct error *err) MUST_CHECK;
