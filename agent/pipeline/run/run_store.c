/* run: storing what was measured. */
#include "pipeline/run/run_state.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"
#include "host/machine.h"
#include "pipeline/publish/publish.h"
#include "pipeline/run/run_clock.h"
#include "pipeline/run/run_cut_off.h"
#include "pipeline/run/run_evidence.h"
#include "pipeline/run/run_killed.h"
#include "pipeline/run/run_results.h"
#include "pipeline/publish/spool.h"
#include "store/results.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What stands in every row and record of this run. */
struct storing {
    struct run *run;
    struct test_bed bed;
    char session[UUID_TEXT_SIZE];
    uint64_t stored; /* rows */
    bool spooled;
};

static int publish_part(struct storing *storing, struct run_part *part, struct error *err)
{
    const struct run *run = storing->run;
    const struct run_outcome *out = run->out;
    AUTO_INPUT struct input *input = NULL;
    const struct parse_format *format = NULL;
    AUTO_PUBLISH_OUTCOME struct publish_outcome outcome = {0};
    int failed = input_open(part->results, INPUT_MAX_DEFAULT, &input, err);
    if (!failed)
        failed = format_select(part->format, input, &format, err);
    if (failed)
        return failed;
    AUTO_STRLIST struct strlist expected = run_stored_names(run, part);
    const char *metric = run->cpu_clock ? CPU_TIME_METRIC : NULL;
    const struct publish_request request = {
        .db = run->request->db,
        .table = run->request->pull_request ? RESULTS_PR_TABLE : RESULTS_TABLE,
        .dut = {out->project, out->version, run->checkout.commit.time},
        .commit = out->commit,
        .test_bed = &storing->bed,
        .run = out->run,
        /* What is run once more under its name, after a machine was lost, has each result once. */
        .part = run->request->fence || run->request->run ? part->name : NULL,
        .host_session = storing->session,
        .toolchain = out->toolchain,
        .metric = metric && format_names_its_metric(part->format) ? metric : NULL,
        .wall_metric = metric && !format_names_its_metric(part->format) ? metric : NULL,
        .expected = expected,
        .reason = part->problem,
        .outcome = part->problem ? RUN_PARTIAL : NULL,
        .evidence = part->evidence,
    };
    failed = publish_or_spool(&request, format, input, &outcome, err);
    part->found = outcome.report.found;
    part->inserted = outcome.inserted;
    part->unchanged = outcome.unchanged;
    part->spooled = outcome.spooled != NULL;
    part->stored = !failed;
    if (!failed && outcome.unchanged && !run->request->fence)
        log_warning("%s: run %s has %" PRIu64 " of these results already: they stay as they are",
                    part->name, out->run, outcome.unchanged);
    storing->spooled |= part->spooled;
    storing->stored += failed ? 0 : part->found;
    if (part->spooled)
        log_warning("the results of %s wait in %s: 'lance-bench publish --spooled' sends them",
                    part->name, outcome.spooled);
    if (!failed && outcome.missing && !part->problem)
        return error_set(err, ERROR_BUILD, "%s: %zu of its %zu benchmarks left no result",
                         part->name, outcome.missing, expected.count);
    return failed;
}

/* A part whose results cannot be read or are not all there is broken; the others are stored all the
 * same. */
static int publish_parts(struct storing *storing, struct error *err)
{
    struct run_outcome *out = storing->run->out;
    int failed = 0;
    for (size_t i = 0; i < out->part_count && failed != ERROR_INTERRUPTED; i++) {
        struct run_part *part = &out->parts[i];
        struct error reason = ERROR_INIT;
        int result = part->results ? publish_part(storing, part, &reason) : 0;
        if (!result)
            continue;
        if (result == ERROR_INPUT || result == ERROR_NO_DATA)
            result = error_set(&reason, ERROR_BUILD, "%s: %s", part->name, reason.message);
        if (!part->problem && !part->spooled)
            part->problem = xstrdup(reason.message);
        if (failed)
            log_error("%s", reason.message);
        else
            *err = reason;
        failed = failed ? failed : result;
    }
    return failed;
}

/* Results that wait in the spool count as stored: the record of the run reaches the database after
 * them. */
static const char *judge(const struct storing *storing, int failed)
{
    const struct run_outcome *out = storing->run->out;
    bool all = out->part_count > 0, any = false;
    for (size_t i = 0; i < out->part_count; i++) {
        bool kept = out->parts[i].stored || out->parts[i].spooled;
        all = all && kept && !out->parts[i].problem;
        any = any || kept;
    }
    if (failed == ERROR_INTERRUPTED)
        return RUN_INTERRUPTED;
    if (!any)
        return RUN_FAILED;
    return all && !failed ? RUN_COMPLETE : RUN_PARTIAL;
}

/* {"layers": "…", "missing": ["…"]}. */
static char *sandbox_json(const struct run *run)
{
    const struct sandbox_report *report = &run->job.sandbox.report;
    struct strbuf json = STRBUF_INIT;
    strbuf_addstr(&json, "{\"layers\": ");
    escape_json(&json, run->out->sandbox, strlen(run->out->sandbox));
    strbuf_addstr(&json, ", \"missing\": [");
    for (size_t i = 0; i < report->missing.count; i++) {
        strbuf_addstr(&json, i ? ", " : "");
        escape_json(&json, report->missing.items[i], strlen(report->missing.items[i]));
    }
    strbuf_addstr(&json, "], \"cpus\": ");
    escape_json(&json, run->out->cpus, strlen(run->out->cpus));
    strbuf_addstr(&json, "}");
    return strbuf_detach(&json);
}

