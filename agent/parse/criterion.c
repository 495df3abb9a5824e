#include "parse/criterion.h"

#include "parse/benchmark_name.h"
#include "parse/json_outline.h"
#include "parse/json_value.h"
#include "parse/samples.h"
#include "parse/time_unit.h"

#include <inttypes.h>
#include <string.h>

/* The result of one line; its memory serves line after line. */
struct message {
    bool is_result; /* reason is "benchmark-complete" */
    bool is_other;  /* or it is another */
    bool is_object; /* the line begins as a JSON object, not as text in braces */
    bool is_named;  /* the error under way says which benchmark and key it is about */
    struct strbuf id, unit, throughput_unit, more_throughput, details;
    double throughput;
    size_t throughput_count;
    struct samples samples;
};

#define MESSAGE_INIT                                                            \
    {                                                                           \
        .id = STRBUF_INIT, .unit = STRBUF_INIT, .throughput_unit = STRBUF_INIT, \
        .more_throughput = STRBUF_INIT, .details = STRBUF_INIT                  \
    }

static void message_release(struct message *m)
{
    strbuf_release(&m->id);
    strbuf_release(&m->unit);
    strbuf_release(&m->throughput_unit);
    strbuf_release(&m->more_throughput);
    strbuf_release(&m->details);
    samples_release(&m->samples);
}

#define AUTO_MESSAGE __attribute__((cleanup(message_release)))

static void message_clear(struct message *m)
{
    m->is_result = m->is_other = m->is_named = false;
    strbuf_clear(&m->id);
    strbuf_clear(&m->unit);
    strbuf_clear(&m->throughput_unit);
    strbuf_clear(&m->more_throughput);
    strbuf_clear(&m->details);
    m->throughput_count = 0;
    m->samples.totals.count = m->samples.iterations.count = 0;
}

static int read_throughput_entry(struct json_reader *r, struct message *m, struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "per_iteration")) {
            rc = json_read_double(r, &m->throughput, err);
            if (!rc && m->throughput < 0)
                rc = json_fail(r, err, "%g is no work per iteration", m->throughput);
        } else if (json_text_is(r, "unit")) {
            rc = json_read_text(r, &m->throughput_unit, err);
        } else {
            rc = json_skip(r, err);
        }
    }
    if (!rc &&
        (!m->throughput_unit.len || strlen(m->throughput_unit.buf) != m->throughput_unit.len))
        rc = json_fail(r, err, "an entry of throughput without a unit");
    return rc;
}

/* null, or entries: the first is kept, the others are copied as they are. */
static int read_throughput(struct json_reader *r, struct message *m, struct error *err)
{
    m->throughput_count = 0;
    strbuf_clear(&m->more_throughput);
    enum json_token token = JSON_END;
    int rc = json_next(r, &token, err);
    if (rc < 0 || token == JSON_NULL)
        return rc;
    if (token != JSON_ARRAY_BEGIN)
        return json_fail(r, err, "expected an array, found %s", json_token_name(token));
    bool more = false;
    while (!rc && !(rc = json_next_item(r, &more, err)) && more) {
        if (m->throughput_count++ == 0) {
            rc = read_throughput_entry(r, m, err);
            continue;
        }
        if (m->more_throughput.len)
            strbuf_addch(&m->more_throughput, ',');
        rc = json_copy(r, &m->more_throughput, BENCHMARK_DETAILS_MAX, err);
    }
    return rc;
}

static int read_reason(struct json_reader *r, struct message *m, struct error *err)
{
    int rc = json_read_string(r, err);
    if (!rc) {
        m->is_result = json_text_is(r, "benchmark-complete");
        m->is_other = !m->is_result;
    }
    return rc;
}

/* The value of the key in r->text. */
static int read_member(struct json_reader *r, struct message *m, struct error *err)
{
    if (json_text_is(r, "reason"))
        return read_reason(r, m, err);
    const char *key = NULL;
    int rc = 0;
    if (json_text_is(r, "id")) {
        key = "id";
        rc = json_read_text(r, &m->id, err);
    } else if (json_text_is(r, "measured_values")) {
        key = "measured_values";
        rc = json_read_doubles(r, &m->samples.totals, err);
    } else if (json_text_is(r, "iteration_count")) {
        key = "iteration_count";
        rc = json_read_u64s(r, &m->samples.iterations, err);
    } else if (json_text_is(r, "unit")) {
        key = "unit";
        rc = json_read_text(r, &m->unit, err);
    } else if (json_text_is(r, "throughput")) {
        key = "throughput";
        rc = read_throughput(r, m, err);
    } else {
        rc = json_skip(r, err);
    }
    if (rc < 0 && key) {
        char label[BENCHMARK_LABEL_SIZE];
        benchmark_label(&m->id, label);
        (void)error_wrap(err, "%s: %s", label, key);
        m->is_named = true;
    }
    return rc;
}

/* One line's object; stops early where it is another message. */
static int read_message(struct json_reader *r, struct message *m, struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !m->is_other && !(rc = json_next_key(r, &more, err)) && more)
        rc = read_member(r, m, err);
    return rc < 0 || m->is_other ? rc : json_finish(r, err);
}

/* A line could not be read as JSON. It is an error if it is a result, which it may say only behind
 * the place where it broke, or if it is an object that the end of the file cut off, whatever it
 * would have become. */
