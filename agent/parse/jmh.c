#include "parse/jmh.h"

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/text_pool.h"
#include "parse/gather.h"
#include "parse/json_outline.h"
#include "parse/json_value.h"
#include "parse/time_unit.h"

#include <math.h>
#include <string.h>

#define METRICS_MAX 4096 /* of one benchmark */

/* One metric of an entry. */
struct metric {
    char *name; /* NULL for the primary one */
    struct strbuf unit, percentiles;
    struct double_list values;
    double score;
};

/* One item of the array. */
struct entry {
    struct strbuf benchmark, mode, params;
    uint64_t threads;
    struct metric *metrics;
    size_t count, cap;
};

/* Which mode a metric of a benchmark is of, by the number of "benchmark metric". */
struct modes {
    struct text_pool metrics, names;
    uint32_t *of;
    size_t cap;
};

static void modes_release(struct modes *modes)
{
    text_pool_release(&modes->metrics);
    text_pool_release(&modes->names);
    free(modes->of);
}

#define AUTO_MODES __attribute__((cleanup(modes_release)))

static void entry_clear(struct entry *e)
{
    for (size_t i = 0; i < e->count; i++) {
        free(e->metrics[i].name);
        strbuf_release(&e->metrics[i].unit);
        strbuf_release(&e->metrics[i].percentiles);
        free(e->metrics[i].values.items);
    }
    e->count = 0;
    strbuf_clear(&e->benchmark);
    strbuf_clear(&e->mode);
    strbuf_clear(&e->params);
    e->threads = 0;
}

static void entry_release(struct entry *e)
{
    entry_clear(e);
    free(e->metrics);
    strbuf_release(&e->benchmark);
    strbuf_release(&e->mode);
    strbuf_release(&e->params);
}

#define AUTO_ENTRY __attribute__((cleanup(entry_release)))

/* A number; JMH writes "NaN" as a string. */
static int read_score(struct json_reader *r, double *out, struct error *err)
{
    enum json_token token = JSON_END;
    int rc = json_next(r, &token, err);
    if (rc)
        return rc;
    if (token == JSON_NUMBER)
        *out = r->number.value;
    else if (token == JSON_STRING || token == JSON_NULL || token == JSON_NAN)
        *out = NAN;
    else
        return json_fail(r, err, "expected a score, found %s", json_token_name(token));
    return 0;
}

/* A list for each fork. */
static int read_raw_data(struct json_reader *r, struct double_list *out, struct error *err)
{
    bool forks = false, more = false;
    int rc = json_enter(r, JSON_ARRAY_BEGIN, err);
    while (!rc && !(rc = json_next_item(r, &forks, err)) && forks) {
        rc = json_enter(r, JSON_ARRAY_BEGIN, err);
        while (!rc && !(rc = json_next_item(r, &more, err)) && more) {
            double value = NAN;
            rc = read_score(r, &value, err);
            if (rc || isnan(value))
                continue;
            if (out->count == JSON_LIST_MAX)
                return json_fail(r, err, "more than %zu scores of one benchmark", JSON_LIST_MAX);
            ARRAY_RESERVE(out->items, out->cap, out->count + 1);
            out->items[out->count++] = value;
        }
    }
    return rc;
}

/* `name` is taken over. */
static int read_metric(struct json_reader *r, struct entry *e, char *name, struct error *err)
{
    if (e->count == METRICS_MAX) {
        free(name);
        return json_fail(r, err, "more than %d metrics of one benchmark", METRICS_MAX);
    }
    ARRAY_RESERVE(e->metrics, e->cap, e->count + 1);
    struct metric *m = &e->metrics[e->count++];
    *m = (struct metric){name, STRBUF_INIT, STRBUF_INIT, {0}, NAN};
    bool more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "score")) {
            rc = read_score(r, &m->score, err);
        } else if (json_text_is(r, "scoreUnit")) {
            rc = json_read_text(r, &m->unit, err);
        } else if (json_text_is(r, "rawData")) {
            rc = read_raw_data(r, &m->values, err);
        } else if (json_text_is(r, "scorePercentiles")) {
            strbuf_clear(&m->percentiles);
            rc = json_copy(r, &m->percentiles, BENCHMARK_DETAILS_MAX / 2, err);
        } else {
            rc = json_skip(r, err);
        }
    }
    return rc;
}