/* Where the database cannot be reached, or could not be for the results, the records follow them
 * into the spool. */
static int keep_records(const struct storing *storing, const struct run_records *records,
                        struct error *err)
{
    const char *db = storing->run->request->db;
    int failed = storing->spooled ? ERROR_UNREACHABLE : run_records_put(db, records, err);
    if (failed != ERROR_UNREACHABLE)
        return failed;
    AUTO_FREE char *path = NULL;
    failed = spool_add_records(db, records, &path, err);
    if (failed || storing->spooled)
        return failed;
    if (err)
        err->code = ERROR_SPOOLED;
    return ERROR_SPOOLED;
}

/* What was asked for of the target, as text; NULL: all of it. The jobs of one workflow run share
 * its name, and the half that one of them measures must not take the place of the other's record.
 */
static char *selection_of(const struct run_request *request)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (request->rust_only || request->python_only)
        strbuf_addstr(&text, request->rust_only ? "rust" : "python");
    for (size_t i = 0; i < request->crates.count; i++)
        strbuf_addf(&text, "\ncrate %s", request->crates.items[i]);
    for (size_t i = 0; i < request->benches.count; i++)
        strbuf_addf(&text, "\nbench %s", request->benches.items[i]);
    if (request->filter)
        strbuf_addf(&text, "\nfilter %s", request->filter);
    return text.len ? strbuf_detach(&text) : NULL;
}

static int put_records(const struct storing *storing, struct error *err)
{
    const struct run *run = storing->run;
    const struct run_outcome *out = run->out;
    AUTO_FREE char *sandbox = sandbox_json(run);
    AUTO_FREE char *knobs = run_evidence_knobs(run), *counters = run_evidence_counters(run);
    AUTO_FREE char *microcode = evidence_microcode(&run->io);
    AUTO_STRLIST struct strlist expected = STRLIST_INIT;
    for (size_t i = 0; i < out->part_count; i++) {
        AUTO_STRLIST struct strlist names = run_stored_names(run, &out->parts[i]);
        for (size_t j = 0; j < names.count; j++)
            strlist_push(&expected, names.items[j]);
    }
    struct run_records records = {
        .session =
            {
                .id = storing->session,
                .test_bed = storing->bed.name,
                .kernel = storing->bed.os,
                .cpu = storing->bed.cpu,
                .toolchain = out->toolchain,
                .sandbox = sandbox,
                .microcode = microcode,
                .knobs = knobs,
                .counters = counters,
                .started_at = run->started_at,
                .ended_at = clock_unix_s(),
            },
        .commit = run->checkout.commit,
        .run =
            {
                .run = out->run,
                .harness = "run",
                .project = out->project,
                .commit = out->commit,
                .version = out->version,
                .test_bed = storing->bed.name,
                .outcome = out->outcome,
                .reason = out->reason,
                .toolchain = out->toolchain,
                .host_session = storing->session,
                .expected = expected,
                .result_count = (int64_t)storing->stored,
                .started_at = run->started_at,
                .ended_at = clock_unix_s(),
            },
    };
    char id[UUID_TEXT_SIZE];
    AUTO_FREE char *selection = selection_of(run->request);
    run_record_id(&records.run, selection, id);
    records.run.id = id;
    /* A pull request does not say what is expected of the base. */
    if (run->request->pull_request)
        records.commit.expected = NULL;
    return keep_records(storing, &records, err);
}

/* A poller's execution has a fence instead. */
static void take_back_cut_off(const struct storing *storing)
{
    const struct run *run = storing->run;
    struct error reason = ERROR_INIT;
    if (run->request->pull_request || run->request->fence)
        return;
    if (run_take_back_cut_off(run->request->db, run->out->commit, storing->bed.name, run->out->run,
                              &reason))
        log_warning("whether an earlier run was cut off is not known: %s", reason.message);
}

/* Once the results of this run are there. */
static void take_back_killed(const struct storing *storing)
{
    struct error reason = ERROR_INIT;
    if (!storing->spooled && storing->stored &&
        run_take_back_killed(storing->run, storing->bed.name, &reason))
        log_warning("whether an earlier run was killed is not known: %s", reason.message);
}

int run_store(struct run *run, int failed, const struct error *why, struct error *err)
{
    if (run->request->results_dir)
        return run_results_write(run, failed, why, err);
    struct storing storing = {.run = run};
    int unstored = machine_test_bed(run->request->testbed_name, &storing.bed, err);
    if (unstored)
        return unstored;
    run->out->test_bed = xstrdup(storing.bed.name);
    AUTO_FREE char *session =
        xasprintf("host session|%s|%s|%" PRId64, storing.bed.name, run->out->run, run->started_at);
    uuid5_text(session, strlen(session), storing.session);
    run->stage = "store";
    take_back_cut_off(&storing);
    run_note_storing(run, storing.bed.name);
    unstored = publish_parts(&storing, err);
    take_back_killed(&storing);
    run->out->outcome = judge(&storing, failed);
    run->out->reason = failed && why ? xstrdup(why->message)
                       : unstored    ? xstrdup(err->message)
                                     : NULL;
    if (unstored != ERROR_INTERRUPTED) {
        struct error reason = ERROR_INIT;
        int unrecorded = put_records(&storing, &reason);
        if (unrecorded && !unstored) {
            unstored = unrecorded;
            *err = reason;
        }
    }
    run_forget_storing(run);
    test_bed_release(&storing.bed);
    return unstored;
}
