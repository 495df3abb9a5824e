#include "parse/bmf.h"

#include "base/alloc.h"
#include "base/json_write.h"
#include "model/bmf_measure.h"
#include "parse/benchmark_name.h"
#include "parse/gather.h"
#include "parse/json_member.h"

#include <math.h>
#include <string.h>

static struct bmf_measure find_measure(const char *slug)
{
    const struct bmf_measure *known = bmf_measure_of_slug(slug);
    return known ? *known : (struct bmf_measure){slug, slug, "number", 1};
}

static void add_bound(struct strbuf *details, const char *key, double value)
{
    if (isnan(value))
        return;
    json_key(details, key);
    strbuf_addf(details, "%.17g", value);
}

/* {"value": …, …} */
static int parse_figure(struct json_reader *r, struct gather *gather, const struct strbuf *name,
                        const char *slug, struct error *err)
{
    double value = NAN, lower = NAN, upper = NAN;
    bool more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "value"))
            rc = json_read_figure(r, &value, err);
        else if (json_text_is(r, "lower_value"))
            rc = json_read_figure(r, &lower, err);
        else if (json_text_is(r, "upper_value"))
            rc = json_read_figure(r, &upper, err);
        else
            rc = json_skip(r, err);
    }
    if (rc)
        return rc;
    const struct bmf_measure measure = find_measure(slug);
    AUTO_STRBUF struct strbuf details = STRBUF_INIT;
    strbuf_addch(&details, '{');
    add_bound(&details, "lower_value", lower * measure.factor);
    add_bound(&details, "upper_value", upper * measure.factor);
    strbuf_addch(&details, '}');
    value *= measure.factor;
    const struct gather_piece piece = {
        .benchmark = name,
        .metric = measure.metric,
        .units = measure.units,
        .values = &value,
        .count = 1,
        .mean_only = true,
        .details = details.len > 2 ? details.buf : NULL,
    };
    return gather_add(gather, &piece, err);
}

static int parse_benchmark(struct json_reader *r, const struct measurement_sink *sink,
                           struct parse_report *report, struct error *err)
{
    AUTO_STRBUF struct strbuf name = STRBUF_INIT;
    AUTO_GATHER struct gather gather = GATHER_INIT;
    bool more = false;
    strbuf_add(&name, r->text.buf, r->text.len);
    int rc = benchmark_name_check(&name, err);
    if (!rc)
        rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        AUTO_FREE char *slug = xstrdup(r->text.buf);
        rc = parse_figure(r, &gather, &name, slug, err);
    }
    return rc ? rc : gather_hand_on(&gather, sink, report, err);
}

static int bmf_parse(struct input *input, const struct measurement_sink *sink,
                     struct parse_report *report, struct error *err)
{
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    bool more = false;
    int rc = json_enter(&r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(&r, &more, err)) && more)
        rc = parse_benchmark(&r, sink, report, err);
    return rc ? rc : json_finish(&r, err);
}

/* The first benchmark's first measure is an object of numbers with a "value". */
static bool bmf_recognise(const char *head, size_t len)
{
    AUTO_INPUT struct input *input = input_from_memory("head", head, len);
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    bool more = false, has_value = false;
    double value = NAN;
    for (int depth = 0; depth < 3; depth++)
        if (json_enter(&r, JSON_OBJECT_BEGIN, NULL) || json_next_key(&r, &more, NULL) || !more)
            return false;
    do {
        has_value |= json_text_is(&r, "value");
        if (json_read_figure(&r, &value, NULL))
            return false;
    } while (!has_value && !json_next_key(&r, &more, NULL) && more);
    return has_value && !isnan(value);
}

const struct parse_format bmf_format = {
    .name = "bmf",
    .harness = "bmf",
    .description = "Bencher Metric Format",
    .kind = INPUT_FILE,
    .recognise = bmf_recognise,
    .parse = bmf_parse,
};
