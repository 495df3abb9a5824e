#include "report/report_bmf.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "model/bmf_measure.h"
#include "report/table.h"

#include <string.h>

static void add_figure(struct strbuf *out, const struct report_series *s)
{
    const struct report_point *point = &s->points[s->at];
    const struct bmf_measure *known = bmf_measure_of_metric(s->metric, s->units);
    const char *measure = known ? known->slug : s->metric;
    double factor = known ? 1 / known->factor : 1;
    escape_json(out, measure, strlen(measure));
    strbuf_addstr(out, ": {\"value\": ");
    format_double(out, point->value * factor);
    if (point->runs > 1) {
        strbuf_addstr(out, ", \"lower_value\": ");
        format_double(out, point->low * factor);
        strbuf_addstr(out, ", \"upper_value\": ");
        format_double(out, point->high * factor);
    }
    strbuf_addch(out, '}');
}

static char *name_of(const struct report *report, const struct report_series *s)
{
    if (report->test_bed_count < 2)
        return xstrdup(s->benchmark);
    return xasprintf("%s @ %s", s->benchmark, s->test_bed ? s->test_bed : "?");
}

/* In the order of benchmarks, whose metrics need not stand together in the report's order. */
static int compare(const void *left, const void *right)
{
    const struct report_series *a = *(const struct report_series *const *)left;
    const struct report_series *b = *(const struct report_series *const *)right;
    int order = strcmp(a->benchmark, b->benchmark);
    if (!order && a->test_bed != b->test_bed)
        order = strcmp(a->test_bed ? a->test_bed : "", b->test_bed ? b->test_bed : "");
    return order ? order : a < b ? -1 : a > b;
}

void report_bmf(const struct report *report, struct strbuf *out)
{
    AUTO_FREE const struct report_series **series =
        xreallocarray(NULL, report->series_count + 1, sizeof(*series));
    AUTO_FREE char *before = NULL;
    size_t count = 0;
    for (size_t i = 0; i < report->series_count; i++)
        if (report->series[i].at != REPORT_NONE)
            series[count++] = &report->series[i];
    if (count)
        qsort(series, count, sizeof(*series), compare);
    strbuf_addch(out, '{');
    for (size_t i = 0; i < count; i++) {
        AUTO_FREE char *name = name_of(report, series[i]);
        bool same = before && !strcmp(before, name);
        strbuf_addstr(out, same ? ", " : before ? "},\n " : "\n ");
        if (!same) {
            escape_json(out, name, strlen(name));
            strbuf_addstr(out, ": {");
        }
        add_figure(out, series[i]);
        free(before);
        before = take_ptr(name);
    }
    strbuf_addstr(out, count ? "}\n}\n" : "}\n");
}
