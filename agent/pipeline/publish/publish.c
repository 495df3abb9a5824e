#include "pipeline/publish/publish.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "model/result_id.h"
#include "store/metadata.h"
#include "store/results.h"

#include <string.h>

/* A publishing under way: what the sink needs. */
struct publishing {
    const struct publish_request *request;
    struct input *input;
    const char *harness;
    const char *run;
    char *key_run; /* the run within a result's id; owned */
    struct result_writer *writer;
    struct name_counts names;
    struct strbuf name, metadata;
    uint64_t rows;
};

void publish_outcome_release(struct publish_outcome *outcome)
{
    free(take_ptr(outcome->run));
    free(take_ptr(outcome->spooled));
}

char *publish_github_run(void)
{
    const char *id = getenv("GITHUB_RUN_ID"), *attempt = getenv("GITHUB_RUN_ATTEMPT");
    if (!id || !*id)
        return NULL;
    return xasprintf("%s-%s", id, attempt && *attempt ? attempt : "1");
}

static int add_measurement(void *context, const struct measurement *given, struct error *err)
{
    struct publishing *p = context;
    int stop = interrupt_check(err);
    if (stop)
        return stop;
    struct measurement m = *given;
    if (p->request->wall_metric && m.metric)
        return 0;
    if (p->request->wall_metric)
        m.metric = p->request->wall_metric;
    if (p->request->metric)
        m.metric = *p->request->metric ? p->request->metric : NULL;
    strbuf_clear(&p->name);
    strbuf_addstr(&p->name, m.benchmark);
    if (m.metric)
        strbuf_addf(&p->name, "#%s", m.metric);

    const struct publish_request *r = p->request;
    char id[UUID_TEXT_SIZE];
    result_id(
        &(struct result_key){
            .project = r->dut.name,
            .test_bed = r->test_bed->name,
            .commit = r->commit ? r->commit : r->dut.version,
            .harness = p->harness,
            .benchmark = m.benchmark,
            .metric = m.metric,
            .run = p->key_run,
            .ordinal = name_counts_add(&p->names, p->name.buf),
        },
        id);
    metadata_write(
        &(struct metadata){
            .harness = p->harness,
            .commit = r->commit,
            .run = p->run,
            .host_session = r->host_session,
            .iterations = m.iterations,
            .iteration_count = m.iterations ? m.value_count : 0,
            .details = m.details,
            .evidence = r->evidence,
        },
        &p->metadata);
    const struct result result = {
        .id = id,
        .dut = &r->dut,
        .test_bed = r->test_bed,
        .benchmark_name = p->name.buf,
        .values = m.values,
        .value_count = m.value_count,
        .summary = m.summary ? *m.summary : summary_of(m.values, m.value_count),
        .units = m.units,
        .throughput = m.throughput,
        .metadata = p->metadata.buf,
        .timestamp = r->timestamp,
    };
    p->rows++;
    return result_writer_add(p->writer, &result, err);
}

/* Criterion lists titles: names cut behind 100 bytes, with " #2" and so on where one comes again.
 */
static bool came_by_title(const struct name_counts *names, const char *title)
{
    enum { TITLE_MAX = 100, CHARACTER_MAX = 4 };
    size_t len = strlen(title);
    const char *again = strrchr(title, ' ');
    if (again && again[1] == '#' && again[2] && again[2 + strspn(again + 2, "0123456789")] == '\0')
        len = (size_t)(again - title);
    if (title[len]) {
        AUTO_FREE char *name = xstrndup(title, len);
        if (name_counts_has(names, name))
            return true;
    }
    return len > TITLE_MAX - CHARACTER_MAX + 3 && len <= TITLE_MAX + 3 &&
           !strncmp(title + len - 3, "...", 3) && name_counts_has_start(names, title, len - 3);
}

/* Names of expected benchmarks that did not come. */
static size_t count_missing(const struct publishing *p)
{
    size_t missing = 0;
    for (size_t i = 0; i < p->request->expected.count; i++) {
        const char *name = p->request->expected.items[i];
        missing += !name_counts_has(&p->names, name) && !came_by_title(&p->names, name);
    }
    return missing;
}

/* A run published once more has changed nothing, so its row stays as it is; it is missing where an
 * earlier attempt was killed in front of it. An invalidated run stays that, whatever comes into it:
 * another outcome beside it would count for what nobody is shown. */
