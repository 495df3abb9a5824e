#include "parse/calibration.h"

#include "parse/benchmark_name.h"
#include "parse/json_value.h"

#include <inttypes.h>
#include <string.h>

#define CALIBRATION_VERSION 1

/* One line; its memory serves line after line. */
struct figure {
    uint64_t version; /* 0: the line does not say */
    struct strbuf name, units, details;
    struct double_list values;
};

#define FIGURE_INIT                                                       \
    {                                                                     \
        .name = STRBUF_INIT, .units = STRBUF_INIT, .details = STRBUF_INIT \
    }

static void figure_release(struct figure *figure)
{
    strbuf_release(&figure->name);
    strbuf_release(&figure->units);
    strbuf_release(&figure->details);
    free(figure->values.items);
}

#define AUTO_FIGURE __attribute__((cleanup(figure_release)))

static void figure_clear(struct figure *figure)
{
    figure->version = 0;
    strbuf_clear(&figure->name);
    strbuf_clear(&figure->units);
    strbuf_clear(&figure->details);
    figure->values.count = 0;
}

static int read_details(struct json_reader *r, struct figure *figure, struct error *err)
{
    bool is_null = false;
    strbuf_clear(&figure->details);
    int rc = json_try_null(r, &is_null, err);
    if (!rc && !is_null)
        rc = json_copy(r, &figure->details, BENCHMARK_DETAILS_MAX, err);
    if (!rc && figure->details.len && *figure->details.buf != '{')
        rc = json_fail(r, err, "details that are no object");
    return rc;
}

static int read_figure(struct json_reader *r, struct figure *figure, struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "calibration"))
            rc = json_read_u64(r, &figure->version, err);
        else if (json_text_is(r, "name"))
            rc = json_read_text(r, &figure->name, err);
        else if (json_text_is(r, "units"))
            rc = json_read_text(r, &figure->units, err);
        else if (json_text_is(r, "values"))
            rc = json_read_doubles(r, &figure->values, err);
        else if (json_text_is(r, "details"))
            rc = read_details(r, figure, err);
        else
            rc = json_skip(r, err);
    }
    return rc ? rc : json_finish(r, err);
}

static int check_values(const struct figure *figure, const char *label, struct error *err)
{
    if (!figure->values.count)
        return error_set(err, ERROR_INPUT, "%s: it has no values", label);
    for (size_t i = 0; i < figure->values.count; i++)
        if (figure->values.items[i] < 0)
            return error_set(err, ERROR_INPUT, "%s: %g is no value of a calibration", label,
                             figure->values.items[i]);
    return 0;
}

static int check_figure(const struct figure *figure, struct error *err)
{
    char label[BENCHMARK_LABEL_SIZE];
    if (figure->version != CALIBRATION_VERSION)
        return error_set(err, ERROR_INPUT,
                         "a calibration of version %" PRIu64 "; this program reads version %d",
                         figure->version, CALIBRATION_VERSION);
    int rc = benchmark_name_check(&figure->name, err);
    if (rc)
        return rc;
    benchmark_label(&figure->name, label);
    if (!figure->units.len || figure->units.len > CALIBRATION_UNITS_MAX ||
        strlen(figure->units.buf) != figure->units.len)
        return error_set(err, ERROR_INPUT, "%s: its units are missing or no text", label);
    return check_values(figure, label, err);
}

static int hand_on(const struct figure *figure, const struct measurement_sink *sink,
                   struct parse_report *report, struct error *err)
{
    const struct measurement measurement = {
        .benchmark = figure->name.buf,
        .units = figure->units.buf,
        .values = figure->values.items,
        .value_count = figure->values.count,
        .details = figure->details.len ? figure->details.buf : NULL,
    };
    int rc = sink->add(sink->context, &measurement, err);
    if (!rc)
        report->found++;
    return rc;
}

static int calibration_parse(struct input *input, const struct measurement_sink *sink,
                             struct parse_report *report, struct error *err)
{
    AUTO_JSON_READER struct json_reader r;
    AUTO_FIGURE struct figure figure = FIGURE_INIT;
    json_reader_init(&r, input, JSON_LINES);
    bool more = false;
    char first = 0;
    int rc = 0;
    while (!rc && !(rc = json_line_next(&r, &first, &more, err)) && more) {
        if (first == '\n')
            continue;
        figure_clear(&figure);
        rc = read_figure(&r, &figure, err);
        if (!rc && (rc = check_figure(&figure, err)))
            (void)error_wrap(err, "line %" PRIu64, json_window_line(&r.window));
        if (!rc)
            rc = hand_on(&figure, sink, report, err);
    }
    return rc;
}

static bool calibration_recognise(const char *head, size_t len)
{
    static const char mark[] = "{\"calibration\":";
    return len >= sizeof(mark) - 1 && !strncmp(head, mark, sizeof(mark) - 1);
}

const struct parse_format calibration_format = {
    .name = "calibration",
    .harness = "calibration",
    .description = "a calibration of this program",
    .kind = INPUT_FILE,
    .recognise = calibration_recognise,
    .parse = calibration_parse,
};
