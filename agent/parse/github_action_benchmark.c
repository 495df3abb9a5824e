#include "parse/github_action_benchmark.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/json_write.h"
#include "parse/gather.h"
#include "parse/json_member.h"
#include "parse/json_outline.h"
#include "parse/time_unit.h"

#include <math.h>
#include <string.h>

struct item {
    struct strbuf name, unit, range, extra;
    double value;
};

#define ITEM_INIT                                                \
    {                                                            \
        STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, NAN, \
    }

static void item_release(struct item *item)
{
    strbuf_release(&item->name);
    strbuf_release(&item->unit);
    strbuf_release(&item->range);
    strbuf_release(&item->extra);
}

#define AUTO_ITEM __attribute__((cleanup(item_release)))

static int read_item(struct json_reader *r, struct item *item, struct error *err)
{
    bool more = false;
    strbuf_clear(&item->name);
    strbuf_clear(&item->unit);
    strbuf_clear(&item->range);
    strbuf_clear(&item->extra);
    item->value = NAN;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        struct strbuf *text = json_text_is(r, "name")    ? &item->name
                              : json_text_is(r, "unit")  ? &item->unit
                              : json_text_is(r, "range") ? &item->range
                              : json_text_is(r, "extra") ? &item->extra
                                                         : NULL;
        if (text)
            rc = json_read_text_only(r, text, err);
        else if (json_text_is(r, "value"))
            rc = json_read_figure(r, &item->value, err);
        else
            rc = json_skip(r, err);
    }
    return rc;
}

/* "ns/iter", "ms", "us/op": what to multiply by for nanoseconds, or 0. */
static double time_factor(const char *unit)
{
    AUTO_FREE char *base = xstrndup(unit, strcspn(unit, "/"));
    const char *per = unit + strlen(base);
    struct time_unit time;
    bool each = !*per || !strcmp(per, "/iter") || !strcmp(per, "/op") || !strcmp(per, "/iteration");
    return each && time_unit_find(base, &time) ? time.multiply / time.divide : 0;
}

static bool is_rate(const char *unit)
{
    const char *slash = strrchr(unit, '/');
    return slash && (!strcmp(slash, "/s") || !strcmp(slash, "/sec") || !strcmp(slash, "/second"));
}

static void write_details(const struct item *item, struct strbuf *out)
{
    strbuf_addch(out, '{');
    if (item->range.len)
        json_text(out, "range", item->range.buf);
    if (item->extra.len)
        json_text(out, "extra", item->extra.buf);
    strbuf_addch(out, '}');
}

/* "metric" of "name#metric", as `report --data-js` writes it, with the name alone; or NULL. */
static const char *metric_of(const struct strbuf *name, struct strbuf *benchmark)
{
    const char *mark = strrchr(name->buf, '#');
    if (!mark || mark == name->buf || !mark[1] || strlen(name->buf) != name->len)
        return NULL;
    strbuf_add(benchmark, name->buf, (size_t)(mark - name->buf));
    return mark + 1;
}

static int keep_item(struct gather *gather, const struct strbuf *name, struct item *item,
                     struct error *err)
{
    AUTO_STRBUF struct strbuf details = STRBUF_INIT, benchmark = STRBUF_INIT;
    write_details(item, &details);
    const char *metric = metric_of(name, &benchmark);
    const char *unit = item->unit.buf;
    double factor = time_factor(unit);
    item->value *= factor > 0 ? factor : 1;
    const struct gather_piece piece = {
        .benchmark = metric ? &benchmark : name,
        .variant = gather->keys.count, /* a name that comes again is another result */
        .metric = metric          ? metric
                  : factor > 0    ? NULL
                  : is_rate(unit) ? "throughput"
                                  : "value",
        .units = factor > 0 ? "nanoseconds"
                 : *unit    ? unit
                            : "number",
        .values = &item->value,
        .count = 1,
        .mean_only = true,
        .details = details.len > 2 ? details.buf : NULL,
    };
    return gather_add(gather, &piece, err);
}

static int custom_parse(struct input *input, const struct measurement_sink *sink,
                        struct parse_report *report, struct error *err)
{
    AUTO_JSON_READER struct json_reader r;
    AUTO_GATHER struct gather gather = GATHER_INIT;
    AUTO_ITEM struct item item = ITEM_INIT;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    bool more = false;
    int rc = json_enter(&r, JSON_ARRAY_BEGIN, err);
    while (!rc && !(rc = json_next_item(&r, &more, err)) && more) {
        rc = read_item(&r, &item, err);
        if (!rc)
            rc = keep_item(&gather, &item.name, &item, err);
        if (!rc)
            rc = gather_hand_on(&gather, sink, report, err);
    }
    return rc ? rc : json_finish(&r, err);
}

static bool custom_recognise(const char *head, size_t len)
{
    static const char *const paths[] = {"[].name", "[].unit", "[].value", NULL};
    static const char *const others[] = {"[].commit", NULL};
    return json_head_has(head, len, paths) && !json_head_has(head, len, others);
}

/* One commit of the history; its results are handed on when all of it is known. */
struct entry {
    struct strbuf suite, id, timestamp, name;
    struct item item;
    struct gather gather;
    int64_t time;
    const struct history_sink *sink;
};

