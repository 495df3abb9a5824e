#include "parse/gungraun.h"

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/text.h"
#include "parse/gather.h"
#include "parse/json_member.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

struct event {
    char *name;
    double value;
    bool is_own; /* of the profile under way: its tool may be named behind its events */
};

struct summary_file {
    struct strbuf module_path, id, description, tool;
    struct event *events;
    size_t count, cap;
};

#define SUMMARY_FILE_INIT                                                          \
    {                                                                              \
        .module_path = STRBUF_INIT, .id = STRBUF_INIT, .description = STRBUF_INIT, \
        .tool = STRBUF_INIT                                                        \
    }

static void summary_clear(struct summary_file *s)
{
    strbuf_clear(&s->module_path);
    strbuf_clear(&s->id);
    strbuf_clear(&s->description);
    for (size_t i = 0; i < s->count; i++)
        free(s->events[i].name);
    s->count = 0;
}

static void summary_file_release(struct summary_file *s)
{
    summary_clear(s);
    strbuf_release(&s->module_path);
    strbuf_release(&s->id);
    strbuf_release(&s->description);
    strbuf_release(&s->tool);
    free(s->events);
}

/*
 * The number of the new run in {"values": {"new": 1}} (version 7), or in {"metrics": {"Left":
 * {"Int": 1}}} and {"metrics": {"Both": [{"Int": 1}, {"Int": 2}]}} (version 6): the first one that
 * is not of the old run or a difference.
 */
static int read_new(struct json_reader *r, double *out, struct error *err)
{
    enum json_token token = JSON_END;
    bool more = false;
    int rc = json_next(r, &token, err);
    if (rc)
        return rc;
    if (token == JSON_NUMBER && isnan(*out))
        *out = r->number.value;
    if (token == JSON_ARRAY_BEGIN)
        while (!rc && !(rc = json_next_item(r, &more, err)) && more)
            rc = isnan(*out) ? read_new(r, out, err) : json_skip(r, err);
    if (token == JSON_OBJECT_BEGIN)
        while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
            bool other = json_text_is(r, "old") || json_text_is(r, "Right") ||
                         json_text_is(r, "diffs") || json_text_is(r, "diff_pct") ||
                         json_text_is(r, "factor");
            rc = other || !isnan(*out) ? json_skip(r, err) : read_new(r, out, err);
        }
    return rc;
}

/* {"Ir": …, "Dr": …} */
static int read_events(struct json_reader *r, struct summary_file *s, struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (s->count == GUNGRAUN_EVENTS_MAX)
            return json_fail(r, err, "more than %d events of one benchmark", GUNGRAUN_EVENTS_MAX);
        ARRAY_RESERVE(s->events, s->cap, s->count + 1);
        struct event *event = &s->events[s->count++];
        *event = (struct event){xstrdup(r->text.buf), NAN, true};
        rc = read_new(r, &event->value, err);
    }
    return rc;
}

/* The value of `total`: version 7 has "metrics", version 6 "summary": {"Callgrind": …} in it. */
static int read_total(struct json_reader *r, struct summary_file *s, struct error *err)
{
    bool more = false, tools = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "metrics")) {
            rc = read_events(r, s, err);
        } else if (json_text_is(r, "summary")) {
            rc = json_enter(r, JSON_OBJECT_BEGIN, err);
            while (!rc && !(rc = json_next_key(r, &tools, err)) && tools)
                rc = read_events(r, s, err);
        } else {
            rc = json_skip(r, err);
        }
    }
    return rc;
}

static int read_data(struct json_reader *r, struct summary_file *s, struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more)
        rc = json_text_is(r, "total") ? read_total(r, s, err) : json_skip(r, err);
    return rc;
}

/* The events of the profile, which has ended, get their tool's name. */
static void name_events(struct summary_file *s, bool is_first)
{
    bool plain = !s->tool.len || !strcmp(s->tool.buf, "Callgrind") ||
                 (is_first && !strcmp(s->tool.buf, "Cachegrind"));
    for (char *p = s->tool.buf; !plain && *p; p++)
        *p = (char)tolower((unsigned char)*p);
    for (size_t i = 0; i < s->count; i++) {
        struct event *event = &s->events[i];
        if (event->is_own && !plain) {
            char *named = xasprintf("%s.%s", s->tool.buf, event->name);
            free(event->name);
            event->name = named;
        }
        event->is_own = false;
    }
}

static int read_profiles(struct json_reader *r, struct summary_file *s, struct error *err)
{
    bool profiles = false, more = false, is_first = true;
    int rc = json_enter(r, JSON_ARRAY_BEGIN, err);
    while (!rc && !(rc = json_next_item(r, &profiles, err)) && profiles) {
        strbuf_clear(&s->tool);
        rc = json_enter(r, JSON_OBJECT_BEGIN, err);
        while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
            if (json_text_is(r, "tool"))
                rc = json_read_text_only(r, &s->tool, err);
            else if (json_text_is(r, "data") || json_text_is(r, "summaries"))
                rc = read_data(r, s, err);
            else
                rc = json_skip(r, err);
        }
        name_events(s, is_first);
        is_first = false;
    }
    return rc;
}

