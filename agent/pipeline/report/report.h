/* Fills a report (report/report.h) from the stored results: the history of one project, its changes
 * of level, and one commit held against it. The database is read once, and once more for each
 * commit whose samples are asked for. */
#pragma once

#include "config/policy.h"
#include "report/report.h"
#include "store/results.h"

/* Everything is borrowed; NULL and 0 are what stands behind the semicolons. */
struct report_request {
    struct result_query query; /* benchmark, test_bed and project are heeded */
    const char *commit;        /* an id or its beginning; the newest that was measured */
    bool pull_request;         /* its results are in RESULTS_PR_TABLE; needs `commit` */
    const char *base;          /* a commit to set beside it; none */
    /* Where the base has no results: do without (else that is ERROR_NO_DATA), or take the newest of
     * the main line that is no younger than this. */
    bool base_optional;
    int64_t base_before_s;       /* 0: none */
    int64_t since_s;             /* earlier commits are not shown; they do count */
    const struct policy *policy; /* none */
    double alpha;                /* that of the policy, else VERDICT_ALPHA */
    bool disturbed;         /* results count that were measured under conditions that spoil them */
    size_t samples;         /* of how many of the newest commits; none */
    const char *commit_url; /* with "{commit}" where the id belongs; no links */
    const char *repository_url; /* on GitHub: where commits have their pages; not known */
    bool repository_guessed;    /* it counts only where its name is the project's */
};

/* ERROR_NO_DATA when there is nothing to report, ERROR_NOT_FOUND when the database has no results
 * at all, ERROR_USAGE when results of several projects match and none was named. */
int report_build(struct database *db, const struct report_request *request, struct report *out,
                 struct error *err) MUST_CHECK;
