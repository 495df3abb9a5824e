#include "pipeline/publish/import_history.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "model/commit.h"
#include "model/result_id.h"
#include "parse/history.h"
#include "store/metadata.h"
#include "store/records.h"
#include "store/results.h"

#include <string.h>

struct import {
    const struct import_request *request;
    struct result_writer *writer;
    struct name_counts names;
    struct strbuf metadata;
    char run[SHA256_HEX_SIZE];
    int64_t now;
    uint64_t rows;
};

static int add_item(void *context, const struct history_item *item, struct error *err)
{
    struct import *import = context;
    int stop = interrupt_check(err);
    if (stop)
        return stop;
    const struct measurement *m = &item->measurement;
    AUTO_FREE char *version = xstrndup(item->commit, COMMIT_SHORT_LEN);
    AUTO_FREE char *name =
        m->metric ? xasprintf("%s#%s", m->benchmark, m->metric) : xstrdup(m->benchmark);
    AUTO_FREE char *counted = xasprintf("%s\x1f%s", item->commit, name);
    const struct dut dut = {(char *)(uintptr_t)import->request->project, version, item->time};
    const struct test_bed bed = {
        .name = (char *)(uintptr_t)import->request->test_bed,
        .cpu = (char *)(uintptr_t)item->arch,
        .os = (char *)(uintptr_t)item->os,
    };
    char id[UUID_TEXT_SIZE];
    result_id(
        &(struct result_key){
            .project = dut.name,
            .test_bed = bed.name,
            .commit = item->commit,
            .harness = history_format.harness,
            .benchmark = m->benchmark,
            .metric = m->metric,
            .run = import->run,
            .ordinal = name_counts_add(&import->names, counted),
        },
        id);
    metadata_write(
        &(struct metadata){
            .harness = history_format.harness,
            .commit = item->commit,
            .run = import->run,
            .details = m->details,
        },
        &import->metadata);
    struct summary summary = summary_unknown();
    summary.mean = m->values[0];
    import->rows++;
    return result_writer_add(import->writer,
                             &(struct result){
                                 .id = id,
                                 .dut = &dut,
                                 .test_bed = &bed,
                                 .benchmark_name = name,
                                 .values = m->values,
                                 .value_count = m->value_count,
                                 .summary = summary,
                                 .units = m->units,
                                 .metadata = import->metadata.buf,
                                 .timestamp = import->now,
                             },
                             err);
}

/* So that the whole import can be invalidated like any other run. */
static int record_import(const struct import *import, struct database *db, int64_t started_at,
                         bool changed, struct error *err)
{
    struct run_record record = {
        .run = import->run,
        .harness = history_format.harness,
        .project = import->request->project,
        .test_bed = import->request->test_bed,
        .outcome = RUN_COMPLETE,
        .result_count = (int64_t)import->rows,
        .started_at = started_at,
        .ended_at = clock_unix_s(),
    };
    char id[UUID_TEXT_SIZE];
    run_record_id(&record, NULL, id);
    record.id = id;
    bool there = false;
    int failed = changed ? 0 : run_exists(db, id, &there, err);
    return failed || there ? failed : run_put(db, &record, err);
}

int import_history(const struct import_request *request, struct input *input,
                   struct import_outcome *outcome, struct error *err)
{
    struct import import = {
        .request = request,
        .metadata = STRBUF_INIT,
        .now = clock_unix_s(),
    };
    AUTO_DATABASE struct database *db = NULL;
    int failed = input_sha256(input, import.run, err);
    if (!failed)
        failed = database_open(request->db, &db, err);
    if (!failed)
        failed = runs_check_schema(db, err);
    if (!failed)
        failed = result_writer_open(db, RESULTS_TABLE, &import.writer, err);
    if (failed)
        return failed;
    const struct history_sink sink = {add_item, &import};
    struct lance_merge_result merged = {0};
    failed = history_parse(input, &sink, &outcome->report, err);
    if (failed)
        result_writer_abort(import.writer);
    else
        failed = result_writer_finish(import.writer, &merged, err);
    if (!failed)
        failed = record_import(&import, db, import.now, merged.inserted > 0, err);
    name_counts_release(&import.names);
    strbuf_release(&import.metadata);
    outcome->inserted = merged.inserted;
    outcome->unchanged = import.rows - merged.inserted;
    return failed;
}
