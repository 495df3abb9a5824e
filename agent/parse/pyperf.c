#include "parse/pyperf.h"

#include "base/alloc.h"
#include "base/log.h"
#include "parse/gather.h"
#include "parse/json_outline.h"
#include "parse/json_value.h"

#include <string.h>

/* Metadata that counts here, of the file, a benchmark or a run. */
struct metadata {
    struct strbuf name, unit;
    uint64_t loops, inner_loops; /* 0: not said */
};

#define METADATA_INIT            \
    {                            \
        STRBUF_INIT, STRBUF_INIT \
    }

static void metadata_release(struct metadata *m)
{
    strbuf_release(&m->name);
    strbuf_release(&m->unit);
}

static void metadata_clear(struct metadata *m)
{
    strbuf_clear(&m->name);
    strbuf_clear(&m->unit);
    m->loops = m->inner_loops = 0;
}

struct benchmark {
    struct metadata file, own, run;
    struct double_list values, run_values;
    struct u64_list iterations;
    bool has_iterations;
};

#define BENCHMARK_INIT                                                    \
    {                                                                     \
        .file = METADATA_INIT, .own = METADATA_INIT, .run = METADATA_INIT \
    }

static void benchmark_release(struct benchmark *b)
{
    metadata_release(&b->file);
    metadata_release(&b->own);
    metadata_release(&b->run);
    free(b->values.items);
    free(b->run_values.items);
    free(b->iterations.items);
}

#define AUTO_BENCHMARK __attribute__((cleanup(benchmark_release)))

static int read_metadata(struct json_reader *r, struct metadata *out, struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "name"))
            rc = json_read_text(r, &out->name, err);
        else if (json_text_is(r, "unit"))
            rc = json_read_text(r, &out->unit, err);
        else if (json_text_is(r, "loops"))
            rc = json_read_u64(r, &out->loops, err);
        else if (json_text_is(r, "inner_loops"))
            rc = json_read_u64(r, &out->inner_loops, err);
        else
            rc = json_skip(r, err);
    }
    return rc;
}

static uint64_t nearest(uint64_t run, uint64_t own, uint64_t file)
{
    return run ? run : own ? own : file;
}

static uint64_t iterations_of(const struct benchmark *b)
{
    uint64_t loops = nearest(b->run.loops, b->own.loops, b->file.loops);
    uint64_t inner = nearest(b->run.inner_loops, b->own.inner_loops, b->file.inner_loops);
    uint64_t product = 0;
    if (__builtin_mul_overflow(loops, inner ? inner : 1, &product))
        return 0;
    return product;
}

/* A run without values was one of calibration. */
static int read_run(struct json_reader *r, struct benchmark *b, struct error *err)
{
    bool more = false;
    metadata_clear(&b->run);
    b->run_values.count = 0;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "metadata"))
            rc = read_metadata(r, &b->run, err);
        else if (json_text_is(r, "values"))
            rc = json_read_doubles(r, &b->run_values, err);
        else
            rc = json_skip(r, err);
    }
    if (rc)
        return rc;
    size_t want = b->values.count + b->run_values.count;
    if (want > JSON_LIST_MAX)
        return json_fail(r, err, "more than %zu values of one benchmark", JSON_LIST_MAX);
    uint64_t iterations = iterations_of(b);
    b->has_iterations = b->has_iterations && iterations;
    ARRAY_RESERVE(b->values.items, b->values.cap, want);
    ARRAY_RESERVE(b->iterations.items, b->iterations.cap, want);
    for (size_t i = 0; i < b->run_values.count; i++) {
        b->values.items[b->values.count++] = b->run_values.items[i];
        b->iterations.items[b->iterations.count++] = iterations;
    }
    return 0;
}

static int read_runs(struct json_reader *r, struct benchmark *b, struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_ARRAY_BEGIN, err);
    while (!rc && !(rc = json_next_item(r, &more, err)) && more)
        rc = read_run(r, b, err);
    return rc;
}

static int hand_on(struct benchmark *b, const struct measurement_sink *sink,
                   struct parse_report *report, struct error *err)
{
    const struct strbuf *name = b->own.name.len ? &b->own.name : &b->file.name;
    const struct strbuf *unit = b->own.unit.len ? &b->own.unit : &b->file.unit;
    bool is_time = !unit->len || !strcmp(unit->buf, "second");
    bool is_bytes = !strcmp(unit->buf, "byte");
    if (!b->values.count) {
        log_warning("No data found for benchmark %s, skipping", name->buf);
        report->without_data++;
        return 0;
    }
    for (size_t i = 0; is_time && i < b->values.count; i++)
        b->values.items[i] *= 1e9;
    AUTO_GATHER struct gather gather = GATHER_INIT;
    const struct gather_piece piece = {
        .benchmark = name,
        .metric = is_time    ? NULL
                  : is_bytes ? "peak_memory"
                             : "value",
        .units = is_time    ? "nanoseconds"
                 : is_bytes ? "bytes"
                            : "number",
        .values = b->values.items,
        .count = b->values.count,
        .iterations = b->has_iterations ? b->iterations.items : NULL,
    };
    int rc = gather_add(&gather, &piece, err);
    return rc ? rc : gather_hand_on(&gather, sink, report, err);
}

static int parse_benchmark(struct json_reader *r, struct benchmark *b,
                           const struct measurement_sink *sink, struct parse_report *report,
                           struct error *err)
{
    bool more = false;
    metadata_clear(&b->own);
    b->values.count = b->iterations.count = 0;
    b->has_iterations = true;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "metadata"))
            rc = read_metadata(r, &b->own, err);
        else if (json_text_is(r, "runs"))
            rc = read_runs(r, b, err);
        else
            rc = json_skip(r, err);
    }
    return rc ? rc : hand_on(b, sink, report, err);
}

static int parse_benchmarks(struct json_reader *r, struct benchmark *b,
                            const struct measurement_sink *sink, struct parse_report *report,
                            struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_ARRAY_BEGIN, err);
    while (!rc && !(rc = json_next_item(r, &more, err)) && more)
        rc = parse_benchmark(r, b, sink, report, err);
    return rc;
}

/* One pass over the file: for its metadata, which stands behind the benchmarks, or for those. */
static int pass(struct input *input, struct benchmark *b, const struct measurement_sink *sink,
                struct parse_report *report, struct error *err)
{
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    bool more = false;
    int rc = json_enter(&r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(&r, &more, err)) && more) {
        if (!sink && json_text_is(&r, "metadata"))
            rc = read_metadata(&r, &b->file, err);
        else if (sink && json_text_is(&r, "benchmarks"))
            rc = parse_benchmarks(&r, b, sink, report, err);
        else
            rc = json_skip(&r, err);
    }
    return rc ? rc : json_finish(&r, err);
}

static int pyperf_parse(struct input *input, const struct measurement_sink *sink,
                        struct parse_report *report, struct error *err)
{
    AUTO_BENCHMARK struct benchmark b = BENCHMARK_INIT;
    int rc = pass(input, &b, NULL, NULL, err);
    if (!rc)
        rc = input_rewind(input, err);
    return rc ? rc : pass(input, &b, sink, report, err);
}

static bool pyperf_recognise(const char *head, size_t len)
{
    static const char *const paths[] = {"benchmarks[].runs", NULL};
    return json_head_has(head, len, paths);
}

const struct parse_format pyperf_format = {
    .name = "pyperf",
    .harness = "pyperf",
    .description = "pyperf's JSON",
    .kind = INPUT_FILE,
    .recognise = pyperf_recognise,
    .parse = pyperf_parse,
};
