#include "parse/history.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "parse/benchmark_name.h"
#include "parse/github_action_benchmark.h"
#include "parse/json_value.h"
#include "parse/time_unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define HEAD_SIZE ((size_t)16 << 10)

/* One item; its memory serves item after item. */
struct record {
    struct strbuf name, commit, datetime, os, arch;
    double mean, standard_error;
};

#define RECORD_INIT                                                               \
    {                                                                             \
        STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, NAN, NAN \
    }

static void record_release(struct record *record)
{
    strbuf_release(&record->name);
    strbuf_release(&record->commit);
    strbuf_release(&record->datetime);
    strbuf_release(&record->os);
    strbuf_release(&record->arch);
}

#define AUTO_RECORD __attribute__((cleanup(record_release)))

static void record_clear(struct record *record)
{
    strbuf_clear(&record->name);
    strbuf_clear(&record->commit);
    strbuf_clear(&record->datetime);
    strbuf_clear(&record->os);
    strbuf_clear(&record->arch);
    record->mean = record->standard_error = NAN;
}

static struct strbuf *text_field(struct json_reader *r, struct record *record)
{
    return json_text_is(r, "name")       ? &record->name
           : json_text_is(r, "commit")   ? &record->commit
           : json_text_is(r, "datetime") ? &record->datetime
           : json_text_is(r, "os")       ? &record->os
           : json_text_is(r, "arch")     ? &record->arch
                                         : NULL;
}

static int read_record(struct json_reader *r, struct record *record, struct error *err)
{
    bool more = false, is_null = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        struct strbuf *text = text_field(r, record);
        if (text) {
            rc = json_read_text(r, text, err);
        } else if (json_text_is(r, "mean_duration_ns")) {
            rc = json_read_double(r, &record->mean, err);
        } else if (json_text_is(r, "standard_error")) {
            rc = json_try_null(r, &is_null, err);
            if (!rc && !is_null)
                rc = json_read_double(r, &record->standard_error, err);
        } else {
            rc = json_skip(r, err);
        }
    }
    return rc;
}

/* 40 hexadecimal characters, made lower-case. */
bool history_commit_normalise(struct strbuf *commit)
{
    if (commit->len != 40 || strspn(commit->buf, "0123456789abcdefABCDEF") != 40)
        return false;
    for (char *p = commit->buf; *p; p++)
        *p |= *p >= 'A' && *p <= 'F' ? 0x20 : 0;
    return true;
}

static int check_record(struct record *record, int64_t *time, struct error *err)
{
    char label[BENCHMARK_LABEL_SIZE];
    int rc = benchmark_name_check(&record->name, err);
    if (rc < 0)
        return rc;
    benchmark_label(&record->name, label);
    if (!history_commit_normalise(&record->commit))
        return error_set(err, ERROR_INPUT,
                         "%s: its commit \"%.64s\" is not 40 hexadecimal characters", label,
                         record->commit.buf);
    if (!time_parse_iso(record->datetime.buf, time))
        return error_set(err, ERROR_INPUT, "%s: its datetime \"%.64s\" is none", label,
                         record->datetime.buf);
    if (isnan(record->mean))
        return error_set(err, ERROR_INPUT, "%s: mean_duration_ns is missing", label);
    if (record->mean > TIME_NS_MAX)
        return error_set(err, ERROR_INPUT, "%s: mean_duration_ns is too large", label);
    if (record->mean < 0)
        return error_set(err, ERROR_INPUT, "%s: mean_duration_ns is %g, which is no time", label,
                         record->mean);
    return 0;
}

static int hand_on(struct record *record, const struct history_sink *sink,
                   struct parse_report *report, struct error *err)
{
    int64_t time = 0;
    int rc = check_record(record, &time, err);
    if (rc < 0)
        return rc;
    struct summary summary = summary_unknown();
    summary.mean = record->mean;
    char details[64];
    snprintf(details, sizeof(details), "{\"standard_error\":%.17g}", record->standard_error);
    struct history_item item = {
        .measurement = {.benchmark = record->name.buf,
                        .units = "nanoseconds",
                        .values = &record->mean,
                        .value_count = 1,
                        .summary = &summary,
                        .details = isnan(record->standard_error) ? NULL : details},
        .commit = record->commit.buf,
        .time = time,
        .os = record->os.len ? record->os.buf : NULL,
        .arch = record->arch.len ? record->arch.buf : NULL,
        .standard_error = record->standard_error,
    };
    rc = sink->add(sink->context, &item, err);
    if (!rc)
        report->found++;
    return rc;
}

