#include "parse/pytest_benchmark.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "base/log.h"
#include "parse/benchmark_name.h"
#include "parse/json_outline.h"
#include "parse/json_value.h"
#include "parse/time_unit.h"

#include <inttypes.h>
#include <string.h>

/* One entry of `benchmarks`; its memory serves entry after entry. */
struct entry {
    struct strbuf name, fullname, timer, details;
    struct double_list values; /* stats.data, in the timer's unit */
    struct u64_list iterations;
    uint64_t iteration_count;
    bool has_iterations;
};

#define ENTRY_INIT                                                                                 \
    {                                                                                              \
        .name = STRBUF_INIT, .fullname = STRBUF_INIT, .timer = STRBUF_INIT, .details = STRBUF_INIT \
    }

static void entry_release(struct entry *e)
{
    strbuf_release(&e->name);
    strbuf_release(&e->fullname);
    strbuf_release(&e->timer);
    strbuf_release(&e->details);
    free(e->values.items);
    free(e->iterations.items);
}

#define AUTO_ENTRY __attribute__((cleanup(entry_release)))

static void entry_clear(struct entry *e)
{
    strbuf_clear(&e->name);
    strbuf_clear(&e->fullname);
    strbuf_clear(&e->timer);
    strbuf_clear(&e->details);
    e->values.count = 0;
    e->has_iterations = false;
}

static const struct strbuf *entry_name(const struct entry *e)
{
    return e->fullname.len ? &e->fullname : &e->name;
}

/* Adds `"key":` and the value to the details, unless it says nothing (null, {}). */
static int copy_member(struct json_reader *r, struct strbuf *details, const char *key,
                       struct error *err)
{
    size_t before = details->len;
    strbuf_addf(details, "%s\"%s\":", before ? "," : "{", key);
    size_t start = details->len;
    int rc = json_copy(r, details, BENCHMARK_DETAILS_MAX, err);
    const char *value = details->buf + start;
    if (rc < 0 || !strcmp(value, "null") || !strcmp(value, "{}"))
        strbuf_truncate(details, before);
    return rc;
}

/* The options go to the details; the timer's name is needed besides. */
static int read_options(struct json_reader *r, struct entry *e, struct error *err)
{
    AUTO_STRBUF struct strbuf options = STRBUF_INIT;
    enum json_token token = JSON_END;
    int rc = json_next(r, &token, err);
    if (rc < 0 || token == JSON_NULL)
        return rc;
    if (token != JSON_OBJECT_BEGIN)
        return json_fail(r, err, "options: expected an object, found %s", json_token_name(token));
    strbuf_clear(&e->timer);
    bool more = false;
    while (!(rc = json_next_key(r, &more, err)) && more) {
        bool is_timer = json_text_is(r, "timer");
        strbuf_addch(&options, options.len ? ',' : '{');
        escape_json(&options, r->text.buf, r->text.len);
        strbuf_addch(&options, ':');
        size_t value = options.len;
        rc = json_copy(r, &options, BENCHMARK_DETAILS_MAX, err);
        if (rc < 0)
            return rc;
        if (is_timer && options.buf[value] == '"')
            strbuf_add(&e->timer, r->text.buf, r->text.len);
    }
    if (!rc && options.len)
        strbuf_addf(&e->details, "%s\"options\":%s}", e->details.len ? "," : "{", options.buf);
    return rc;
}

static int read_stats(struct json_reader *r, struct entry *e, struct error *err)
{
    enum json_token token = JSON_END;
    int rc = json_next(r, &token, err);
    if (rc < 0 || token == JSON_NULL)
        return rc;
    if (token != JSON_OBJECT_BEGIN)
        return json_fail(r, err, "stats: expected an object, found %s", json_token_name(token));
    bool more = false;
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "data")) {
            bool is_null = false;
            e->values.count = 0;
            rc = json_try_null(r, &is_null, err);
            if (!rc && !is_null)
                rc = json_read_doubles(r, &e->values, err);
        } else if (json_text_is(r, "iterations")) {
            rc = json_read_u64(r, &e->iteration_count, err);
            e->has_iterations = true;
        } else {
            rc = json_skip(r, err);
        }
    }
    return rc;
}

static int read_entry(struct json_reader *r, struct entry *e, struct error *err)
{
    static const char *const copied[] = {"group", "param", "params", "extra_info"};
    bool more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        const char *copy = NULL;
        for (size_t i = 0; i < ARRAY_SIZE(copied); i++)
            if (json_text_is(r, copied[i]))
                copy = copied[i];
        if (copy)
            rc = copy_member(r, &e->details, copy, err);
        else if (json_text_is(r, "name"))
            rc = json_read_text(r, &e->name, err);
        else if (json_text_is(r, "fullname"))
            rc = json_read_text(r, &e->fullname, err);
        else if (json_text_is(r, "options"))
            rc = read_options(r, e, err);
        else if (json_text_is(r, "stats"))
            rc = read_stats(r, e, err);
        else
            rc = json_skip(r, err);
    }
    return rc;
}

/* What a timer of Python's time module counts. False for any other. */
static bool timer_find(const char *name, double *to_ns, const char **metric)
{
    static const struct {
        const char *name, *metric;
    } timers[] = {
        {"perf_counter", NULL},       {"monotonic", NULL},         {"time", NULL},
        {"process_time", "cpu_time"}, {"thread_time", "cpu_time"}, {"default", NULL},
        {"default_timer", NULL},
    };
    if (!strncmp(name, "time.", 5))
        name += 5;
    size_t len = strlen(name);
    bool in_ns = len > 3 && !strcmp(name + len - 3, "_ns");
    len -= in_ns ? 3 : 0;
    for (size_t i = 0; i < ARRAY_SIZE(timers); i++)
        if (strlen(timers[i].name) == len && !strncmp(timers[i].name, name, len)) {
            *to_ns = in_ns ? 1 : 1e9;
            *metric = timers[i].metric;
            return true;
        }
    return false;
}

