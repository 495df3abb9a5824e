#include "report/report_csv.h"

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

static void add_row(struct strbuf *out, const struct report *report, const struct report_series *s,
                    const struct strbuf *names, size_t number)
{
    const struct report_point *point = &s->points[number];
    const struct report_commit *commit = &report->commits[point->commit];
    char time[TIME_ISO_SIZE];
    time_format_iso(commit->time, time);
    strbuf_add(out, names->buf, names->len);
    add_text(out, commit->id);
    add_text(out, commit->version);
    strbuf_addf(out, "%s,", time);
    add_number(out, point->value);
    add_number(out, point->low);
    add_number(out, point->high);
    strbuf_addf(out, "%zu,%s\n", point->runs,
                number == s->at ? report_outcome_name(s->verdict.outcome) : "");
}

void report_csv(const struct report *report, struct strbuf *out)
{
    AUTO_STRBUF struct strbuf names = STRBUF_INIT;
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
        for (size_t j = 0; j < s->count; j++)
            add_row(out, report, s, &names, j);
    }
}
