#include "parse/conbench.h"

#include "base/alloc.h"
#include "base/log.h"
#include "parse/benchmark_name.h"
#include "parse/gather.h"
#include "parse/json_member.h"
#include "parse/json_outline.h"
#include "parse/time_unit.h"

#include <math.h>
#include <string.h>

struct payload {
    struct strbuf name, tags, unit, time_unit;
    struct double_list data, times;
    bool failed;
};

#define PAYLOAD_INIT                                                                            \
    {                                                                                           \
        .name = STRBUF_INIT, .tags = STRBUF_INIT, .unit = STRBUF_INIT, .time_unit = STRBUF_INIT \
    }

static void payload_release(struct payload *p)
{
    strbuf_release(&p->name);
    strbuf_release(&p->tags);
    strbuf_release(&p->unit);
    strbuf_release(&p->time_unit);
    free(p->data.items);
    free(p->times.items);
}

static void payload_clear(struct payload *p)
{
    strbuf_clear(&p->name);
    strbuf_clear(&p->tags);
    strbuf_clear(&p->unit);
    strbuf_clear(&p->time_unit);
    p->data.count = p->times.count = 0;
    p->failed = false;
}

/* "key=value" behind what is there; a string stands as it is. */
static int read_tag(struct json_reader *r, struct payload *p, struct error *err)
{
    AUTO_STRBUF struct strbuf value = STRBUF_INIT;
    strbuf_addf(&p->tags, "%s%s=", p->tags.len ? ", " : "", r->text.buf);
    int rc = json_copy(r, &value, BENCHMARK_NAME_MAX, err);
    if (rc)
        return rc;
    if (*value.buf == '"')
        strbuf_add(&p->tags, r->text.buf, r->text.len);
    else
        strbuf_add(&p->tags, value.buf, value.len);
    return p->tags.len > BENCHMARK_NAME_MAX
               ? json_fail(r, err, "tags of more than %zu bytes", BENCHMARK_NAME_MAX)
               : 0;
}

static int read_tags(struct json_reader *r, struct payload *p, struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more)
        rc = json_text_is(r, "name") ? json_read_text(r, &p->name, err) : read_tag(r, p, err);
    return rc;
}

static int read_stats(struct json_reader *r, struct payload *p, struct error *err)
{
    bool more = false, is_null = false;
    int rc = json_try_null(r, &is_null, err);
    if (rc || is_null)
        return rc;
    rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "data"))
            rc = json_read_figures(r, &p->data, err);
        else if (json_text_is(r, "times"))
            rc = json_read_figures(r, &p->times, err);
        else if (json_text_is(r, "unit"))
            rc = json_read_text_only(r, &p->unit, err);
        else if (json_text_is(r, "time_unit"))
            rc = json_read_text_only(r, &p->time_unit, err);
        else
            rc = json_skip(r, err);
    }
    return rc;
}

static int read_payload(struct json_reader *r, struct payload *p, struct error *err)
{
    bool more = false, is_null = false;
    payload_clear(p);
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "stats")) {
            rc = read_stats(r, p, err);
        } else if (json_text_is(r, "tags")) {
            rc = read_tags(r, p, err);
        } else if (json_text_is(r, "error")) {
            rc = json_try_null(r, &is_null, err);
            p->failed = !is_null;
            if (!rc && !is_null)
                rc = json_skip(r, err);
        } else {
            rc = json_skip(r, err);
        }
    }
    return rc;
}

/* Values that are not there (null) are left out. */
static void convert(struct double_list *list, double factor)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (!isnan(list->items[i]))
            list->items[kept++] = list->items[i] * factor;
    list->count = kept;
}

