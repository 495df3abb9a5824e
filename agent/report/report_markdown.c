#include "report/report_markdown.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/code_span.h"
#include "report/markdown_table.h"
#include "report/quantity.h"

#include <math.h>
#include <string.h>

#define SPARK_POINTS 24
#define SUBJECT_BYTES 60
#define NOTES_MAX 5

/* Of a table of verdicts, beside names and values. */
enum column {
    COLUMN_EXPECTED = 1,
    COLUMN_CHANGE = 2,
    COLUMN_SMALLEST = 4,
    COLUMN_HISTORY = 8,
    COLUMN_NOTE = 16,
};

struct writer {
    const struct report *report;
    struct strbuf *out;
    struct markdown_table table;
    bool beds; /* there is more than one test bed */
};

static void add_quantity(struct strbuf *out, double value, const char *units)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    quantity_add(&text, value, units);
    markdown_words(out, text.buf);
}

static void add_interval(struct strbuf *out, double change, double low, double high)
{
    quantity_percent(out, change);
    strbuf_addstr(out, " (");
    quantity_percent(out, low);
    strbuf_addstr(out, " to ");
    quantity_percent(out, high);
    strbuf_addch(out, ')');
}

static void add_commit(struct strbuf *out, const struct report *report, size_t number)
{
    const struct report_commit *commit = &report->commits[number];
    size_t len = strlen(commit->id);
    AUTO_FREE char *id = xstrndup(commit->id, len == 40 ? 7 : len);
    if (commit->url)
        strbuf_addch(out, '[');
    markdown_code(out, id);
    if (commit->url)
        strbuf_addf(out, "](%s)", commit->url);
}

/* The last points up to `last`. */
static void add_history(struct strbuf *out, const struct report_series *series, size_t last)
{
    double values[SPARK_POINTS];
    size_t first = last + 1 > SPARK_POINTS ? last + 1 - SPARK_POINTS : 0;
    for (size_t i = first; i <= last; i++)
        values[i - first] = series->points[i].value;
    quantity_sparkline(out, values, last + 1 - first);
}

static void add_names(struct writer *w, const struct report_series *series)
{
    markdown_code(markdown_table_cell(&w->table), series->name);
    if (w->beds)
        markdown_code(markdown_table_cell(&w->table), series->test_bed);
}

static void begin_names(struct writer *w)
{
    markdown_table_column(&w->table, "benchmark", false);
    if (w->beds)
        markdown_table_column(&w->table, "test bed", false);
}

/* -- verdicts */

static void begin_verdicts(struct writer *w, unsigned columns)
{
    begin_names(w);
    if (w->report->base != REPORT_NONE) {
        markdown_table_column(&w->table, "base", true);
        markdown_table_column(&w->table, "ratio", true);
    }
    if (columns & COLUMN_EXPECTED)
        markdown_table_column(&w->table, "expected", true);
    markdown_table_column(&w->table, w->report->pull_request ? "pull request" : "measured", true);
    if (columns & COLUMN_CHANGE)
        markdown_table_column(&w->table, "change (95 % interval)", true);
    if (columns & COLUMN_SMALLEST)
        markdown_table_column(&w->table, "smallest seen", true);
    if (columns & COLUMN_HISTORY)
        markdown_table_column(&w->table, "history", false);
    if (columns & COLUMN_NOTE)
        markdown_table_column(&w->table, "note", false);
}

static void add_base(struct writer *w, const struct report_series *series, double value)
{
    double ratio = value / series->base;
    add_quantity(markdown_table_cell(&w->table), series->base, series->units);
    struct strbuf *cell = markdown_table_cell(&w->table);
    if (isfinite(ratio))
        strbuf_addf(cell, "%.3f", ratio);
    else
        strbuf_addstr(cell, "–");
}

static void add_change(struct strbuf *out, const struct report_series *series)
{
    const struct report_verdict *v = &series->verdict;
    if (v->known && v->relative) {
        add_interval(out, v->change, v->low, v->high);
        return;
    }
    strbuf_addstr(out, v->known && v->change > 0 ? "+" : "");
    add_quantity(out, v->change, series->units);
}

static void add_smallest(struct strbuf *out, const struct report_series *series)
{
    if (series->verdict.relative)
        quantity_share(out, series->verdict.smallest);
    else
        add_quantity(out, series->verdict.smallest, series->units);
}

static void add_notes(struct strbuf *out, const struct strlist *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        strbuf_addstr(out, i ? "; " : "");
        markdown_words(out, notes->items[i]);
    }
}

