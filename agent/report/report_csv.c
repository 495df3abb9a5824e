#include "report/report_csv.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/escape.h"
#include "report/table.h"

#include <string.h>

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

void report_csv(const struct report *report, struct strbuf *out)
{
    AUTO_STRBUF struct strbuf names = STRBUF_INIT;
    AUTO_FREE char **commits = commit_cells(report);
    strbuf_addstr(out, head);
    for (size_t i = 0; i < report->series_count; i++) {
        const struct report_series *s = &report->series[i];
        strbuf_clear(&names);
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
    for (size_t i = 0; i < report->commit_count; i++)
        free(commits[i]);
}