static int keep_values(struct gather *gather, const struct strbuf *name, const char *unit,
                       struct double_list *list, struct error *err)
{
    struct time_unit time;
    bool is_time = time_unit_find(unit, &time);
    size_t len = strlen(unit);
    bool is_rate = len > 2 && !strcmp(unit + len - 2, "/s");
    convert(list, is_time ? time.multiply / time.divide : 1);
    const struct gather_piece piece = {
        .benchmark = name,
        .metric = is_time   ? NULL
                  : is_rate ? "throughput"
                            : "value",
        .units = is_time ? "nanoseconds"
                 : len   ? unit
                         : "number",
        .values = list->items,
        .count = list->count,
    };
    return list->count ? gather_add(gather, &piece, err) : 0;
}

static int keep_payload(struct payload *p, const struct measurement_sink *sink,
                        struct parse_report *report, struct error *err)
{
    AUTO_GATHER struct gather gather = GATHER_INIT;
    struct time_unit ignored;
    if (p->tags.len && p->name.len)
        strbuf_addf(&p->name, " (%s)", p->tags.buf);
    int rc = benchmark_name_check(&p->name, err);
    if (rc)
        return rc;
    if (!p->data.count) {
        log_warning("No data found for benchmark %s, skipping%s", p->name.buf,
                    p->failed ? " (it failed)" : "");
        report->without_data++;
        return 0;
    }
    bool is_time = time_unit_find(p->unit.buf, &ignored);
    rc = keep_values(&gather, &p->name, p->unit.buf, &p->data, err);
    if (!rc && !is_time && time_unit_find(p->time_unit.buf, &ignored))
        rc = keep_values(&gather, &p->name, p->time_unit.buf, &p->times, err);
    return rc ? rc : gather_hand_on(&gather, sink, report, err);
}

/* One result a line; an object over several lines is one too. */
static int parse_lines(struct json_reader *r, struct payload *p,
                       const struct measurement_sink *sink, struct parse_report *report,
                       struct error *err)
{
    bool more = false;
    char first = 0;
    int rc = 0;
    while (!rc && !(rc = json_line_next(r, &first, &more, err)) && more) {
        if (first == '\n')
            continue;
        rc = read_payload(r, p, err);
        if (!rc)
            rc = json_finish(r, err);
        if (!rc)
            rc = keep_payload(p, sink, report, err);
    }
    return rc;
}

static int parse_array(struct json_reader *r, struct payload *p,
                       const struct measurement_sink *sink, struct parse_report *report,
                       struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_ARRAY_BEGIN, err);
    while (!rc && !(rc = json_next_item(r, &more, err)) && more) {
        rc = read_payload(r, p, err);
        if (!rc)
            rc = keep_payload(p, sink, report, err);
    }
    return rc ? rc : json_finish(r, err);
}

static int conbench_parse(struct input *input, const struct measurement_sink *sink,
                          struct parse_report *report, struct error *err)
{
    __attribute__((cleanup(payload_release))) struct payload p = PAYLOAD_INIT;
    AUTO_JSON_READER struct json_reader r;
    enum json_shape shape = JSON_SHAPE_LINES;
    int rc = json_find_shape(input, &shape, err);
    json_reader_init(&r, input, shape == JSON_SHAPE_LINES ? JSON_LINES : JSON_ONE_DOCUMENT);
    if (!rc && shape == JSON_SHAPE_LINES)
        return parse_lines(&r, &p, sink, report, err);
    if (!rc && shape == JSON_SHAPE_ARRAY)
        return parse_array(&r, &p, sink, report, err);
    if (!rc)
        rc = read_payload(&r, &p, err);
    if (!rc)
        rc = json_finish(&r, err);
    return rc ? rc : keep_payload(&p, sink, report, err);
}

static bool conbench_recognise(const char *head, size_t len)
{
    static const char *const one[] = {"stats.data", "stats.unit", "tags", NULL};
    static const char *const many[] = {"[].stats.data", "[].stats.unit", "[].tags", NULL};
    return json_head_has(head, len, one) || json_head_has(head, len, many);
}

const struct parse_format conbench_format = {
    .name = "conbench",
    .harness = "conbench",
    .description = "results for Conbench",
    .kind = INPUT_FILE,
    .recognise = conbench_recognise,
    .parse = conbench_parse,
};