static bool add_verdict(struct writer *w, const struct report_series *series, unsigned columns)
{
    struct markdown_table *t = &w->table;
    double value = series->points[series->at].value;
    add_names(w, series);
    if (w->report->base != REPORT_NONE)
        add_base(w, series, value);
    if (columns & COLUMN_EXPECTED)
        add_quantity(markdown_table_cell(t), series->verdict.expected, series->units);
    add_quantity(markdown_table_cell(t), value, series->units);
    if (columns & COLUMN_CHANGE)
        add_change(markdown_table_cell(t), series);
    if (columns & COLUMN_SMALLEST)
        add_smallest(markdown_table_cell(t), series);
    if (columns & COLUMN_HISTORY)
        add_history(markdown_table_cell(t), series, series->at);
    if (columns & COLUMN_NOTE)
        add_notes(markdown_table_cell(t), &series->verdict.notes);
    return markdown_table_end_row(t);
}

/* The series of one outcome, or of two (`other` may be the same), in this order. */
static void add_rows(struct writer *w, const size_t *order, enum report_outcome outcome,
                     enum report_outcome other, unsigned columns)
{
    bool fits = true;
    begin_verdicts(w, columns);
    for (size_t i = 0; i < w->report->series_count && fits; i++) {
        const struct report_series *series = &w->report->series[order[i]];
        if (series->verdict.outcome == outcome || series->verdict.outcome == other)
            fits = add_verdict(w, series, columns);
    }
}

static void add_called(struct writer *w, const size_t *order)
{
    size_t count = w->report->outcomes[REPORT_WORSE] + w->report->outcomes[REPORT_BETTER];
    if (!count)
        return;
    add_rows(w, order, REPORT_WORSE, REPORT_BETTER,
             COLUMN_EXPECTED | COLUMN_CHANGE | COLUMN_HISTORY | COLUMN_NOTE);
    markdown_table_end(&w->table, "worse or better", count);
}

static void add_outcome(struct writer *w, const size_t *order, enum report_outcome outcome,
                        unsigned columns)
{
    size_t count = w->report->outcomes[outcome];
    if (!count)
        return;
    markdown_table_fold(&w->table, count, report_outcome_name(outcome));
    add_rows(w, order, outcome, outcome, columns);
    markdown_table_end(&w->table, report_outcome_name(outcome), count);
}

static void add_not_measured(struct writer *w)
{
    const struct report *report = w->report;
    size_t count = report->outcomes[REPORT_NOT_MEASURED];
    bool fits = true;
    if (!count)
        return;
    markdown_table_fold(&w->table, count, "without a result of this commit");
    begin_names(w);
    markdown_table_column(&w->table, "last value", true);
    markdown_table_column(&w->table, "of", false);
    markdown_table_column(&w->table, "history", false);
    for (size_t i = 0; i < report->series_count && fits; i++) {
        const struct report_series *series = &report->series[i];
        const struct report_point *last = &series->points[series->count - 1];
        if (series->verdict.outcome != REPORT_NOT_MEASURED)
            continue;
        add_names(w, series);
        add_quantity(markdown_table_cell(&w->table), last->value, series->units);
        add_commit(markdown_table_cell(&w->table), report, last->commit);
        add_history(markdown_table_cell(&w->table), series, series->count - 1);
        fits = markdown_table_end_row(&w->table);
    }
    markdown_table_end(&w->table, "without a result", count);
}

/* -- changes of level */

static const char *cause_of(const struct report_change *change)
{
    bool bed = change->causes & REPORT_BY_TEST_BED, gap = change->causes & REPORT_IN_GAP;
    bool toolchain = change->causes & REPORT_BY_TOOLCHAIN;
    if (bed || toolchain)
        return bed && toolchain ? "test bed, toolchain" : bed ? "test bed" : "toolchain";
    return gap ? "code, in a gap" : "code";
}

static bool add_level_change(struct writer *w, const struct report_change *change)
{
    struct markdown_table *t = &w->table;
    const struct report_series *series = &w->report->series[change->series];
    const char *subject = w->report->commits[change->after].subject;
    add_names(w, series);
    add_interval(markdown_table_cell(t), change->change, change->low, change->high);
    add_quantity(markdown_table_cell(t), change->old_level, series->units);
    add_quantity(markdown_table_cell(t), change->level, series->units);
    struct strbuf *cell = markdown_table_cell(t);
    add_commit(cell, w->report, change->after);
    if (subject) {
        strbuf_addch(cell, ' ');
        code_span(cell, subject, SUBJECT_BYTES);
    }
    strbuf_addstr(markdown_table_cell(t), cause_of(change));
    cell = markdown_table_cell(t);
    strbuf_addstr(cell, change->status);
    if (change->note) {
        strbuf_addstr(cell, ": ");
        markdown_code(cell, change->note);
    }
    return markdown_table_end_row(t);
}