static int read_secondary(struct json_reader *r, struct entry *e, struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        /* Versions before 1.37 put a middle dot in front of a profiler's metrics. */
        const char *name = r->text.buf;
        name += strncmp(name, "\xc2\xb7", 2) ? 0 : 2;
        rc = read_metric(r, e, xstrdup(name), err);
    }
    return rc;
}

/* "(n=10,kind=x)" */
static int read_params(struct json_reader *r, struct strbuf *out, struct error *err)
{
    bool more = false, is_null = false;
    strbuf_clear(out);
    int rc = json_try_null(r, &is_null, err);
    if (rc || is_null)
        return rc;
    rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        strbuf_addch(out, out->len ? ',' : '(');
        strbuf_add(out, r->text.buf, r->text.len);
        strbuf_addch(out, '=');
        rc = json_read_string(r, err);
        if (!rc)
            strbuf_add(out, r->text.buf, r->text.len);
        if (!rc && out->len > BENCHMARK_NAME_MAX)
            rc = json_fail(r, err, "parameters of more than %zu bytes", BENCHMARK_NAME_MAX);
    }
    if (out->len)
        strbuf_addch(out, ')');
    return rc;
}

static int read_entry(struct json_reader *r, struct entry *e, struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "benchmark"))
            rc = json_read_text(r, &e->benchmark, err);
        else if (json_text_is(r, "mode"))
            rc = json_read_text(r, &e->mode, err);
        else if (json_text_is(r, "threads"))
            rc = json_read_u64(r, &e->threads, err);
        else if (json_text_is(r, "params"))
            rc = read_params(r, &e->params, err);
        else if (json_text_is(r, "primaryMetric"))
            rc = read_metric(r, e, NULL, err);
        else if (json_text_is(r, "secondaryMetrics"))
            rc = read_secondary(r, e, err);
        else
            rc = json_skip(r, err);
    }
    return rc;
}

/* JMH's names of minutes, hours and days too. */
static bool find_time(const char *name, struct time_unit *out)
{
    if (!strcmp(name, "min"))
        *out = (struct time_unit){60e9, 1};
    else if (!strcmp(name, "hr"))
        *out = (struct time_unit){3600e9, 1};
    else if (!strcmp(name, "day"))
        *out = (struct time_unit){86400e9, 1};
    else
        return time_unit_find(name, out);
    return true;
}

/* The stored unit of "us/op", "ops/us", "B/op"…, and what to multiply the scores by. */
static const char *convert_unit(const char *unit, double *factor)
{
    struct time_unit time;
    size_t len = strlen(unit);
    *factor = 1;
    AUTO_FREE char *base =
        xstrndup(unit, len > 3 && !strcmp(unit + len - 3, "/op") ? len - 3 : len);
    if (find_time(base, &time)) {
        *factor = time.multiply / time.divide;
        return "nanoseconds";
    }
    if (!strncmp(unit, "ops/", 4) && find_time(unit + 4, &time)) {
        *factor = 1e9 * time.divide / time.multiply;
        return "operations/s";
    }
    return !strcmp(base, "B") || !strcmp(base, "bytes") ? "bytes" : !*unit ? "number" : unit;
}

static const char *metric_of_mode(const char *mode)
{
    return !strcmp(mode, "thrpt")    ? "throughput"
           : !strcmp(mode, "sample") ? "sample_time"
           : !strcmp(mode, "ss")     ? "single_shot_time"
                                     : NULL;
}

/*
 * A profiler measures each mode: what one counts has nothing to do with what the next does, so that
 * the second mode of a benchmark has its name in front of the metric.
 */
