#include "pipeline/bot/artifact.h"

#include "artifact/unpack.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "model/commit.h"
#include "pipeline/publish/publish.h"
#include "sandbox/sandbox.h"
#include "store/records.h"
#include "store/results.h"
#include "store/test_beds.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The harness of the record that speaks of a pull request's run as a whole. */
#define WHOLE_RUN "pull-request"
/* A commit that claims to come from a later time than this has a wrong clock, or lies. */
#define FUTURE_MAX_S (24 * 3600)

struct publication {
    const struct artifact_request *request;
    struct artifact_outcome *outcome;
    struct manifest manifest;
    char *folder; /* the artifact's */
    char *version;
    int64_t commit_time;
    struct test_bed bed;
};

void artifact_outcome_release(struct artifact_outcome *outcome)
{
    free(outcome->run);
    free(outcome->outcome);
    free(outcome->reason);
    strlist_release(&outcome->problems);
    *outcome = (struct artifact_outcome){0};
}

static int open_part(const struct publication *p, size_t index, struct input **input,
                     const struct parse_format **format, struct error *err)
{
    const struct manifest_part *part = &p->manifest.parts[index];
    AUTO_FREE char *place = layout_part(part, index);
    AUTO_FREE char *path = path_join(p->folder, place);
    int failed = input_open(path, INPUT_MAX_DEFAULT, input, err);
    return failed ? failed : format_select(part->format, *input, format, err);
}

static int take_nothing(void *context, const struct measurement *m, struct error *err)
{
    (void)context;
    (void)m;
    return interrupt_check(err);
}

/* All of it, before any of it is stored. */
static int read_through(const struct publication *p, struct error *err)
{
    const struct measurement_sink nowhere = {take_nothing, NULL};
    int failed = 0;
    for (size_t i = 0; !failed && i < p->manifest.part_count; i++) {
        AUTO_INPUT struct input *input = NULL;
        const struct parse_format *format = NULL;
        struct parse_report report = PARSE_REPORT_INIT;
        if (!p->manifest.parts[i].has_results)
            continue;
        failed = open_part(p, i, &input, &format, err);
        if (!failed)
            failed = format_parse(format, input, &nowhere, &report, err);
        if (failed == ERROR_NO_DATA || failed == ERROR_USAGE)
            failed = error_set(err, ERROR_INPUT, "part %zu has no results in it", i);
        if (failed == ERROR_INPUT)
            failed = error_wrap(err, "the artifact is refused");
    }
    return failed;
}

static int hold_to_approval(struct publication *p, struct error *err)
{
    const char *said = p->manifest.commit, *approved = p->request->commit;
    if (strcmp(said, approved))
        return error_set(err, ERROR_INPUT,
                         "the artifact is refused: it says that it measured %s, and %s was "
                         "approved; nothing is published",
                         said, approved);
    p->commit_time = p->request->commit_time ? p->request->commit_time : p->manifest.commit_time;
    if (p->commit_time > clock_unix_s() + FUTURE_MAX_S)
        return error_set(err, ERROR_INPUT,
                         "the artifact is refused: its commit is said to be from the future");
    const char *plus = strrchr(p->manifest.version, '+');
    p->version = plus ? xasprintf("%.*s+%.*s", (int)(plus - p->manifest.version),
                                  p->manifest.version, COMMIT_SHORT_LEN, approved)
                      : xstrndup(approved, COMMIT_SHORT_LEN);
    return 0;
}

static int publish_part(struct publication *p, size_t index, struct error *err)
{
    const struct manifest_part *part = &p->manifest.parts[index];
    AUTO_INPUT struct input *input = NULL;
    const struct parse_format *format = NULL;
    AUTO_PUBLISH_OUTCOME struct publish_outcome outcome = {0};
    const struct publish_request request = {
        .db = p->request->db,
        .table = RESULTS_PR_TABLE,
        .dut = {(char *)(uintptr_t)p->request->project, p->version, p->commit_time},
        .commit = p->request->commit,
        .test_bed = &p->bed,
        .metric = format_names_its_metric(part->format) ? p->manifest.metric : NULL,
        .wall_metric = format_names_its_metric(part->format) ? NULL : p->manifest.metric,
        .run = p->outcome->run,
        .toolchain = p->manifest.toolchain,
        .expected = part->expected,
        .outcome = part->problem ? RUN_PARTIAL : NULL,
        .reason = part->problem,
        .evidence = part->evidence,
    };
    int failed = open_part(p, index, &input, &format, err);
    if (!failed)
        failed = publish_input(&request, format, input, &outcome, err);
    if (failed)
        return failed;
    p->outcome->found += outcome.report.found;
    p->outcome->inserted += outcome.inserted;
    p->outcome->unchanged += outcome.unchanged;
    if (outcome.missing && !part->problem)
        strlist_pushf(&p->outcome->problems, "%s: %zu of its %zu benchmarks left no result",
                      part->name, outcome.missing, part->expected.count);
    return 0;
}