static void add_level_changes(struct writer *w, bool open, const char *what)
{
    size_t count = 0;
    bool fits = true;
    for (size_t i = 0; i < w->report->change_count; i++)
        count += w->report->changes[i].open == open;
    if (!count)
        return;
    markdown_table_fold(&w->table, count, what);
    begin_names(w);
    markdown_table_column(&w->table, "change (95 % interval)", true);
    markdown_table_column(&w->table, "before", true);
    markdown_table_column(&w->table, "after", true);
    markdown_table_column(&w->table, "first commit", false);
    markdown_table_column(&w->table, "cause", false);
    markdown_table_column(&w->table, "status", false);
    for (size_t i = 0; i < w->report->change_count && fits; i++)
        if (w->report->changes[i].open == open)
            fits = add_level_change(w, &w->report->changes[i]);
    markdown_table_end(&w->table, what, count);
}

/* -- lines */

/* "No verdict", and why. */
static void add_no_verdict(struct writer *w)
{
    const struct report *report = w->report;
    strbuf_addstr(w->out, "**No verdict**: ");
    for (size_t i = 0; i < report->series_count; i++) {
        const struct report_verdict *v = &report->series[i].verdict;
        if (v->outcome != REPORT_NOT_COMPARABLE || !v->notes.count)
            continue;
        markdown_code(w->out, v->notes.items[0]);
        strbuf_addstr(w->out, ".\n\n");
        return;
    }
    strbuf_addstr(w->out, "too few earlier runs are known of each benchmark.\n\n");
}

static void add_verdict_line(struct writer *w)
{
    const struct report *report = w->report;
    const size_t *n = report->outcomes;
    if (report->overall == REPORT_NO_HISTORY || report->overall == REPORT_NOT_COMPARABLE) {
        add_no_verdict(w);
        return;
    }
    strbuf_addf(w->out, "**Verdict: %s.** %zu worse, %zu better, %zu same, %zu unsure",
                report_outcome_name(report->overall), n[REPORT_WORSE], n[REPORT_BETTER],
                n[REPORT_SAME], n[REPORT_UNSURE]);
    if (n[REPORT_NO_HISTORY])
        strbuf_addf(w->out, ", %zu without history", n[REPORT_NO_HISTORY]);
    if (n[REPORT_NOT_COMPARABLE])
        strbuf_addf(w->out, ", %zu not comparable", n[REPORT_NOT_COMPARABLE]);
    strbuf_addf(w->out,
                "; the chance that any is called worse although nothing changed is at most "
                "%g %%.\n\n",
                100 * report->alpha);
}

static void add_subject(struct writer *w)
{
    const struct report *report = w->report;
    const struct report_commit *head = &report->commits[report->head];
    char time[TIME_ISO_SIZE];
    time_format_iso(head->time, time);
    add_commit(w->out, report, report->head);
    if (head->subject) {
        strbuf_addch(w->out, ' ');
        markdown_code(w->out, head->subject);
    }
    strbuf_addf(w->out, " of %.10s, held against the %s", time,
                report->pull_request ? "default history" : "history before it");
    if (!w->beds && report->test_bed_count) {
        strbuf_addstr(w->out, " on ");
        markdown_code(w->out, report->test_beds[0].name);
    }
    if (report->base != REPORT_NONE) {
        strbuf_addstr(w->out, "; beside it the base ");
        add_commit(w->out, report, report->base);
    }
    strbuf_addstr(w->out, ".\n\n");
}

/* What the base measured and this commit did not. */
static void add_missing(struct writer *w)
{
    enum { SHOWN = 20 };
    const struct report *report = w->report;
    size_t missing = 0;
    for (size_t i = 0; i < report->series_count; i++) {
        if (!report_is_missing(report, i) || missing++ >= SHOWN)
            continue;
        strbuf_addstr(w->out, missing == 1 ? "Measured at the base, and not here: " : ", ");
        markdown_code(w->out, report->series[i].name);
    }
    if (missing > SHOWN)
        strbuf_addf(w->out, " and %zu more", missing - SHOWN);
    if (missing)
        strbuf_addstr(w->out, ".\n\n");
}

static bool same_name(const struct report_series *a, const struct report_series *b)
{
    return a->name == b->name && a->test_bed == b->test_bed;
}

