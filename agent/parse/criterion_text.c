#include "parse/criterion_text.h"

#include "base/alloc.h"
#include "parse/gather.h"
#include "parse/text_lines.h"
#include "parse/text_number.h"
#include "parse/time_unit.h"

#include <stdio.h>
#include <string.h>

#define TIME_MARK "time:   ["
#define WORK_MARK "thrpt:  ["

/* "[low estimate high]", each with the same or another unit. */
struct interval {
    double values[3];
    char units[3][16];
};

/* A benchmark whose throughput may still come. */
struct pending {
    struct strbuf name;
    double ns[3];
    struct throughput throughput;
    bool is_there;
};

/* `text` is what stands behind the bracket. */
static bool read_interval(const char *text, struct interval *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(out->values); i++) {
        size_t number_len = 0, unit_len = 0;
        const char *number = text_word(&text, &number_len);
        const char *unit = text_word(&text, &unit_len);
        bool last = i == ARRAY_SIZE(out->values) - 1;
        if (!number || !unit || unit_len >= sizeof(out->units[i]) ||
            (unit[unit_len - 1] == ']') != last || unit_len - last == 0 ||
            !text_number(number, number_len, &out->values[i]))
            return false;
        snprintf(out->units[i], sizeof(out->units[i]), "%.*s", (int)(unit_len - last), unit);
    }
    return true;
}

