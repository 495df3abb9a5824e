/* records.h: taking a run out of sight. */
#include "base/alloc.h"
#include "store/records.h"
#include "store/results.h"

#include <string.h>

/* Writes `run` again with another outcome. */
static int put_invalidated(struct database *db, struct stored_run *run, const char *reason,
                           struct error *err)
{
    const struct run_record record = {
        .id = run->id,
        .run = run->run,
        .harness = run->harness,
        .project = run->project,
        .commit = run->commit,
        .version = run->version,
        .test_bed = run->test_bed,
        .outcome = RUN_INVALIDATED,
        .reason = reason ? reason : run->reason,
        .toolchain = run->toolchain,
        .host_session = run->host_session,
        .expected = run->expected,
        .result_count = run->result_count,
        .started_at = run->started_at,
        .ended_at = run->ended_at,
    };
    return run_put(db, &record, err);
}

/* A publisher that was killed between its results and their run left none to mark: the results say
 * which run they belong to, and one for each machine is written. */
static int invalidate_unrecorded(struct database *db, const char *run, const char *test_bed,
                                 const char *reason, int64_t *count, struct error *err)
{
    const struct result_query query = {
        .run = run, .test_bed = test_bed, .with_invalidated = true, .without_values = true};
    AUTO_STORED_RESULTS struct stored_results results = {0};
    AUTO_STRLIST struct strlist beds = STRLIST_INIT;
    int failed = results_read(db, &query, &results, err);
    for (size_t i = 0; !failed && i < results.count; i++) {
        const struct stored_result *result = &results.items[i];
        const char *bed = result->test_bed.name ? result->test_bed.name : "";
        if (strlist_contains(&beds, bed))
            continue;
        strlist_push(&beds, bed);
        struct run_record record = {
            .run = run,
            .harness = "run",
            .project = result->dut.name,
            .commit = result->commit,
            .version = result->dut.version,
            .test_bed = bed,
            .outcome = RUN_INVALIDATED,
            .reason = reason,
            .started_at = result->timestamp,
            .ended_at = result->timestamp,
        };
        char id[UUID_TEXT_SIZE];
        run_record_id(&record, NULL, id);
        record.id = id;
        failed = run_put(db, &record, err);
    }
    if (!failed)
        *count = (int64_t)beds.count;
    return failed == ERROR_NOT_FOUND ? 0 : failed;
}

int runs_invalidate(struct database *db, const char *run, const char *test_bed, const char *reason,
                    int64_t *count, struct error *err)
{
    AUTO_STORED_RUNS struct stored_runs runs = {0};
    int failed = runs_read(db, NULL, &runs, err);
    int64_t marked = 0;
    for (size_t i = 0; !failed && i < runs.count; i++) {
        struct stored_run *item = &runs.items[i];
        bool same_bed = !test_bed || (item->test_bed && !strcmp(item->test_bed, test_bed));
        if (!item->run || strcmp(item->run, run) || !same_bed)
            continue;
        failed = put_invalidated(db, item, reason, err);
        marked += !failed;
    }
    if (!failed && !marked)
        failed = invalidate_unrecorded(db, run, test_bed, reason, &marked, err);
    if (!failed)
        *count = marked;
    return failed;
}