static int judge_broken(struct json_reader *r, const struct message *m, struct parse_report *report,
                        int rc, struct error *err)
{
    if (r->window.failure != JSON_SYNTAX)
        return rc;
    bool is_result = m->is_result;
    struct error ignored = ERROR_INIT;
    if (!is_result && json_line_rest_has(r, "\"benchmark-complete\"", &is_result, &ignored) < 0)
        return rc;
    if (is_result && !m->is_named)
        (void)error_wrap(err, "broken benchmark-complete message");
    if (is_result)
        return rc;
    if (m->is_object && r->window.at_end && r->window.pos == r->window.end) {
        (void)error_wrap(err, "the file ends within a message");
        return rc;
    }
    report->skipped_lines++;
    return 0;
}

static int check_unit(const struct message *m, struct time_unit *unit, struct error *err)
{
    const char *name = m->unit.len ? m->unit.buf : "ns";
    if (strlen(name) != m->unit.len && m->unit.len)
        return error_set(err, ERROR_INPUT, "its unit has a NUL character");
    if (!time_unit_find(name, unit))
        return error_set(err, ERROR_INPUT, "its unit \"%.64s\" is not a time", name);
    return 0;
}

static void set_throughput(struct message *m, struct measurement *out)
{
    if (m->throughput_count)
        out->throughput = samples_throughput(m->throughput, m->throughput_unit.buf);
    if (m->throughput_count < 2)
        return;
    strbuf_addf(&m->details, "{\"more_throughput\":[%s]}", m->more_throughput.buf);
    out->details = m->details.buf;
}

/* Turns the totals into values per iteration, where everything is as it should be. */
static int convert(struct message *m, struct error *err)
{
    int rc = benchmark_name_check(&m->id, err);
    if (rc < 0)
        return rc;
    struct time_unit unit;
    rc = check_unit(m, &unit, err);
    if (!rc)
        rc = samples_per_iteration(&m->samples, &unit, "measured_values", "iteration_count", err);
    if (rc < 0) {
        char label[BENCHMARK_LABEL_SIZE];
        benchmark_label(&m->id, label);
        (void)error_wrap(err, "%s", label);
    }
    return rc;
}

static int hand_on(struct message *m, const struct measurement_sink *sink,
                   struct parse_report *report, struct error *err)
{
    struct measurement measurement = {
        .benchmark = m->id.buf,
        .units = "nanoseconds",
        .values = m->samples.totals.items,
        .value_count = m->samples.totals.count,
        .iterations = m->samples.iterations.items,
    };
    set_throughput(m, &measurement);
    int rc = sink->add(sink->context, &measurement, err);
    if (!rc)
        report->found++;
    return rc;
}

static int parse_line(struct json_reader *r, struct message *m, const struct measurement_sink *sink,
                      struct parse_report *report, struct error *err)
{
    message_clear(m);
    const char *second = r->window.pos + 1;
    m->is_object = *second == '"' || second == r->window.end;
    int rc = read_message(r, m, err);
    if (rc < 0)
        return judge_broken(r, m, report, rc, err);
    if (!m->is_result) {
        report->other_messages++;
        return 0;
    }
    rc = convert(m, err);
    if (rc < 0) {
        (void)error_wrap(err, "line %" PRIu64, json_window_line(&r->window));
        return rc;
    }
    return hand_on(m, sink, report, err);
}

/* A line that is no JSON. A message behind other text, as two streams into one file leave it, is
 * not passed over. */
static int skip_line(struct json_reader *r, struct parse_report *report, struct error *err)
{
    uint64_t line = json_window_line(&r->window);
    bool has_result = false;
    int rc = json_line_rest_has(r, "\"benchmark-complete\"", &has_result, err);
    if (!rc && has_result)
        rc = error_set(err, ERROR_INPUT,
                       "line %" PRIu64
                       ": a benchmark-complete message shares it with something else; "
                       "each needs a line of its own",
                       line);
    report->skipped_lines++;
    return rc;
}

static int criterion_parse(struct input *input, const struct measurement_sink *sink,
                           struct parse_report *report, struct error *err)
{
    AUTO_JSON_READER struct json_reader r;
    AUTO_MESSAGE struct message m = MESSAGE_INIT;
    json_reader_init(&r, input, JSON_LINES);
    bool more = false;
    char first = 0;
    int rc = 0;
    while (!rc && !(rc = json_line_next(&r, &first, &more, err)) && more) {
        if (first == '{')
            rc = parse_line(&r, &m, sink, report, err);
        else
            rc = skip_line(&r, report, err);
    }
    return rc;
}

/* A line that is an object with a "reason", as all messages of cargo's family. */
static bool criterion_recognise(const char *head, size_t len)
{
    static const char *const paths[] = {"reason", NULL};
    const char *end = head + len;
    while (head < end) {
        const char *newline = memchr(head, '\n', (size_t)(end - head));
        size_t line = (size_t)((newline ? newline : end) - head);
        if (line && *head == '{' && memmem(head, line, "\"reason\"", 8) &&
            json_head_has(head, line, paths))
            return true;
        head += line + 1;
    }
    return false;
}

const struct parse_format criterion_format = {
    .name = "criterion",
    .harness = "criterion",
    .description = "cargo-criterion's JSON lines",
    .kind = INPUT_FILE,
    .recognise = criterion_recognise,
    .parse = criterion_parse,
};
