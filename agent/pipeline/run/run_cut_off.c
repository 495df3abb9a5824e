#include "pipeline/run/run_cut_off.h"

#include "base/log.h"
#include "base/strlist.h"
#include "store/records.h"
#include "store/results.h"

#include <string.h>

/* What stands behind the run's id and attempt; NULL: it is no name of a workflow run. */
static const char *job_of(const char *name)
{
    static const char digits[] = "0123456789";
    size_t id = strspn(name, digits);
    if (!id || (name[id] != '.' && name[id] != '-'))
        return NULL;
    size_t attempt = strspn(name + id + 1, digits);
    return attempt ? name + id + 1 + attempt : NULL;
}

bool run_is_same_job(const char *a, const char *b)
{
    const char *job = job_of(a), *other = job_of(b);
    return job && other && !strcmp(job, other);
}

static bool has_whole(const struct stored_runs *runs, const char *run, const char *test_bed)
{
    for (size_t i = 0; i < runs->count; i++) {
        const struct stored_run *item = &runs->items[i];
        if (item->run && item->harness && item->test_bed && !strcmp(item->run, run) &&
            !strcmp(item->harness, "run") && !strcmp(item->test_bed, test_bed))
            return true;
    }
    return false;
}

static void find_cut_off(const struct stored_results *results, const struct stored_runs *runs,
                         const char *test_bed, const char *run, struct strlist *out)
{
    for (size_t i = 0; i < results->count; i++) {
        const struct stored_result *item = &results->items[i];
        if (item->run && item->host_session && strcmp(item->run, run) != 0 &&
            run_is_same_job(item->run, run) && !strlist_contains(out, item->run) &&
            !has_whole(runs, item->run, test_bed))
            strlist_push(out, item->run);
    }
}

int run_take_back_cut_off(const char *db_uri, const char *commit, const char *test_bed,
                          const char *run, struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    AUTO_STORED_RESULTS struct stored_results results = {0};
    AUTO_STORED_RUNS struct stored_runs runs = {0};
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    const struct result_query query = {
        .commit = commit, .test_bed = test_bed, .without_any_values = true};
    if (!job_of(run))
        return 0;
    int failed = database_open(db_uri, &db, err);
    if (!failed)
        failed = results_read(db, &query, &results, err);
    if (failed == ERROR_NOT_FOUND)
        return 0;
    if (!failed)
        failed = runs_read(db, commit, &runs, err);
    if (!failed)
        find_cut_off(&results, &runs, test_bed, run, &names);
    for (size_t i = 0; !failed && i < names.count; i++) {
        int64_t count = 0;
        failed = runs_invalidate(db, names.items[i], test_bed,
                                 "it ended while its results were being stored", &count, err);
        if (!failed)
            log_info("run %s ended while its results were being stored: it is taken back",
                     names.items[i]);
    }
    return failed;
}