static int parse_array(struct json_reader *r, const struct history_sink *sink,
                       struct parse_report *report, struct error *err)
{
    AUTO_RECORD struct record record = RECORD_INIT;
    bool more = false;
    int rc = json_enter(r, JSON_ARRAY_BEGIN, err);
    while (!rc && !(rc = json_next_item(r, &more, err)) && more) {
        record_clear(&record);
        rc = read_record(r, &record, err);
        if (!rc)
            rc = hand_on(&record, sink, report, err);
    }
    return rc < 0 ? rc : json_finish(r, err);
}

static int parse_lines(struct json_reader *r, const struct history_sink *sink,
                       struct parse_report *report, struct error *err)
{
    AUTO_RECORD struct record record = RECORD_INIT;
    bool more = false;
    char first = 0;
    int rc = 0;
    while (!rc && !(rc = json_line_next(r, &first, &more, err)) && more) {
        if (first == '\n')
            continue;
        record_clear(&record);
        rc = read_record(r, &record, err);
        if (!rc)
            rc = json_finish(r, err);
        if (!rc)
            rc = hand_on(&record, sink, report, err);
    }
    return rc;
}

/* Whether the first byte that counts is "[". */
static int begins_with_array(struct input *input, bool *out, struct error *err)
{
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    int rc = json_skip_space(&r, err);
    if (rc < 0)
        return rc;
    *out = *r.window.pos == '[';
    return input_rewind(input, err);
}

/* Whether it is github-action-benchmark's. Leaves the input rewound. */
static int is_of_action(struct input *input, bool *out, struct error *err)
{
    AUTO_FREE char *head = xcalloc(1, HEAD_SIZE + 1);
    size_t len = 0, got = 0;
    int rc = input_rewind(input, err);
    do {
        if (!rc)
            rc = input_read(input, head + len, HEAD_SIZE - len, &got, err);
        len += rc ? 0 : got;
    } while (!rc && got && len < HEAD_SIZE);
    size_t skip = strncmp(head, "\xef\xbb\xbf", 3) ? 0 : 3;
    skip += strspn(head + skip, " \t\r\n");
    *out = !rc && github_action_history_recognise(head + skip, len - skip);
    return rc ? rc : input_rewind(input, err);
}

/* The caller's sink, and whether it was the one to fail: its errors are not about the file. */
struct guarded_sink {
    const struct history_sink *sink;
    bool failed;
};

static int guarded_add(void *context, const struct history_item *item, struct error *err)
{
    struct guarded_sink *guarded = context;
    int rc = guarded->sink->add(guarded->sink->context, item, err);
    guarded->failed = rc < 0;
    return rc;
}

int history_parse(struct input *input, const struct history_sink *sink, struct parse_report *report,
                  struct error *err)
{
    uint64_t before = report->found;
    bool array = false, of_action = false;
    int rc = is_of_action(input, &of_action, err);
    if (!rc && !of_action)
        rc = begins_with_array(input, &array, err);
    struct guarded_sink guarded = {sink, false};
    const struct history_sink guard = {guarded_add, &guarded};
    if (!rc && of_action)
        rc = github_action_history_parse(input, &guard, report, err);
    if (!rc && !of_action) {
        AUTO_JSON_READER struct json_reader r;
        json_reader_init(&r, input, array ? JSON_ONE_DOCUMENT : JSON_LINES);
        rc = array ? parse_array(&r, &guard, report, err) : parse_lines(&r, &guard, report, err);
    }
    if (!rc && report->found == before)
        return error_set(err, ERROR_NO_DATA, "No benchmark results found in the input file (%s)",
                         input_name(input));
    if (rc < 0 && !guarded.failed)
        (void)error_wrap(err, "%s", input_name(input));
    return rc;
}

static bool history_recognise(const char *head, size_t len)
{
    return (*head == '[' || *head == '{') && memmem(head, len, "\"mean_duration_ns\"", 18) &&
           memmem(head, len, "\"commit\"", 8);
}

const struct parse_format history_format = {
    .name = "history",
    .harness = "history",
    .description = "a benchmark history",
    .kind = INPUT_FILE,
    .recognise = history_recognise,
};