/* Of every benchmark that has results in several units: which. */
static void add_units(struct writer *w)
{
    enum { SHOWN = 5 };
    size_t names = 0;
    for (size_t i = 0; i < w->report->series_count; i++) {
        const struct report_series *s = &w->report->series[i];
        bool more = i && same_name(s - 1, s);
        if (!s->has_namesakes)
            continue;
        names += !more;
        if (names > SHOWN)
            continue;
        if (!more) {
            strbuf_addstr(w->out,
                          names == 1 ? "In several units, each a series of its own: " : "; ");
            markdown_code(w->out, s->name);
        }
        strbuf_addstr(w->out, more ? ", " : " in ");
        markdown_code(w->out, s->units);
    }
    if (names > SHOWN)
        strbuf_addf(w->out, " and %zu more", names - SHOWN);
    if (names)
        strbuf_addstr(w->out, ".\n\n");
}

static void add_test_beds(struct writer *w)
{
    const struct report *report = w->report;
    static const char *const names[] = {"name", "processor", "system", "toolchain"};
    bool fits = true;
    markdown_table_fold(&w->table, report->test_bed_count, "test beds");
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        markdown_table_column(&w->table, names[i], false);
    markdown_table_column(&w->table, "series", true);
    for (size_t i = 0; i < report->test_bed_count && fits; i++) {
        const struct report_test_bed *bed = &report->test_beds[i];
        const char *const texts[] = {bed->name, bed->cpu, bed->os, bed->toolchain};
        for (size_t k = 0; k < ARRAY_SIZE(texts); k++) {
            struct strbuf *cell = markdown_table_cell(&w->table);
            if (texts[k])
                markdown_code(cell, texts[k]);
        }
        strbuf_addf(markdown_table_cell(&w->table), "%zu", bed->series);
        fits = markdown_table_end_row(&w->table);
    }
    markdown_table_end(&w->table, "test beds", report->test_bed_count);
}

static void add_closing(struct writer *w)
{
    const struct report *report = w->report;
    if (w->table.left_out.len)
        strbuf_addf(w->out, "_Left out, there is no room for more: %s._\n\n",
                    w->table.left_out.buf);
    if (report->disturbed)
        strbuf_addstr(w->out, "Results count even where the conditions of their measurement "
                              "spoil them.\n\n");
    if (report->left_out)
        strbuf_addf(w->out,
                    "%zu results count nowhere: they were measured under conditions that spoil "
                    "them.\n\n",
                    report->left_out);
}

static void add_tables(struct writer *w)
{
    AUTO_FREE size_t *order = xreallocarray(NULL, w->report->series_count + 1, sizeof(*order));
    report_worst_first(w->report, order);
    add_called(w, order);
    if (!w->report->pull_request)
        add_level_changes(w, true, "open regressions in the history");
    add_outcome(w, order, REPORT_NOT_COMPARABLE, COLUMN_HISTORY | COLUMN_NOTE);
    add_outcome(w, order, REPORT_UNSURE, COLUMN_EXPECTED | COLUMN_CHANGE | COLUMN_NOTE);
    add_outcome(w, order, REPORT_NO_HISTORY, COLUMN_NOTE);
    add_outcome(w, order, REPORT_SAME, COLUMN_EXPECTED | COLUMN_CHANGE | COLUMN_SMALLEST);
    add_outcome(w, order, REPORT_IGNORED, COLUMN_HISTORY);
    add_not_measured(w);
    if (!w->report->pull_request)
        add_level_changes(w, false, "other changes of level in the history");
    add_test_beds(w);
}

/* What is to be known of the whole; JSON has all of it. */
static void add_report_notes(struct writer *w)
{
    const struct strlist *notes = &w->report->notes;
    for (size_t i = 0; i < notes->count && i < NOTES_MAX; i++) {
        strbuf_addstr(w->out, "- ");
        markdown_code(w->out, notes->items[i]);
        strbuf_addstr(w->out, i + 1 == notes->count || i + 1 == NOTES_MAX ? "\n\n" : "\n");
    }
}

void report_markdown(const struct report *report, const struct report_markdown_options *options,
                     struct strbuf *out)
{
    struct writer w = {.report = report, .out = out, .beds = report->test_bed_count > 1};
    markdown_table_init(&w.table, out,
                        options->max_bytes ? options->max_bytes : REPORT_MARKDOWN_MAX);
    if (!options->untitled) {
        strbuf_addstr(out, "### Benchmarks of ");
        markdown_code(out, report->project);
        strbuf_addstr(out, "\n\n");
    }
    add_verdict_line(&w);
    add_subject(&w);
    if (!options->part)
        add_missing(&w);
    if (!options->part)
        add_report_notes(&w);
    add_units(&w);
    add_tables(&w);
    add_closing(&w);
    markdown_table_release(&w.table);
}
