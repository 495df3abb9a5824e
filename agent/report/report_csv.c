#include "report/report_csv.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/parallel.h"
#include "base/strbuf.h"
#include "report/table.h"

#include <string.h>

#define AT_ONCE 64 /* series */

static const char head[] = "project,name,benchmark,metric,test_bed,units,better,commit,version,"
                           "time,value,low,high,runs,verdict\n";

/* What a spreadsheet would take for a formula begins with an apostrophe. */
static void add_text(struct strbuf *out, const char *text)
{
    if (text && strchr("=+-@\t\r", *text) && *text) {
        AUTO_STRBUF struct strbuf quoted = STRBUF_INIT;
        strbuf_addf(&quoted, "'%s", text);
        escape_csv(out, quoted.buf, quoted.len);
    } else if (text) {
        escape_csv(out, text, strlen(text));
    }
    strbuf_addch(out, ',');
}

static void add_number(struct strbuf *out, double value)
{
    format_double(out, value);
    strbuf_addch(out, ',');
}

/* "id,version,time," of each commit, as fresh strings. */
static char **commit_cells(const struct report *report)
{
    char **cells = xcalloc(report->commit_count + 1, sizeof(*cells));
    for (size_t i = 0; i < report->commit_count; i++) {
        struct strbuf cell = STRBUF_INIT;
        char time[TIME_ISO_SIZE];
        add_text(&cell, report->commits[i].id);
        add_text(&cell, report->commits[i].version);
        time_format_iso(report->commits[i].time, time);
        strbuf_addf(&cell, "%s,", time);
        cells[i] = strbuf_detach(&cell);
    }
    return cells;
}

static void add_row(struct strbuf *out, const struct report_series *s, size_t number,
                    const char *commit)
{
    const struct report_point *point = &s->points[number];
    strbuf_addstr(out, commit);
    size_t start = out->len;
    add_number(out, point->value);
    size_t len = out->len - start;
    strbuf_grow(out, 2 * len);
    if (point->low == point->value && point->high == point->value) {
        strbuf_add(out, out->buf + start, len);
        strbuf_add(out, out->buf + start, len);
    } else {
        add_number(out, point->low);
        add_number(out, point->high);
    }
    format_double(out, (double)point->runs);
    strbuf_addch(out, ',');
    if (number == s->at)
        strbuf_addstr(out, report_outcome_name(s->verdict.outcome));
    strbuf_addch(out, '\n');
}

static void add_series(struct strbuf *out, const struct report *report,
                       const struct report_series *s, char *const *commits)
{
    AUTO_STRBUF struct strbuf names = STRBUF_INIT;
    add_text(&names, report->project);
    add_text(&names, s->name);
    add_text(&names, s->benchmark);
    add_text(&names, s->metric);
    add_text(&names, s->test_bed);
    add_text(&names, s->units);
    add_text(&names, s->higher_is_better ? "higher" : "lower");
    for (size_t j = 0; j < s->count; j++) {
        strbuf_add(out, names.buf, names.len);
        add_row(out, s, j, commits[s->points[j].commit]);
    }
}

/* Some series in a row, each with its text. */
struct batch {
    const struct report *report;
    char *const *commits;
    size_t first;
    struct strbuf texts[AT_ONCE];
};

static void add_range(size_t first, size_t end, void *context)
{
    struct batch *batch = context;
    for (size_t i = first; i < end; i++) {
        strbuf_clear(&batch->texts[i]);
        add_series(&batch->texts[i], batch->report, &batch->report->series[batch->first + i],
                   batch->commits);
    }
}

static int write_batches(struct batch *batch, report_sink *sink, void *context, struct error *err)
{
    size_t all = batch->report->series_count;
    int failed = sink(head, sizeof(head) - 1, context, err);
    for (; batch->first < all && !failed; batch->first += AT_ONCE) {
        size_t count = all - batch->first < AT_ONCE ? all - batch->first : AT_ONCE;
        parallel_each(count, add_range, batch);
        for (size_t i = 0; i < count && !failed; i++)
            failed = sink(batch->texts[i].buf, batch->texts[i].len, context, err);
    }
    return failed;
}

int report_csv(const struct report *report, report_sink *sink, void *context, struct error *err)
{
    AUTO_FREE char **commits = commit_cells(report);
    struct batch batch = {.report = report, .commits = commits};
    for (size_t i = 0; i < AT_ONCE; i++)
        batch.texts[i] = (struct strbuf)STRBUF_INIT;
    int failed = write_batches(&batch, sink, context, err);
    for (size_t i = 0; i < AT_ONCE; i++)
        strbuf_release(&batch.texts[i]);
    for (size_t i = 0; i < report->commit_count; i++)
        free(commits[i]);
    return failed;
}
