#include "report/report_data_js.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/json_write.h"
#include "report/table.h"

#include <inttypes.h>
#include <string.h>

struct writer {
    const struct report *report;
    struct strbuf *out;
    size_t *next; /* of each series, the first point that has not been looked at */
    char **heads; /* of each series, what stands in front of a value: its name and unit */
    bool first;   /* no entry has been written to the suite yet */
};

static void add_text(struct strbuf *out, const char *key, const char *text)
{
    json_key(out, key);
    escape_script(out, text ? text : "", text ? strlen(text) : 0);
}

static void add_commit(struct strbuf *out, const struct report_commit *commit)
{
    static const char person[] = "{\"name\":\"unknown\",\"username\":\"unknown\",\"email\":\"\"}";
    char time[TIME_ISO_SIZE];
    time_format_iso(commit->time, time);
    strbuf_addstr(out, "{\"commit\":{");
    json_raw(out, "author", person);
    json_raw(out, "committer", person);
    add_text(out, "id", commit->id);
    add_text(out, "message", commit->subject);
    add_text(out, "timestamp", time);
    add_text(out, "url", commit->url);
    strbuf_addstr(out, "}");
    json_integer(out, "date", 1000 * commit->time);
}

/* A fresh string: {"name":…,"unit":…,"value": */
static char *bench_head(const struct report_series *s)
{
    bool time = s->units && !strcmp(s->units, "nanoseconds");
    struct strbuf head = STRBUF_INIT;
    strbuf_addch(&head, '{');
    add_text(&head, "name", s->name);
    add_text(&head, "unit", time ? "ns" : s->units);
    json_key(&head, "value");
    return strbuf_detach(&head);
}

static void add_bench(struct strbuf *out, const char *head, const struct report_point *point)
{
    if (out->buf[out->len - 1] != '[')
        strbuf_addch(out, ',');
    strbuf_addstr(out, head);
    format_double(out, point->value);
    if (point->runs > 1) {
        strbuf_addstr(out, ",\"range\":\"\xc2\xb1 ");
        format_double(out, (point->high - point->low) / 2);
        strbuf_addf(out, "\",\"extra\":\"%zu runs\"", point->runs);
    }
    strbuf_addch(out, '}');
}

/* One commit's results of one direction, where there are any. */
static void add_entry(struct writer *w, const char *test_bed, size_t commit, bool higher)
{
    const struct report *report = w->report;
    bool empty = true;
    for (size_t i = 0; i < report->series_count; i++) {
        const struct report_series *s = &report->series[i];
        if (s->test_bed != test_bed || s->higher_is_better != higher || w->next[i] == s->count ||
            s->points[w->next[i]].commit != commit)
            continue;
        if (empty) {
            strbuf_addstr(w->out, w->first ? "\n" : ",\n");
            add_commit(w->out, &report->commits[commit]);
            add_text(w->out, "tool", higher ? "customBiggerIsBetter" : "customSmallerIsBetter");
            json_key(w->out, "benches");
            strbuf_addch(w->out, '[');
        }
        empty = w->first = false;
        add_bench(w->out, w->heads[i], &s->points[w->next[i]++]);
    }
    strbuf_addstr(w->out, empty ? "" : "]}");
}

static void add_suite(struct writer *w, const char *test_bed)
{
    w->first = true;
    for (size_t i = 0; i < w->report->commit_count; i++) {
        add_entry(w, test_bed, i, false);
        add_entry(w, test_bed, i, true);
    }
}

void report_data_js(const struct report *report, struct strbuf *out)
{
    AUTO_FREE size_t *next = xcalloc(report->series_count + 1, sizeof(*next));
    AUTO_FREE char **heads = xcalloc(report->series_count + 1, sizeof(*heads));
    struct writer w = {.report = report, .out = out, .next = next, .heads = heads};
    for (size_t i = 0; i < report->series_count; i++)
        heads[i] = bench_head(&report->series[i]);
    strbuf_addf(out, "window.BENCHMARK_DATA = {\"lastUpdate\":%" PRId64, 1000 * report->generated);
    add_text(out, "repoUrl", report->repository_url);
    strbuf_addstr(out, ",\"entries\":{");
    for (size_t i = 0; i < report->test_bed_count; i++) {
        const char *name = report->test_bed_count > 1 ? report->test_beds[i].name : "Benchmark";
        strbuf_addstr(out, i ? "," : "");
        escape_script(out, name ? name : "?", strlen(name ? name : "?"));
        strbuf_addstr(out, ":[");
        add_suite(&w, report->test_beds[i].name);
        strbuf_addstr(out, "]");
    }
    strbuf_addstr(out, "}}\n");
    for (size_t i = 0; i < report->series_count; i++)
        free(heads[i]);
}
