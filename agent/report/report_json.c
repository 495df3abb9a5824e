#include "report/report_json.h"

#include "base/clock.h"
#include "base/json_write.h"
#include "report/table.h"

#include <math.h>

static void add_number(struct strbuf *out, double value)
{
    if (isfinite(value))
        format_double(out, value);
    else
        strbuf_addstr(out, "null");
}

static void add_member(struct strbuf *out, const char *key, double value)
{
    json_key(out, key);
    add_number(out, value);
}

/* A commit's number; REPORT_NONE is null. */
static void add_place(struct strbuf *out, const char *key, size_t number)
{
    if (number == REPORT_NONE)
        json_raw(out, key, NULL);
    else
        json_integer(out, key, (int64_t)number);
}

static void add_time(struct strbuf *out, const char *key, int64_t time)
{
    char text[TIME_ISO_SIZE];
    time_format_iso(time, text);
    json_text(out, key, text);
}

static void next_item(struct strbuf *out)
{
    if (out->buf[out->len - 1] != '[')
        strbuf_addstr(out, ",\n");
}

static void add_numbers(struct strbuf *out, const double *values, size_t count)
{
    strbuf_addch(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            strbuf_addch(out, ',');
        add_number(out, values[i]);
    }
    strbuf_addch(out, ']');
}

static void add_commits(struct strbuf *out, const struct report *report)
{
    json_key(out, "commits");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < report->commit_count; i++) {
        const struct report_commit *c = &report->commits[i];
        next_item(out);
        strbuf_addch(out, '{');
        json_text(out, "id", c->id);
        add_time(out, "time", c->time);
        json_text(out, "subject", c->subject);
        json_text(out, "version", c->version);
        json_text(out, "url", c->url);
        json_bool(out, "main", c->main);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

static void add_test_beds(struct strbuf *out, const struct report *report)
{
    json_key(out, "test_beds");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < report->test_bed_count; i++) {
        const struct report_test_bed *bed = &report->test_beds[i];
        next_item(out);
        strbuf_addch(out, '{');
        json_text(out, "name", bed->name);
        json_text(out, "cpu", bed->cpu);
        json_text(out, "os", bed->os);
        json_text(out, "toolchain", bed->toolchain);
        json_integer(out, "series", (int64_t)bed->series);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

/* Each run's number; left out where every commit has one run, which is its value. */
static void add_runs(struct strbuf *out, const struct report_series *s)
{
    if (s->run_count == s->count)
        return;
    json_key(out, "runs");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < s->count; i++) {
        if (i)
            strbuf_addch(out, ',');
        add_numbers(out, s->runs + s->points[i].first_run, s->points[i].runs);
    }
    strbuf_addch(out, ']');
}

static void add_points(struct strbuf *out, const struct report_series *s)
{
    json_key(out, "points");
    strbuf_addch(out, '{');
    json_key(out, "commit");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < s->count; i++)
        strbuf_addf(out, i ? ",%zu" : "%zu", s->points[i].commit);
    strbuf_addch(out, ']');
    json_key(out, "value");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < s->count; i++) {
        if (i)
            strbuf_addch(out, ',');
        add_number(out, s->points[i].value);
    }
    strbuf_addch(out, ']');
    add_runs(out, s);
    strbuf_addch(out, '}');
}