static bool rate_unit(const char *unit, double *factor, struct throughput *out)
{
    static const struct {
        const char *unit;
        double factor;
        const char *name, *system;
    } units[] = {
        {"B/s", 1, "bytes", "binary"},
        {"KiB/s", 1024, "bytes", "binary"},
        {"MiB/s", 1024.0 * 1024, "bytes", "binary"},
        {"GiB/s", 1024.0 * 1024 * 1024, "bytes", "binary"},
        {"TiB/s", 1024.0 * 1024 * 1024 * 1024, "bytes", "binary"},
        {"KB/s", 1e3, "bytes", "decimal"},
        {"MB/s", 1e6, "bytes", "decimal"},
        {"GB/s", 1e9, "bytes", "decimal"},
        {"TB/s", 1e12, "bytes", "decimal"},
        {"b/s", 1, "bits", "decimal"},
        {"Kb/s", 1e3, "bits", "decimal"},
        {"Mb/s", 1e6, "bits", "decimal"},
        {"Gb/s", 1e9, "bits", "decimal"},
        {"elem/s", 1, "elements", "decimal"},
        {"Kelem/s", 1e3, "elements", "decimal"},
        {"Melem/s", 1e6, "elements", "decimal"},
        {"Gelem/s", 1e9, "elements", "decimal"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(units); i++)
        if (!strcmp(units[i].unit, unit)) {
            *factor = units[i].factor;
            *out = (struct throughput){0, units[i].name, units[i].system};
            return true;
        }
    return false;
}

static int hand_on(struct pending *p, const struct measurement_sink *sink,
                   struct parse_report *report, struct error *err)
{
    if (!p->is_there)
        return 0;
    p->is_there = false;
    AUTO_GATHER struct gather gather = GATHER_INIT;
    AUTO_STRBUF struct strbuf details = STRBUF_INIT;
    strbuf_addf(&details, "{\"lower\":%.17g,\"upper\":%.17g}", p->ns[0], p->ns[2]);
    const struct gather_piece piece = {
        .benchmark = &p->name,
        .units = "nanoseconds",
        .values = &p->ns[1],
        .count = 1,
        .mean_only = true,
        .throughput = p->throughput,
        .details = details.buf,
    };
    int rc = gather_add(&gather, &piece, err);
    return rc ? rc : gather_hand_on(&gather, sink, report, err);
}

/* The name in front of the mark, else the line before. */
static int find_name(const char *line, const char *mark, const struct strbuf *before,
                     struct strbuf *name, struct error *err)
{
    strbuf_clear(name);
    line += strspn(line, " \t");
    strbuf_add(name, line, (size_t)(mark - line));
    strbuf_rtrim(name);
    if (name->len)
        return 0;
    strbuf_addstr(name, before->buf + strspn(before->buf, " \t"));
    strbuf_rtrim(name);
    if (!name->len || !strncmp(name->buf, "Benchmarking ", 13))
        return error_set(err, ERROR_INPUT, "a time without a benchmark's name in front of it");
    return 0;
}

static int read_time(struct pending *p, const char *text, struct error *err)
{
    struct interval interval;
    struct time_unit unit;
    if (!read_interval(text, &interval))
        return error_set(err, ERROR_INPUT,
                         "benchmark %.128s: \"time: [%.100s\" is not \"[N unit N unit N unit]\"",
                         p->name.buf, text);
    for (size_t i = 0; i < ARRAY_SIZE(interval.values); i++) {
        if (!time_unit_find(interval.units[i], &unit))
            return error_set(err, ERROR_INPUT, "benchmark %.128s: its unit \"%s\" is not a time",
                             p->name.buf, interval.units[i]);
        p->ns[i] = time_unit_to_ns(&unit, interval.values[i]);
    }
    p->throughput = (struct throughput){0};
    p->is_there = true;
    return 0;
}

/* A unit that is not known leaves the benchmark without throughput: its time is what counts. */
static void read_work(struct pending *p, const char *text)
{
    struct interval interval;
    struct throughput throughput;
    double factor = 0;
    if (p->throughput.name || !read_interval(text, &interval) ||
        !rate_unit(interval.units[1], &factor, &throughput))
        return;
    throughput.multiplier = gather_work(interval.values[1] * factor, p->ns[1]);
    p->throughput = throughput;
}

static const char *last_of(const char *line, const char *word)
{
    const char *found = NULL;
    for (const char *at = line; (at = strstr(at, word)); at++)
        found = at;
    return found;
}

/* Progress is overwritten with carriage returns: what was seen last counts. */
static const char *visible(const struct strbuf *line)
{
    const char *turn = strrchr(line->buf, '\r');
    return turn ? turn + 1 : line->buf;
}

static int parse_line(const char *line, const struct strbuf *before, struct pending *p,
                      const struct measurement_sink *sink, struct parse_report *report,
                      struct error *err)
{
    const char *mark = last_of(line, TIME_MARK);
    const char *work = mark ? NULL : last_of(line, WORK_MARK);
    if (work && p->is_there && !strchr(work, '%'))
        read_work(p, work + sizeof(WORK_MARK) - 1);
    /* With a percent sign it is the change against an earlier run. */
    if (!mark || strchr(mark, '%'))
        return 0;
    int rc = hand_on(p, sink, report, err);
    if (!rc)
        rc = find_name(line, mark, before, &p->name, err);
    return rc ? rc : read_time(p, mark + sizeof(TIME_MARK) - 1, err);
}

static int criterion_text_parse(struct input *input, const struct measurement_sink *sink,
                                struct parse_report *report, struct error *err)
{
    AUTO_TEXT_LINES struct text_lines lines;
    AUTO_STRBUF struct strbuf before = STRBUF_INIT;
    struct pending p = {.name = STRBUF_INIT};
    text_lines_init(&lines, input);
    bool more = false;
    int rc = 0;
    while (!rc && !(rc = text_lines_next(&lines, &more, err)) && more) {
        const char *line = visible(&lines.line);
        rc = parse_line(line, &before, &p, sink, report, err);
        if (rc)
            (void)text_lines_wrap(&lines, err);
        strbuf_clear(&before);
        strbuf_addstr(&before, line);
    }
    if (!rc)
        rc = hand_on(&p, sink, report, err);
    strbuf_release(&p.name);
    return rc;
}

static bool criterion_text_recognise(const char *head, size_t len)
{
    return *head != '{' && *head != '[' && *head != '<' &&
           memmem(head, len, TIME_MARK, sizeof(TIME_MARK) - 1);
}

const struct parse_format criterion_text_format = {
    .name = "criterion-text",
    .harness = "criterion",
    .description = "what Criterion prints for people",
    .kind = INPUT_FILE,
    .recognise = criterion_text_recognise,
    .parse = criterion_text_parse,
};