static int check_version(struct json_reader *r, struct error *err)
{
    AUTO_STRBUF struct strbuf version = STRBUF_INIT;
    int rc = json_read_text_only(r, &version, err);
    if (!rc && strcmp(version.buf, "6") && strcmp(version.buf, "7"))
        rc = json_fail(r, err, "a summary in version \"%.32s\"; this program reads 6 and 7",
                       version.buf);
    return rc;
}

static int read_summary(struct json_reader *r, struct summary_file *s, struct error *err)
{
    bool more = false;
    summary_clear(s);
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "module_path"))
            rc = json_read_text(r, &s->module_path, err);
        else if (json_text_is(r, "id"))
            rc = json_read_text(r, &s->id, err);
        else if (json_text_is(r, "description") || json_text_is(r, "details"))
            rc = json_read_text_only(r, &s->description, err);
        else if (json_text_is(r, "profiles"))
            rc = read_profiles(r, s, err);
        else if (json_text_is(r, "version"))
            rc = check_version(r, err);
        else
            rc = json_skip(r, err);
    }
    return rc ? rc : json_finish(r, err);
}

static const char *metric_of(const char *event, const char **units)
{
    static const struct {
        const char *event, *metric, *units;
    } known[] = {
        {"Ir", "instructions", "instructions"},
        {"L1hits", "l1_hits", "hits"},
        {"LLhits", "ll_hits", "hits"},
        {"RamHits", "ram_hits", "hits"},
        {"TotalRW", "total_read_write", "accesses"},
        {"EstimatedCycles", "estimated_cycles", "cycles"},
        {"Dr", "data_reads", "accesses"},
        {"Dw", "data_writes", "accesses"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (!strcmp(known[i].event, event)) {
            *units = known[i].units;
            return known[i].metric;
        }
    *units = text_ends_with(event, "Rate")     ? "percent"
             : text_ends_with(event, "Bytes")  ? "bytes"
             : text_ends_with(event, "Blocks") ? "blocks"
                                               : "events";
    return event;
}

static int keep_summary(struct summary_file *s, const struct measurement_sink *sink,
                        struct parse_report *report, struct error *err)
{
    AUTO_GATHER struct gather gather = GATHER_INIT;
    AUTO_STRBUF struct strbuf details = STRBUF_INIT;
    strbuf_addch(&details, '{');
    json_text(&details, "description", s->description.buf);
    strbuf_addch(&details, '}');
    if (s->id.len)
        strbuf_addf(&s->module_path, "::%s", s->id.buf);
    int rc = 0;
    for (size_t i = 0; !rc && i < s->count; i++) {
        struct gather_piece piece = {
            .benchmark = &s->module_path,
            .values = &s->events[i].value,
            .count = 1,
            .details = s->description.len ? details.buf : NULL,
        };
        piece.metric = metric_of(s->events[i].name, &piece.units);
        rc = isnan(s->events[i].value) ? 0 : gather_add(&gather, &piece, err);
    }
    return rc ? rc : gather_hand_on(&gather, sink, report, err);
}

static int gungraun_parse(struct input *input, const struct measurement_sink *sink,
                          struct parse_report *report, struct error *err)
{
    AUTO_JSON_READER struct json_reader r;
    __attribute__((cleanup(summary_file_release))) struct summary_file s = SUMMARY_FILE_INIT;
    enum json_shape shape = JSON_SHAPE_LINES;
    bool more = true;
    char first = '{';
    int rc = json_find_shape(input, &shape, err);
    bool lines = shape != JSON_SHAPE_OBJECT;
    json_reader_init(&r, input, lines ? JSON_LINES : JSON_ONE_DOCUMENT);
    while (!rc && (!lines || !(rc = json_line_next(&r, &first, &more, err))) && more) {
        more = lines;
        if (first != '{') {
            report->skipped_lines += first != '\n';
            continue;
        }
        rc = read_summary(&r, &s, err);
        if (!rc && (rc = keep_summary(&s, sink, report, err)))
            (void)error_wrap(err, "line %" PRIu64, json_window_line(&r.window));
    }
    return rc;
}

static bool gungraun_recognise(const char *head, size_t len)
{
    const char *brace = *head == '{' ? head : memmem(head, len, "\n{", 2);
    if (!brace)
        return false;
    size_t left = len - (size_t)(brace - head);
    return memmem(brace, left, "\"module_path\"", 13) && memmem(brace, left, "\"profiles\"", 10) &&
           memmem(brace, left, "\"benchmark_exe\"", 15);
}

const struct parse_format gungraun_format = {
    .name = "gungraun",
    .harness = "gungraun",
    .description = "Gungraun's JSON",
    .kind = INPUT_FILE,
    .recognise = gungraun_recognise,
    .parse = gungraun_parse,
};
