#include "parse/format.h"

#include "base/alloc.h"
#include "base/strbuf.h"
#include "parse/calibration.h"
#include "parse/criterion.h"
#include "parse/criterion_folder.h"
#include "parse/format_list.h"
#include "parse/github_action_benchmark.h"
#include "parse/history.h"
#include "parse/pytest_benchmark.h"
#include "parse/text_lines.h"

#include <inttypes.h>
#include <string.h>

#define HEAD_SIZE ((size_t)64 << 10)

#define FORMAT_DECLARED(ident, word, harness) extern const struct parse_format ident##_format;
PARSE_FORMAT_LIST(FORMAT_DECLARED)
#undef FORMAT_DECLARED

#define FORMAT_ADDRESS(ident, word, harness) &ident##_format,
const struct parse_format *const parse_formats[] = {
    &pytest_benchmark_format,         &criterion_format,
    &criterion_folder_format,         &history_format,
    &github_action_history_format,    &calibration_format,
    PARSE_FORMAT_LIST(FORMAT_ADDRESS)};
const size_t parse_format_count = ARRAY_SIZE(parse_formats);

/* Takes out what the log of a GitHub job has in front of each line. */
static size_t cut_log_prefixes(char *head, size_t len)
{
    size_t kept = 0, next = 0;
    for (size_t at = 0; at < len; at = next) {
        const char *newline = memchr(head + at, '\n', len - at);
        next = newline ? (size_t)(newline - head) + 1 : len;
        at += text_log_prefix(head + at, next - at);
        memmove(head + kept, head + at, next - at);
        kept += next - at;
    }
    head[kept] = '\0';
    return kept;
}

/* The first bytes of the file, without a byte order mark, a log's times, colours and leading white
 * space. */
static int read_head(struct input *input, char *head, size_t *len, struct error *err)
{
    size_t count = 0, got = 0;
    int rc = input_rewind(input, err);
    do {
        if (!rc)
            rc = input_read(input, head + count, HEAD_SIZE - count, &got, err);
        if (rc < 0)
            return rc;
        count += got;
    } while (got && count < HEAD_SIZE);
    size_t skip = count >= 3 && !memcmp(head, "\xef\xbb\xbf", 3) ? 3 : 0;
    memmove(head, head + skip, count - skip);
    count = cut_log_prefixes(head, text_cut_colours(head, count - skip));
    skip = strspn(head, " \t\r\n");
    memmove(head, head + skip, count - skip + 1);
    *len = count - skip;
    return input_rewind(input, err);
}

static int no_results(const struct input *input, const char *why, struct error *err)
{
    return error_set(err, ERROR_NO_DATA, "No benchmark results found in the input file (%s%s)",
                     input_name(input), why);
}

static int fits_none(const struct input *input, const char *head, struct error *err)
{
    if (!memcmp(head, "\xff\xfe", 2) || !memcmp(head, "\xfe\xff", 2))
        return error_set(err, ERROR_INPUT, "%s is UTF-16 text; UTF-8 is needed", input_name(input));
    AUTO_STRBUF struct strbuf tried = STRBUF_INIT;
    for (size_t i = 0; i < parse_format_count; i++)
        if (parse_formats[i]->kind == INPUT_FILE)
            strbuf_addf(&tried, "%s%s", tried.len ? ", " : "", parse_formats[i]->description);
    return error_set(err, ERROR_INPUT, "%s is in no known format; tried: %s", input_name(input),
                     tried.buf);
}

static int recognise_file(struct input *input, const struct parse_format **out, struct error *err)
{
    AUTO_FREE char *head = xmalloc(HEAD_SIZE + 2);
    size_t len = 0;
    int rc = read_head(input, head, &len, err);
    if (rc < 0)
        return rc;
    if (!len)
        return no_results(input, " is empty", err);
    const struct parse_format *format = NULL;
    AUTO_STRBUF struct strbuf fitting = STRBUF_INIT;
    size_t count = 0;
    for (size_t i = 0; i < parse_format_count; i++) {
        if (parse_formats[i]->kind != INPUT_FILE || !parse_formats[i]->recognise(head, len))
            continue;
        format = parse_formats[i];
        strbuf_addf(&fitting, "%s'publish %s' (%s)", count++ ? " or " : "", format->name,
                    format->description);
    }
    if (!count)
        return fits_none(input, head, err);
    if (count > 1)
        return error_set(err, ERROR_INPUT, "%s fits %zu formats; choose %s", input_name(input),
                         count, fitting.buf);
    if (!format->parse)
        return error_set(err, ERROR_INPUT,
                         "%s is %s: its items have commits of their own; use import-history",
                         input_name(input), format->description);
    *out = format;
    return 0;
}

