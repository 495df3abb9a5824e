#include "parse/google_benchmark.h"

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/log.h"
#include "parse/gather.h"
#include "parse/json_outline.h"
#include "parse/json_value.h"
#include "parse/time_unit.h"

#include <math.h>
#include <string.h>

struct counter {
    char *name;
    double value;
};

/* One entry of `benchmarks`; its memory serves entry after entry. */
struct entry {
    struct strbuf name, run_name, type, aggregate, unit, label, failure;
    uint64_t family, instance, iterations, threads;
    double real_time, cpu_time;
    bool failed;
    struct counter *counters;
    size_t count, cap;
};

#define ENTRY_INIT                                                           \
    {                                                                        \
        .name = STRBUF_INIT, .run_name = STRBUF_INIT, .type = STRBUF_INIT,   \
        .aggregate = STRBUF_INIT, .unit = STRBUF_INIT, .label = STRBUF_INIT, \
        .failure = STRBUF_INIT                                               \
    }

static void entry_clear(struct entry *e)
{
    struct strbuf *const texts[] = {&e->name, &e->run_name, &e->type,   &e->aggregate,
                                    &e->unit, &e->label,    &e->failure};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        strbuf_clear(texts[i]);
    for (size_t i = 0; i < e->count; i++)
        free(e->counters[i].name);
    e->count = 0;
    e->family = e->instance = e->iterations = e->threads = 0;
    e->real_time = e->cpu_time = NAN;
    e->failed = false;
}

static void entry_release(struct entry *e)
{
    entry_clear(e);
    struct strbuf *const texts[] = {&e->name, &e->run_name, &e->type,   &e->aggregate,
                                    &e->unit, &e->label,    &e->failure};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        strbuf_release(texts[i]);
    free(e->counters);
}

#define AUTO_ENTRY __attribute__((cleanup(entry_release)))

static const struct strbuf *entry_name(const struct entry *e)
{
    return e->run_name.len ? &e->run_name : &e->name;
}

/* A number of any other key is a counter; NaN and the infinities, too, are written by it. */
static int read_counter(struct json_reader *r, struct entry *e, struct error *err)
{
    AUTO_FREE char *name = xstrndup(r->text.buf, r->text.len);
    enum json_token token = JSON_END;
    unsigned depth = r->depth;
    int rc = json_next(r, &token, err);
    if (rc)
        return rc;
    if (token == JSON_OBJECT_BEGIN || token == JSON_ARRAY_BEGIN)
        return json_skip_to_depth(r, depth, err);
    if (token != JSON_NUMBER)
        return 0;
    if (e->count == GOOGLE_COUNTERS_MAX)
        return json_fail(r, err, "more than %d counters of one benchmark", GOOGLE_COUNTERS_MAX);
    ARRAY_RESERVE(e->counters, e->cap, e->count + 1);
    e->counters[e->count++] = (struct counter){take_ptr(name), r->number.value};
    return 0;
}

static struct strbuf *text_member(struct json_reader *r, struct entry *e)
{
    return json_text_is(r, "name")                                               ? &e->name
           : json_text_is(r, "run_name")                                         ? &e->run_name
           : json_text_is(r, "run_type")                                         ? &e->type
           : json_text_is(r, "aggregate_name")                                   ? &e->aggregate
           : json_text_is(r, "time_unit")                                        ? &e->unit
           : json_text_is(r, "label")                                            ? &e->label
           : json_text_is(r, "error_message") || json_text_is(r, "skip_message") ? &e->failure
                                                                                 : NULL;
}

static int read_flag(struct json_reader *r, struct entry *e, struct error *err)
{
    bool flag = false;
    int rc = json_read_bool(r, &flag, err);
    e->failed |= flag;
    return rc;
}

static int read_member(struct json_reader *r, struct entry *e, struct error *err)
{
    static const char *const ignored[] = {"repetitions",
                                          "repetition_index",
                                          "aggregate_unit",
                                          "cpu_coefficient",
                                          "real_coefficient",
                                          "big_o",
                                          "rms"};
    struct strbuf *text = text_member(r, e);
    if (text)
        return json_read_text(r, text, err);
    if (json_text_is(r, "real_time"))
        return json_read_double(r, &e->real_time, err);
    if (json_text_is(r, "cpu_time"))
        return json_read_double(r, &e->cpu_time, err);
    if (json_text_is(r, "iterations"))
        return json_read_u64(r, &e->iterations, err);
    if (json_text_is(r, "family_index"))
        return json_read_u64(r, &e->family, err);
    if (json_text_is(r, "per_family_instance_index"))
        return json_read_u64(r, &e->instance, err);
    if (json_text_is(r, "threads"))
        return json_read_u64(r, &e->threads, err);
    if (json_text_is(r, "error_occurred") || json_text_is(r, "skipped"))
        return read_flag(r, e, err);
    for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
        if (json_text_is(r, ignored[i]))
            return json_skip(r, err);
    return read_counter(r, e, err);
}

static bool name_says(const char *name, const char *word)
{
    const char *at = strstr(name, word);
    return at && (at[strlen(word)] == '\0' || at[strlen(word)] == '/');
}