static int record_run(struct publishing *p, struct database *db, const char *part,
                      const struct publish_outcome *outcome, int64_t started_at, struct error *err)
{
    const struct publish_request *r = p->request;
    size_t missing = outcome->missing;
    AUTO_FREE char *reason = missing ? xasprintf("%zu of %zu expected benchmarks are missing",
                                                 missing, r->expected.count)
                                     : NULL;
    struct run_record record = {
        .run = p->run,
        .harness = p->harness,
        .project = r->dut.name,
        .commit = r->commit,
        .version = r->dut.version,
        .test_bed = r->test_bed->name,
        .outcome = r->outcome ? r->outcome
                   : missing  ? RUN_PARTIAL
                              : RUN_COMPLETE,
        .reason = r->reason ? r->reason : reason,
        .toolchain = r->toolchain,
        .host_session = r->host_session,
        .expected = r->expected,
        .result_count = (int64_t)p->rows,
        .started_at = started_at,
        .ended_at = clock_unix_s(),
    };
    char id[UUID_TEXT_SIZE];
    run_record_id(&record, part, id);
    record.id = id;
    bool there = false, invalidated = false;
    int failed = run_is_invalidated(db, p->run, r->test_bed->name, &invalidated, err);
    if (!failed && invalidated) {
        log_warning("%s: run %s of %s is invalidated: its results are kept and not shown",
                    input_name(p->input), p->run, r->test_bed->name);
        record.outcome = RUN_INVALIDATED;
    }
    bool stays = invalidated || (!outcome->inserted && !r->part);
    if (!failed && stays)
        failed = run_exists(db, id, &there, err);
    return failed || there ? failed : run_put(db, &record, err);
}

static int parse_into(struct publishing *p, const struct parse_format *format, struct input *input,
                      struct publish_outcome *outcome, struct error *err)
{
    const struct measurement_sink sink = {add_measurement, p};
    struct lance_merge_result merged = {0};
    int failed = format_parse(format, input, &sink, &outcome->report, err);
    if (failed) {
        result_writer_abort(p->writer);
        return failed;
    }
    failed = result_writer_finish(p->writer, &merged, err);
    if (failed)
        return failed;
    outcome->inserted = merged.inserted;
    outcome->unchanged = p->rows - merged.inserted;
    outcome->missing = count_missing(p);
    return 0;
}

static int publish_now(struct publishing *p, const struct parse_format *format, struct input *input,
                       const char *part, struct publish_outcome *outcome, struct error *err)
{
    int64_t started_at = clock_unix_s();
    AUTO_DATABASE struct database *db = NULL;
    int failed = database_open(p->request->db, &db, err);
    if (!failed)
        failed = runs_check_schema(db, err);
    if (!failed)
        failed = result_writer_open(db, p->request->table, &p->writer, err);
    if (!failed)
        failed = parse_into(p, format, input, outcome, err);
    /* The run's row comes last: a run that was killed before it has none, and counts as missing. */
    if (!failed)
        failed = record_run(p, db, part, outcome, started_at, err);
    return failed;
}

int publish_input(const struct publish_request *given, const struct parse_format *format,
                  struct input *input, struct publish_outcome *outcome, struct error *err)
{
    struct publish_request request = *given;
    if (!request.timestamp)
        request.timestamp = clock_unix_s();
    char digest[SHA256_HEX_SIZE];
    int failed = input_sha256(input, digest, err);
    if (failed)
        return failed;
    if (!outcome->run)
        outcome->run = request.run ? xstrdup(request.run) : publish_github_run();
    if (!outcome->run)
        outcome->run = xstrdup(digest);
    request.run = outcome->run;
    const char *part = request.part ? request.part : digest;

    struct publishing p = {
        .request = &request,
        .input = input,
        .harness = format->harness,
        .run = outcome->run,
        /* Two outputs of one run may have benchmarks of one name: both are results. */
        .key_run =
            strcmp(outcome->run, digest) ? xasprintf("%s/%s", outcome->run, part) : xstrdup(digest),
        .name = STRBUF_INIT,
        .metadata = STRBUF_INIT,
    };
    failed = publish_now(&p, format, input, part, outcome, err);
    name_counts_release(&p.names);
    free(p.key_run);
    strbuf_release(&p.name);
    strbuf_release(&p.metadata);
    return failed;
}