static int find_format(const char *name, const struct input *input, const struct parse_format **out,
                       struct error *err)
{
    bool known = false;
    for (size_t i = 0; i < parse_format_count; i++) {
        if (strcmp(parse_formats[i]->name, name))
            continue;
        known = true;
        if (parse_formats[i]->kind == input_kind(input)) {
            *out = parse_formats[i];
            return 0;
        }
    }
    if (known)
        return error_set(err, ERROR_INPUT, "%s is a folder; the format \"%s\" is a file",
                         input_name(input), name);
    AUTO_STRBUF struct strbuf words = STRBUF_INIT;
    for (size_t i = 0; i < parse_format_count; i++)
        if (parse_formats[i]->kind == INPUT_FILE && parse_formats[i]->parse)
            strbuf_addf(&words, "%s, ", parse_formats[i]->name);
    return error_set(err, ERROR_USAGE, "no format is called \"%s\": %sauto", name, words.buf);
}

bool format_names_its_metric(const char *name)
{
    for (size_t i = 0; i < parse_format_count; i++)
        if (!strcmp(parse_formats[i]->name, name) && parse_formats[i]->names_its_metric)
            return true;
    return false;
}

static int is_empty(struct input *input, bool *out, struct error *err)
{
    char byte = 0;
    size_t got = 1;
    int rc = input_rewind(input, err);
    if (!rc && input_kind(input) == INPUT_FILE)
        rc = input_read(input, &byte, 1, &got, err);
    if (rc < 0)
        return rc;
    *out = got == 0;
    return input_rewind(input, err);
}

/* Said here, since whoever looks into the file for something else first would call it malformed. */
static int refuse_empty(struct input *input, struct error *err)
{
    bool empty = false;
    int rc = is_empty(input, &empty, err);
    return !rc && empty ? no_results(input, " is empty", err) : rc;
}

int format_select(const char *name, struct input *input, const struct parse_format **out,
                  struct error *err)
{
    if (strcmp(name, "auto")) {
        int rc = find_format(name, input, out, err);
        return rc || input_kind(input) != INPUT_FILE ? rc : refuse_empty(input, err);
    }
    if (input_kind(input) == INPUT_FILE)
        return recognise_file(input, out, err);
    *out = &criterion_folder_format;
    return 0;
}

/* The caller's sink, and whether it was the one to fail: its errors are not about the file. */
struct guarded_sink {
    const struct measurement_sink *sink;
    bool failed;
};

static int guarded_add(void *context, const struct measurement *m, struct error *err)
{
    struct guarded_sink *guarded = context;
    int rc = guarded->sink->add(guarded->sink->context, m, err);
    guarded->failed = rc < 0;
    return rc;
}

int format_parse(const struct parse_format *format, struct input *input,
                 const struct measurement_sink *sink, struct parse_report *report,
                 struct error *err)
{
    const struct parse_report before = *report;
    if (!format->parse)
        return error_set(err, ERROR_USAGE, "%s is imported with import-history",
                         format->description);
    bool empty = false;
    int rc = is_empty(input, &empty, err);
    if (rc < 0)
        return rc;
    if (empty)
        return no_results(input, " is empty", err);
    struct guarded_sink guarded = {sink, false};
    const struct measurement_sink guard = {guarded_add, &guarded};
    rc = format->parse(input, &guard, report, err);
    if (rc < 0 && !guarded.failed)
        (void)error_wrap(err, "%s", input_name(input));
    if (rc < 0)
        return rc;
    if (report->found > before.found)
        return 0;
    uint64_t skipped = report->skipped_lines - before.skipped_lines;
    AUTO_FREE char *why = xasprintf(": %" PRIu64 " lines that are not JSON", skipped);
    return no_results(input, skipped ? why : "", err);
}