static struct throughput find_throughput(const struct entry *e, const struct time_unit *unit)
{
    static const char *const rates[][3] = {{"bytes_per_second", "bytes", "binary"},
                                           {"items_per_second", "elements", "decimal"}};
    const char *name = entry_name(e)->buf;
    bool wall = name_says(name, "/real_time") || name_says(name, "/manual_time");
    double ns = time_unit_to_ns(unit, wall ? e->real_time : e->cpu_time);
    for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
        for (size_t c = 0; c < e->count; c++)
            if (!strcmp(e->counters[c].name, rates[i][0]) && e->counters[c].value > 0 && ns > 0)
                return (struct throughput){gather_work(e->counters[c].value, ns), rates[i][1],
                                           rates[i][2]};
    return (struct throughput){0};
}

static bool is_rate(const char *name)
{
    return !strcmp(name, "bytes_per_second") || !strcmp(name, "items_per_second");
}

/* Wall time, CPU time and the counters of an entry. */
static int add_entry(struct gather *gather, const struct entry *e, const struct time_unit *unit,
                     struct error *err)
{
    AUTO_STRBUF struct strbuf details = STRBUF_INIT;
    strbuf_addch(&details, '{');
    if (e->label.len)
        json_text(&details, "label", e->label.buf);
    if (e->threads > 1)
        json_integer(&details, "threads", (int64_t)e->threads);
    strbuf_addch(&details, '}');
    bool mean_only = e->aggregate.len > 0;
    double value = time_unit_to_ns(unit, e->real_time);
    struct gather_piece piece = {
        .benchmark = entry_name(e),
        .units = "nanoseconds",
        .variant = e->family << 32 ^ e->instance,
        .values = &value,
        .count = 1,
        .iterations = mean_only || !e->iterations ? NULL : &e->iterations,
        .mean_only = mean_only,
        .throughput = mean_only ? (struct throughput){0} : find_throughput(e, unit),
        .details = details.len > 2 ? details.buf : NULL,
    };
    int rc = gather_add(gather, &piece, err);
    piece.throughput = (struct throughput){0};
    piece.metric = "cpu_time";
    value = time_unit_to_ns(unit, e->cpu_time);
    if (!rc && !isnan(value))
        rc = gather_add(gather, &piece, err);
    piece.units = "number";
    for (size_t i = 0; !rc && i < e->count; i++) {
        if (is_rate(e->counters[i].name))
            continue;
        piece.metric = e->counters[i].name;
        piece.values = &e->counters[i].value;
        rc = gather_add(gather, &piece, err);
    }
    return rc;
}

static int keep_entry(struct gather *gather, const struct entry *e, struct parse_report *report,
                      struct error *err)
{
    const char *name = entry_name(e)->buf;
    if (e->failed) {
        log_warning("benchmark %s did not run (%s), skipping", name,
                    e->failure.len ? e->failure.buf : "no reason given");
        report->without_data++;
        return 0;
    }
    if (e->aggregate.len && strcmp(e->aggregate.buf, "mean"))
        return 0;
    struct time_unit unit;
    const char *unit_name = e->unit.len ? e->unit.buf : "ns";
    if (!time_unit_find(unit_name, &unit))
        return error_set(err, ERROR_INPUT,
                         "benchmark %.128s: its time_unit \"%.64s\" is not a time", name,
                         unit_name);
    if (isnan(e->real_time))
        return error_set(err, ERROR_INPUT, "benchmark %.128s: real_time is missing", name);
    return add_entry(gather, e, &unit, err);
}

static int parse_entries(struct json_reader *r, struct gather *gather, struct parse_report *report,
                         struct error *err)
{
    AUTO_ENTRY struct entry e = ENTRY_INIT;
    bool more = false;
    int rc = json_enter(r, JSON_ARRAY_BEGIN, err);
    while (!rc && !(rc = json_next_item(r, &more, err)) && more) {
        bool members = false;
        entry_clear(&e);
        rc = json_enter(r, JSON_OBJECT_BEGIN, err);
        while (!rc && !(rc = json_next_key(r, &members, err)) && members)
            rc = read_member(r, &e, err);
        if (!rc)
            rc = keep_entry(gather, &e, report, err);
    }
    return rc;
}

static int google_parse(struct input *input, const struct measurement_sink *sink,
                        struct parse_report *report, struct error *err)
{
    AUTO_JSON_READER struct json_reader r;
    AUTO_GATHER struct gather gather = GATHER_INIT;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    bool more = false;
    int rc = json_enter(&r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(&r, &more, err)) && more)
        rc = json_text_is(&r, "benchmarks") ? parse_entries(&r, &gather, report, err)
                                            : json_skip(&r, err);
    if (!rc)
        rc = json_finish(&r, err);
    return rc ? rc : gather_hand_on(&gather, sink, report, err);
}

static bool google_recognise(const char *head, size_t len)
{
    static const char *const paths[] = {"context", "benchmarks[].name", NULL};
    return json_head_has(head, len, paths);
}

const struct parse_format google_benchmark_format = {
    .name = "google-benchmark",
    .harness = "google-benchmark",
    .description = "Google Benchmark's JSON",
    .kind = INPUT_FILE,
    .recognise = google_recognise,
    .parse = google_parse,
};