static void add_levels(struct strbuf *out, const struct report_series *s)
{
    json_key(out, "levels");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < s->level_count; i++) {
        const struct report_level *level = &s->levels[i];
        if (i)
            strbuf_addch(out, ',');
        strbuf_addch(out, '{');
        json_integer(out, "from", (int64_t)s->points[level->first].commit);
        json_integer(out, "to", (int64_t)s->points[level->last].commit);
        add_member(out, "value", level->value);
        add_member(out, "low", level->low);
        add_member(out, "high", level->high);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

static void add_verdict(struct strbuf *out, const struct report_verdict *v)
{
    json_key(out, "verdict");
    strbuf_addch(out, '{');
    json_text(out, "outcome", report_outcome_name(v->outcome));
    json_bool(out, "relative", v->relative);
    add_member(out, "expected", v->expected);
    add_member(out, "measured", v->measured);
    add_member(out, "change", v->change);
    add_member(out, "low", v->low);
    add_member(out, "high", v->high);
    add_member(out, "noise", v->noise);
    add_member(out, "p", v->p);
    add_member(out, "smallest", v->smallest);
    json_integer(out, "history", (int64_t)v->history);
    json_integer(out, "runs", (int64_t)v->runs);
    json_integer(out, "runs_needed", (int64_t)v->runs_needed);
    add_place(out, "oldest", v->oldest);
    add_place(out, "newest", v->newest);
    json_list(out, "notes", &v->notes);
    strbuf_addch(out, '}');
}

static void add_samples(struct strbuf *out, const struct report_series *s)
{
    if (!s->sample_count)
        return;
    json_key(out, "samples");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < s->sample_count; i++) {
        if (i)
            strbuf_addch(out, ',');
        strbuf_addch(out, '{');
        json_integer(out, "commit", (int64_t)s->points[s->samples[i].point].commit);
        json_text(out, "run", s->samples[i].run);
        json_key(out, "values");
        add_numbers(out, s->samples[i].values, s->samples[i].count);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

static void add_series(struct strbuf *out, const struct report_series *s)
{
    next_item(out);
    strbuf_addch(out, '{');
    json_text(out, "name", s->name);
    json_text(out, "benchmark", s->benchmark);
    json_text(out, "metric", s->metric);
    json_text(out, "test_bed", s->test_bed);
    json_text(out, "units", s->units);
    json_bool(out, "higher_is_better", s->higher_is_better);
    json_bool(out, "means", s->means);
    json_bool(out, "other_units", s->has_namesakes);
    add_member(out, "base", s->base);
    add_verdict(out, &s->verdict);
    add_levels(out, s);
    add_points(out, s);
    add_samples(out, s);
    strbuf_addch(out, '}');
}

static void add_change(struct strbuf *out, const struct report_change *c)
{
    next_item(out);
    strbuf_addch(out, '{');
    json_integer(out, "series", (int64_t)c->series);
    json_text(out, "status", c->status);
    json_integer(out, "last_before", (int64_t)c->before);
    json_integer(out, "first_after", (int64_t)c->after);
    json_integer(out, "earliest", (int64_t)c->earliest);
    json_integer(out, "latest", (int64_t)c->latest);
    if (c->commits)
        json_integer(out, "commits", (int64_t)c->commits);
    else
        json_raw(out, "commits", NULL);
    add_member(out, "before", c->old_level);
    add_member(out, "after", c->level);
    add_member(out, "change", c->change);
    add_member(out, "low", c->low);
    add_member(out, "high", c->high);
    add_member(out, "confidence", c->confidence);
    json_bool(out, "toolchain_changed", c->causes & REPORT_BY_TOOLCHAIN);
    json_bool(out, "test_bed_changed", c->causes & REPORT_BY_TEST_BED);
    json_bool(out, "gap", c->causes & REPORT_IN_GAP);
    json_text(out, "note", c->note);
    strbuf_addch(out, '}');
}

static void add_head(struct strbuf *out, const struct report *report)
{
    json_integer(out, "schema", REPORT_JSON_SCHEMA);
    json_text(out, "generator", report->generator);
    add_time(out, "generated", report->generated);
    json_text(out, "project", report->project);
    json_text(out, "repository_url", report->repository_url);
    json_integer(out, "commit", (int64_t)report->head);
    add_place(out, "base", report->base);
    json_bool(out, "pull_request", report->pull_request);
    json_text(out, "verdict", report_outcome_name(report->overall));
    json_key(out, "outcomes");
    strbuf_addch(out, '{');
    for (enum report_outcome i = 0; i < REPORT_OUTCOMES; i++)
        json_integer(out, report_outcome_name(i), (int64_t)report->outcomes[i]);
    strbuf_addch(out, '}');
    add_member(out, "alpha", report->alpha);
    add_member(out, "matters", report->matters);
    json_bool(out, "disturbed", report->disturbed);
    json_integer(out, "left_out", (int64_t)report->left_out);
    json_list(out, "notes", &report->notes);
}

void report_json(const struct report *report, struct strbuf *out)
{
    strbuf_addch(out, '{');
    add_head(out, report);
    add_test_beds(out, report);
    add_commits(out, report);
    json_key(out, "changes");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < report->change_count; i++)
        add_change(out, &report->changes[i]);
    strbuf_addch(out, ']');
    json_key(out, "series");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < report->series_count; i++)
        add_series(out, &report->series[i]);
    strbuf_addstr(out, "]}\n");
}