/* Beside results alone: a row without one would speak of its commit in the default history. */
static int record_run(const struct publication *p, struct error *err)
{
    struct strlist expected = STRLIST_INIT;
    for (size_t i = 0; i < p->manifest.part_count; i++)
        for (size_t j = 0; j < p->manifest.parts[i].expected.count; j++)
            strlist_push(&expected, p->manifest.parts[i].expected.items[j]);
    struct run_record record = {
        .run = p->outcome->run,
        .harness = WHOLE_RUN,
        .project = p->request->project,
        .commit = p->request->commit,
        .version = p->version,
        .test_bed = p->bed.name,
        .outcome = p->outcome->outcome,
        .reason = p->outcome->reason,
        .toolchain = p->manifest.toolchain,
        .expected = expected,
        .result_count = (int64_t)p->outcome->found,
        .started_at = p->manifest.started_at,
        .ended_at = p->manifest.ended_at,
    };
    char id[UUID_TEXT_SIZE];
    run_record_id(&record, NULL, id);
    record.id = id;
    bool there = false;
    AUTO_DATABASE struct database *db = NULL;
    int failed = database_open(p->request->db, &db, err);
    if (!failed && !p->outcome->inserted)
        failed = run_exists(db, id, &there, err);
    if (!failed && !there)
        failed = run_put(db, &record, err);
    strlist_release(&expected);
    return failed;
}

/* What the run came to: as it says, unless more is missing than it says. */
static void judge(struct publication *p)
{
    struct artifact_outcome *outcome = p->outcome;
    for (size_t i = 0; i < p->manifest.part_count; i++)
        if (p->manifest.parts[i].problem)
            strlist_pushf(&outcome->problems, "%s: %s", p->manifest.parts[i].name,
                          p->manifest.parts[i].problem);
    bool whole = !strcmp(p->manifest.outcome, RUN_COMPLETE);
    outcome->outcome =
        xstrdup(whole && outcome->problems.count ? RUN_PARTIAL : p->manifest.outcome);
    outcome->reason = xstrdup(p->manifest.reason        ? p->manifest.reason
                              : outcome->problems.count ? outcome->problems.items[0]
                                                        : NULL);
}

static int describe_bed(struct publication *p, struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    int failed = database_open(p->request->db, &db, err);
    return failed ? failed : test_bed_read(db, p->request->test_bed, &p->bed, err);
}

static int publish_all(struct publication *p, struct error *err)
{
    bool any = false;
    for (size_t i = 0; i < p->manifest.part_count; i++)
        any = any || p->manifest.parts[i].has_results;
    if (!any) {
        judge(p);
        return error_set(err, ERROR_NO_DATA, "the run left no results: %s",
                         p->outcome->reason ? p->outcome->reason : "it does not say why");
    }
    int failed = describe_bed(p, err);
    for (size_t i = 0; !failed && i < p->manifest.part_count; i++) {
        const struct manifest_part *part = &p->manifest.parts[i];
        if (part->has_results)
            failed = publish_part(p, i, err);
        else if (part->expected.count && !part->problem)
            strlist_pushf(&p->outcome->problems, "%s: none of its %zu benchmarks left a result",
                          part->name, part->expected.count);
    }
    if (failed)
        return failed;
    judge(p);
    return record_run(p, err);
}

/* The same artifact is the same run, whoever publishes it and when. */
static int name_run(struct publication *p, struct error *err)
{
    char digest[SHA256_HEX_SIZE];
    AUTO_FREE char *path = path_join(p->folder, MANIFEST_FILE);
    int failed = p->request->run ? 0 : sha256_hex_of_file(path, digest, err);
    if (failed)
        return failed;
    p->outcome->run =
        p->request->run ? xstrdup(p->request->run) : xasprintf("artifact-%.32s", digest);
    return 0;
}

int artifact_publish(const struct artifact_request *request, struct artifact_outcome *outcome,
                     struct error *err)
{
    const char *temporary = getenv("TMPDIR");
    AUTO_FREE char *scratch =
        xasprintf("%s/lance-bench-artifact-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(scratch))
        return error_errno(err, ERROR_FAILURE, errno, "cannot make %s", scratch);
    struct publication p = {.request = request, .outcome = outcome};
    sandbox_protect_agent();
    int failed = artifact_open(request->path, scratch, &p.folder, &p.manifest, err);
    if (!failed)
        failed = hold_to_approval(&p, err);
    if (!failed)
        failed = read_through(&p, err);
    if (!failed)
        failed = name_run(&p, err);
    if (!failed)
        failed = publish_all(&p, err);
    (void)!tree_remove(scratch, NULL);
    manifest_release(&p.manifest);
    test_bed_release(&p.bed);
    free(p.folder);
    free(p.version);
    return failed;
}