static void tell_modes_apart(struct modes *modes, const struct strbuf *benchmark, const char *mode,
                             struct metric *m)
{
    AUTO_FREE char *key = xasprintf("%s\x1f%s", benchmark->buf, m->name);
    size_t before = modes->metrics.count;
    uint32_t number = text_pool_add(&modes->metrics, key);
    uint32_t own = text_pool_add(&modes->names, mode);
    if (number == before) {
        ARRAY_RESERVE(modes->of, modes->cap, before + 1);
        modes->of[number] = own;
    } else if (modes->of[number] != own) {
        char *named = xasprintf("%s.%s", mode, m->name);
        free(m->name);
        m->name = named;
    }
}

static int keep_metric(struct gather *gather, const struct entry *e, const struct strbuf *name,
                       struct metric *m, struct error *err)
{
    AUTO_STRBUF struct strbuf details = STRBUF_INIT;
    double factor = 1;
    const char *metric = m->name ? m->name : metric_of_mode(e->mode.buf);
    const char *units = convert_unit(m->unit.buf, &factor);
    bool mean_only = !m->values.count;
    if (!metric && strcmp(units, "nanoseconds"))
        return error_set(err, ERROR_INPUT,
                         "benchmark %.128s: mode \"%.32s\" in \"%.32s\" is not a time", name->buf,
                         e->mode.buf, m->unit.buf);
    strbuf_addch(&details, '{');
    json_text(&details, "mode", e->mode.buf);
    json_integer(&details, "threads", (int64_t)e->threads);
    if (mean_only && *m->percentiles.buf == '{')
        json_raw(&details, "percentiles", m->percentiles.buf);
    strbuf_addch(&details, '}');
    for (size_t i = 0; i < m->values.count; i++)
        m->values.items[i] *= factor;
    m->score *= factor;
    const struct gather_piece piece = {
        .benchmark = name,
        .metric = metric,
        .units = units,
        .values = mean_only ? &m->score : m->values.items,
        .count = mean_only ? 1 : m->values.count,
        .mean_only = mean_only,
        .details = details.buf,
    };
    return gather_add(gather, &piece, err);
}

static int keep_entry(struct entry *e, struct modes *modes, const struct measurement_sink *sink,
                      struct parse_report *report, struct error *err)
{
    AUTO_GATHER struct gather gather = GATHER_INIT;
    AUTO_STRBUF struct strbuf name = STRBUF_INIT;
    strbuf_add(&name, e->benchmark.buf, e->benchmark.len);
    strbuf_add(&name, e->params.buf, e->params.len);
    int rc = 0;
    for (size_t i = 0; !rc && i < e->count; i++) {
        if (e->metrics[i].name)
            tell_modes_apart(modes, &name, e->mode.buf, &e->metrics[i]);
        rc = keep_metric(&gather, e, &name, &e->metrics[i], err);
    }
    return rc ? rc : gather_hand_on(&gather, sink, report, err);
}

static int jmh_parse(struct input *input, const struct measurement_sink *sink,
                     struct parse_report *report, struct error *err)
{
    AUTO_JSON_READER struct json_reader r;
    AUTO_ENTRY struct entry e = {
        .benchmark = STRBUF_INIT, .mode = STRBUF_INIT, .params = STRBUF_INIT};
    AUTO_MODES struct modes modes = {0};
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    bool more = false;
    int rc = json_enter(&r, JSON_ARRAY_BEGIN, err);
    while (!rc && !(rc = json_next_item(&r, &more, err)) && more) {
        entry_clear(&e);
        rc = read_entry(&r, &e, err);
        if (!rc)
            rc = keep_entry(&e, &modes, sink, report, err);
    }
    return rc ? rc : json_finish(&r, err);
}

static bool jmh_recognise(const char *head, size_t len)
{
    static const char *const paths[] = {"[].benchmark", "[].primaryMetric", NULL};
    return json_head_has(head, len, paths);
}

const struct parse_format jmh_format = {
    .name = "jmh",
    .harness = "jmh",
    .description = "JMH's JSON",
    .kind = INPUT_FILE,
    .recognise = jmh_recognise,
    .parse = jmh_parse,
};