static void entry_release(struct entry *e)
{
    strbuf_release(&e->suite);
    strbuf_release(&e->id);
    strbuf_release(&e->timestamp);
    strbuf_release(&e->name);
    item_release(&e->item);
    gather_release(&e->gather);
}

static int hand_on(void *context, const struct measurement *m, struct error *err)
{
    struct entry *e = context;
    const struct history_item item = {
        .measurement = *m, .commit = e->id.buf, .time = e->time, .standard_error = NAN};
    return e->sink->add(e->sink->context, &item, err);
}

static int read_commit(struct json_reader *r, struct entry *e, struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "id"))
            rc = json_read_text_only(r, &e->id, err);
        else if (json_text_is(r, "timestamp"))
            rc = json_read_text_only(r, &e->timestamp, err);
        else
            rc = json_skip(r, err);
    }
    return rc;
}

static int read_benches(struct json_reader *r, struct entry *e, struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_ARRAY_BEGIN, err);
    while (!rc && !(rc = json_next_item(r, &more, err)) && more) {
        rc = read_item(r, &e->item, err);
        strbuf_clear(&e->name);
        if (strcmp(e->suite.buf, "Benchmark"))
            strbuf_addf(&e->name, "%s/", e->suite.buf);
        strbuf_add(&e->name, e->item.name.buf, e->item.name.len);
        if (!rc)
            rc = keep_item(&e->gather, &e->name, &e->item, err);
    }
    return rc;
}

static int check_entry(struct entry *e, struct error *err)
{
    if (!history_commit_normalise(&e->id))
        return error_set(err, ERROR_INPUT,
                         "an entry of \"%.64s\": its commit \"%.64s\" is not 40 hexadecimal "
                         "characters",
                         e->suite.buf, e->id.buf);
    if (!time_parse_iso(e->timestamp.buf, &e->time))
        return error_set(err, ERROR_INPUT, "commit %s: its timestamp \"%.64s\" is none", e->id.buf,
                         e->timestamp.buf);
    return 0;
}

static int parse_entry(struct json_reader *r, struct entry *e, struct parse_report *report,
                       struct error *err)
{
    bool more = false;
    strbuf_clear(&e->id);
    strbuf_clear(&e->timestamp);
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "commit"))
            rc = read_commit(r, e, err);
        else if (json_text_is(r, "benches"))
            rc = read_benches(r, e, err);
        else
            rc = json_skip(r, err);
    }
    const struct measurement_sink sink = {hand_on, e};
    if (!rc)
        rc = check_entry(e, err);
    return rc ? rc : gather_hand_on(&e->gather, &sink, report, err);
}

/* {"suite": [entry, …]} */
static int parse_suites(struct json_reader *r, struct entry *e, struct parse_report *report,
                        struct error *err)
{
    bool suites = false, more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &suites, err)) && suites) {
        strbuf_clear(&e->suite);
        strbuf_add(&e->suite, r->text.buf, r->text.len);
        rc = json_enter(r, JSON_ARRAY_BEGIN, err);
        while (!rc && !(rc = json_next_item(r, &more, err)) && more)
            rc = parse_entry(r, e, report, err);
    }
    return rc;
}

static const char assignment[] = "window.BENCHMARK_DATA";

/* To the first "{": behind the assignment of a script. */
static int skip_assignment(struct input *input, struct error *err)
{
    char byte = 0;
    size_t got = 1;
    uint64_t skip = 0;
    int rc = input_rewind(input, err);
    while (!rc && got && byte != '{' && skip < 4096) {
        rc = input_read(input, &byte, 1, &got, err);
        skip += got;
    }
    bool found = byte == '{';
    if (!rc)
        rc = input_rewind(input, err);
    while (!rc && found && skip-- > 1)
        rc = input_read(input, &byte, 1, &got, err);
    return rc;
}

int github_action_history_parse(struct input *input, const struct history_sink *sink,
                                struct parse_report *report, struct error *err)
{
    AUTO_JSON_READER struct json_reader r;
    __attribute__((cleanup(entry_release))) struct entry e = {.suite = STRBUF_INIT,
                                                              .id = STRBUF_INIT,
                                                              .timestamp = STRBUF_INIT,
                                                              .name = STRBUF_INIT,
                                                              .item = ITEM_INIT,
                                                              .sink = sink};
    bool more = false;
    int rc = skip_assignment(input, err);
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    r.window.offset = input_position(input);
    if (!rc)
        rc = json_enter(&r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(&r, &more, err)) && more)
        rc = json_text_is(&r, "entries") ? parse_suites(&r, &e, report, err) : json_skip(&r, err);
    return rc ? rc : json_finish(&r, err);
}

bool github_action_history_recognise(const char *head, size_t len)
{
    static const char *const paths[] = {"entries", "lastUpdate", NULL};
    return (len >= sizeof(assignment) && !strncmp(head, assignment, sizeof(assignment) - 1)) ||
           json_head_has(head, len, paths);
}

const struct parse_format github_action_benchmark_format = {
    .name = "github-action-benchmark",
    .harness = "github-action-benchmark",
    .description = "github-action-benchmark's custom JSON",
    .kind = INPUT_FILE,
    .recognise = custom_recognise,
    .parse = custom_parse,
};

const struct parse_format github_action_history_format = {
    .name = "history",
    .harness = "history",
    .description = "github-action-benchmark's history",
    .kind = INPUT_FILE,
    .recognise = github_action_history_recognise,
};