static int scale_values(struct double_list *values, double to_ns, struct error *err)
{
    for (size_t i = 0; i < values->count; i++) {
        if (values->items[i] < 0)
            return error_set(err, ERROR_INPUT, "stats.data[%zu] is %g, which is no time", i,
                             values->items[i]);
        values->items[i] *= to_ns;
        if (!(values->items[i] <= TIME_NS_MAX))
            return error_set(err, ERROR_INPUT, "stats.data[%zu] is too large", i);
    }
    return 0;
}

/* Checks the entry and turns its values into nanoseconds. */
static int convert(struct entry *e, const char **metric, struct error *err)
{
    double to_ns = 1e9;
    if (e->timer.len && !timer_find(e->timer.buf, &to_ns, metric))
        return error_set(err, ERROR_INPUT,
                         "measured with the custom timer \"%.64s\", so that its values are not "
                         "known to be times",
                         e->timer.buf);
    if (e->has_iterations && !e->iteration_count)
        return error_set(err, ERROR_INPUT, "stats.iterations is 0");
    return scale_values(&e->values, to_ns, err);
}

static void repeat_iterations(struct entry *e)
{
    ARRAY_RESERVE(e->iterations.items, e->iterations.cap, e->values.count);
    for (size_t i = 0; i < e->values.count; i++)
        e->iterations.items[i] = e->iteration_count;
}

static int hand_on(struct entry *e, const struct measurement_sink *sink,
                   struct parse_report *report, struct error *err)
{
    const struct strbuf *name = entry_name(e);
    const char *metric = NULL;
    int rc = benchmark_name_check(name, err);
    if (rc < 0)
        return rc;
    rc = convert(e, &metric, err);
    if (rc < 0) {
        char label[BENCHMARK_LABEL_SIZE];
        benchmark_label(name, label);
        (void)error_wrap(err, "%s", label);
        return rc;
    }
    if (!e->values.count) {
        log_warning("No data found for benchmark %s, skipping (--benchmark-json and "
                    "--benchmark-save-data keep them)",
                    name->buf);
        report->without_data++;
        return 0;
    }
    if (e->has_iterations)
        repeat_iterations(e);
    if (e->details.len)
        strbuf_addch(&e->details, '}');
    struct measurement measurement = {
        .benchmark = name->buf,
        .metric = metric,
        .units = "nanoseconds",
        .values = e->values.items,
        .value_count = e->values.count,
        .iterations = e->has_iterations ? e->iterations.items : NULL,
        .details = e->details.len ? e->details.buf : NULL,
    };
    rc = sink->add(sink->context, &measurement, err);
    if (!rc)
        report->found++;
    return rc;
}

static int parse_entry(struct json_reader *r, struct entry *e, const struct measurement_sink *sink,
                       struct parse_report *report, struct error *err)
{
    entry_clear(e);
    int rc = read_entry(r, e, err);
    if (rc < 0) {
        char label[BENCHMARK_LABEL_SIZE];
        benchmark_label(entry_name(e), label);
        (void)error_wrap(err, "%s", label);
        return rc;
    }
    return hand_on(e, sink, report, err);
}

static int parse_entries(struct json_reader *r, const struct measurement_sink *sink,
                         struct parse_report *report, struct error *err)
{
    AUTO_ENTRY struct entry e = ENTRY_INIT;
    bool more = false;
    int rc = json_enter(r, JSON_ARRAY_BEGIN, err);
    while (!rc && !(rc = json_next_item(r, &more, err)) && more)
        rc = parse_entry(r, &e, sink, report, err);
    return rc;
}

static int pytest_parse(struct input *input, const struct measurement_sink *sink,
                        struct parse_report *report, struct error *err)
{
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    bool more = false, seen = false;
    int rc = json_enter(&r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(&r, &more, err)) && more) {
        if (json_text_is(&r, "benchmarks")) {
            seen = true;
            rc = parse_entries(&r, sink, report, err);
        } else {
            rc = json_skip(&r, err);
        }
    }
    if (!rc)
        rc = json_finish(&r, err);
    if (!rc && !seen)
        rc = error_set(err, ERROR_INPUT, "no \"benchmarks\" in it: not pytest-benchmark's JSON");
    return rc;
}

static bool has(const char *head, size_t len, const char *word)
{
    return memmem(head, len, word, strlen(word));
}

/* Google Benchmark and pyperf have a list of benchmarks too, and Conbench's results a machine. */
static bool has_keys(const char *head, size_t len)
{
    static const char *const others[] = {"context", "benchmarks[].runs", "benchmarks[].real_time",
                                         "tags"};
    AUTO_JSON_OUTLINE struct json_outline outline;
    json_outline_read(head, len, &outline);
    if (json_outline_has(&outline, "commit_info"))
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        if (json_outline_has(&outline, others[i]))
            return false;
    return json_outline_has(&outline, "machine_info") ||
           (json_outline_has(&outline, "benchmarks") && !has(head, len, "\"reason\""));
}

static bool pytest_recognise(const char *head, size_t len)
{
    return *head == '{' && has_keys(head, len);
}

const struct parse_format pytest_benchmark_format = {
    .name = "pytest",
    .harness = "pytest-benchmark",
    .description = "pytest-benchmark's JSON",
    .names_its_metric = true,
    .kind = INPUT_FILE,
    .recognise = pytest_recognise,
    .parse = pytest_parse,
};
