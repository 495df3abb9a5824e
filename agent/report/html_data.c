#include "report/html_data.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "base/json_write.h"
#include "report/html_number.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define PARCEL_SERIES 24 /* in a parcel, on average and at most */
#define PARCELS_MAX 1024

void html_parcels_release(struct html_parcels *parcels)
{
    for (size_t i = 0; i < parcels->count; i++)
        strbuf_release(&parcels->items[i]);
    free(parcels->items);
    free(parcels->parcel);
    free(parcels->place);
    *parcels = (struct html_parcels){0};
}

static void key_number(struct strbuf *out, const char *key, double value)
{
    json_key(out, key);
    html_number(out, value);
}

/* FNV-1a. */
static uint32_t hash_text(uint32_t hash, const char *text)
{
    for (; text && *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619U;
    return (hash ^ 0xff) * 16777619U;
}

static uint32_t series_hash(const struct report_series *series)
{
    uint32_t hash = hash_text(2166136261U, series->name);
    return hash_text(hash_text(hash, series->test_bed), series->units);
}

/* -- a series in its parcel */

/* The commits that were measured: the first one's number where they are consecutive, else the
 * number of the first and the steps to the next ones. */
static void add_commits(struct strbuf *out, const struct report_series *series)
{
    const struct report_point *points = series->points;
    size_t last = series->count - 1;
    json_key(out, "c");
    if (points[last].commit - points[0].commit == last) {
        strbuf_addf(out, "%zu", points[0].commit);
        return;
    }
    strbuf_addf(out, "[%zu", points[0].commit);
    for (size_t i = 1; i < series->count; i++)
        strbuf_addf(out, ",%zu", points[i].commit - points[i - 1].commit);
    strbuf_addch(out, ']');
}

static void add_numbers(struct strbuf *out, const double *values, size_t count)
{
    strbuf_addch(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            strbuf_addch(out, ',');
        html_number(out, values[i]);
    }
    strbuf_addch(out, ']');
}

/* Each run's number, of points that have more than one. */
static void add_runs(struct strbuf *out, const struct report_series *series)
{
    if (series->run_count <= series->count)
        return;
    json_key(out, "runs");
    strbuf_addch(out, '{');
    for (size_t i = 0; i < series->count; i++) {
        const struct report_point *point = &series->points[i];
        if (point->runs < 2)
            continue;
        strbuf_addf(out, "%s\"%zu\":", out->buf[out->len - 1] == '{' ? "" : ",", i);
        add_numbers(out, series->runs + point->first_run, point->runs);
    }
    strbuf_addch(out, '}');
}

static void add_levels(struct strbuf *out, const struct report_series *series)
{
    json_key(out, "levels");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < series->level_count; i++) {
        const struct report_level *level = &series->levels[i];
        strbuf_addf(out, "%s[%zu,%zu,", i ? "," : "", level->first, level->last);
        html_number(out, level->value);
        strbuf_addch(out, ',');
        html_number(out, level->low);
        strbuf_addch(out, ',');
        html_number(out, level->high);
        strbuf_addch(out, ']');
    }
    strbuf_addch(out, ']');
}

static void add_samples(struct strbuf *out, const struct report_series *series)
{
    if (!series->sample_count)
        return;
    json_key(out, "samples");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < series->sample_count; i++) {
        const struct report_samples *samples = &series->samples[i];
        strbuf_addf(out, "%s{\"point\":%zu", i ? "," : "", samples->point);
        json_text(out, "run", samples->run);
        json_key(out, "values");
        add_numbers(out, samples->values, samples->count);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

static void add_commit(struct strbuf *out, const char *key, size_t commit)
{
    json_key(out, key);
    if (commit == REPORT_NONE)
        strbuf_addstr(out, "null");
    else
        strbuf_addf(out, "%zu", commit);
}

static void add_series(struct strbuf *out, const struct report_series *series)
{
    strbuf_addstr(out, out->len > 1 ? ",\n{" : "{");
    add_commits(out, series);
    json_key(out, "v");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < series->count; i++) {
        if (i)
            strbuf_addch(out, ',');
        html_number(out, series->points[i].value);
    }
    strbuf_addch(out, ']');
    add_runs(out, series);
    add_levels(out, series);
    add_samples(out, series);
    strbuf_addch(out, '}');
}

void html_parcels_make(const struct report *report, struct html_parcels *out)
{
    struct html_parcels made = {.count = 1};
    while (made.count * PARCEL_SERIES < report->series_count && made.count < PARCELS_MAX)
        made.count *= 2;
    made.items = xcalloc(made.count, sizeof(*made.items));
    made.parcel = xcalloc(report->series_count + 1, sizeof(*made.parcel));
    made.place = xcalloc(report->series_count + 1, sizeof(*made.place));
    AUTO_FREE size_t *filled = xcalloc(made.count, sizeof(*filled));
    for (size_t i = 0; i < made.count; i++) {
        made.items[i] = (struct strbuf)STRBUF_INIT;
        strbuf_addch(&made.items[i], '[');
    }
    for (size_t i = 0; i < report->series_count; i++) {
        size_t parcel = series_hash(&report->series[i]) % made.count;
        made.parcel[i] = parcel;
        made.place[i] = filled[parcel]++;
        add_series(&made.items[parcel], &report->series[i]);
    }
    for (size_t i = 0; i < made.count; i++)
        strbuf_addstr(&made.items[i], "]\n");
    *out = made;
}

/* -- the overview */

typedef void series_column(struct strbuf *out, const struct report_series *series);

static void column(struct strbuf *out, const struct report *report, const char *key,
                   series_column *add)
{
    json_key(out, key);
    strbuf_addch(out, '[');
    for (size_t i = 0; i < report->series_count; i++) {
        if (i)
            strbuf_addch(out, ',');
        add(out, &report->series[i]);
    }
    strbuf_addch(out, ']');
}

static void add_text(struct strbuf *out, const char *text)
{
    if (text)
        escape_json(out, text, strlen(text));
    else
        strbuf_addstr(out, "null");
}

#define TEXT_COLUMN(field)                                                        \
    static void column_##field(struct strbuf *out, const struct report_series *s) \
    {                                                                             \
        add_text(out, s->field);                                                  \
    }
#define NUMBER_COLUMN(name, value)                                               \
    static void column_##name(struct strbuf *out, const struct report_series *s) \
    {                                                                            \
        html_number(out, (double)(value));                                       \
    }

TEXT_COLUMN(name)
TEXT_COLUMN(metric)
TEXT_COLUMN(test_bed)
TEXT_COLUMN(units)
NUMBER_COLUMN(higher, s->higher_is_better)
NUMBER_COLUMN(means, s->means)
NUMBER_COLUMN(namesakes, s->has_namesakes)
NUMBER_COLUMN(points, s->count)
NUMBER_COLUMN(outcome, s->verdict.outcome)
NUMBER_COLUMN(relative, s->verdict.relative)
NUMBER_COLUMN(expected, s->verdict.known ? s->verdict.expected : NAN)
NUMBER_COLUMN(measured, s->at == REPORT_NONE ? NAN : s->points[s->at].value)
NUMBER_COLUMN(change, s->verdict.known ? s->verdict.change : NAN)
NUMBER_COLUMN(low, s->verdict.known ? s->verdict.low : NAN)
NUMBER_COLUMN(high, s->verdict.known ? s->verdict.high : NAN)
NUMBER_COLUMN(noise, s->verdict.known ? s->verdict.noise : NAN)
NUMBER_COLUMN(smallest, s->verdict.known ? s->verdict.smallest : NAN)
NUMBER_COLUMN(history, s->verdict.history)
NUMBER_COLUMN(runs, s->verdict.runs)
NUMBER_COLUMN(latest, s->points[s->count - 1].value)
NUMBER_COLUMN(base, s->base)

static void column_spark(struct strbuf *out, const struct report_series *s)
{
    strbuf_addch(out, '"');
    html_spark(out, &s->points[0].value, s->count, sizeof(s->points[0]));
    strbuf_addch(out, '"');
}

static void column_notes(struct strbuf *out, const struct report_series *s)
{
    strbuf_addch(out, '[');
    for (size_t i = 0; i < s->verdict.notes.count; i++)
        json_item(out, s->verdict.notes.items[i]);
    strbuf_addch(out, ']');
}

static void add_columns(const struct report *report, const struct html_parcels *parcels,
                        struct strbuf *out)
{
    static const struct {
        const char *key;
        series_column *add;
    } columns[] = {
        {"name", column_name},           {"metric", column_metric},
        {"test_bed", column_test_bed},   {"units", column_units},
        {"higher", column_higher},       {"means", column_means},
        {"namesakes", column_namesakes}, {"points", column_points},
        {"outcome", column_outcome},     {"relative", column_relative},
        {"expected", column_expected},   {"measured", column_measured},
        {"change", column_change},       {"low", column_low},
        {"high", column_high},           {"noise", column_noise},
        {"history", column_history},     {"runs", column_runs},
        {"latest", column_latest},       {"base", column_base},
        {"smallest", column_smallest},   {"notes", column_notes},
        {"spark", column_spark},
    };
    json_key(out, "series");
    strbuf_addch(out, '{');
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
        column(out, report, columns[i].key, columns[i].add);
    for (int place = 0; place < 2; place++) {
        const size_t *numbers = place ? parcels->place : parcels->parcel;
        json_key(out, place ? "place" : "parcel");
        for (size_t i = 0; i < report->series_count; i++)
            strbuf_addf(out, "%c%zu", i ? ',' : '[', numbers[i]);
        strbuf_addstr(out, report->series_count ? "]" : "[]");
    }
    strbuf_addch(out, '}');
}

/* What stands in front of the id in each of the commits' addresses, or NULL where they differ. */
static char *common_prefix(const struct report *report)
{
    AUTO_FREE char *prefix = NULL;
    for (size_t i = 0; i < report->commit_count; i++) {
        const struct report_commit *commit = &report->commits[i];
        size_t len = commit->url ? strlen(commit->url) : 0, id = strlen(commit->id);
        if (len < id || strcmp(commit->url + len - id, commit->id))
            return NULL;
        if (!prefix)
            prefix = xstrndup(commit->url, len - id);
        else if (strlen(prefix) != len - id || strncmp(prefix, commit->url, len - id))
            return NULL;
    }
    return take_ptr(prefix);
}

static void add_commit_column(const struct report *report, const char *key, size_t offset,
                              struct strbuf *out)
{
    json_key(out, key);
    strbuf_addch(out, '[');
    for (size_t i = 0; i < report->commit_count; i++) {
        const char *text = NULL;
        memcpy(&text, (const char *)&report->commits[i] + offset, sizeof(text));
        if (i)
            strbuf_addch(out, ',');
        add_text(out, text);
    }
    strbuf_addch(out, ']');
}

static void add_all_commits(const struct report *report, struct strbuf *out)
{
    AUTO_FREE char *prefix = common_prefix(report);
    json_text(out, "commit_url", prefix);
    json_key(out, "commits");
    strbuf_addch(out, '{');
    add_commit_column(report, "id", offsetof(struct report_commit, id), out);
    add_commit_column(report, "subject", offsetof(struct report_commit, subject), out);
    add_commit_column(report, "version", offsetof(struct report_commit, version), out);
    if (!prefix)
        add_commit_column(report, "url", offsetof(struct report_commit, url), out);
    json_key(out, "time");
    for (size_t i = 0; i < report->commit_count; i++)
        strbuf_addf(out, "%c%" PRId64, i ? ',' : '[', report->commits[i].time);
    strbuf_addstr(out, report->commit_count ? "]" : "[]");
    json_key(out, "side");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < report->commit_count; i++)
        if (!report->commits[i].main)
            strbuf_addf(out, "%s%zu", out->buf[out->len - 1] == '[' ? "" : ",", i);
    strbuf_addstr(out, "]}");
}

static void add_change(const struct report_change *change, struct strbuf *out)
{
    static const struct {
        unsigned flag;
        const char *name;
    } causes[] = {{REPORT_BY_TOOLCHAIN, "toolchain"},
                  {REPORT_BY_TEST_BED, "test bed"},
                  {REPORT_IN_GAP, "gap"}};
    strbuf_addf(out, "{\"series\":%zu", change->series);
    add_commit(out, "before", change->before);
    add_commit(out, "after", change->after);
    add_commit(out, "earliest", change->earliest);
    add_commit(out, "latest", change->latest);
    json_integer(out, "commits", (int64_t)change->commits);
    key_number(out, "old", change->old_level);
    key_number(out, "new", change->level);
    key_number(out, "change", change->change);
    key_number(out, "low", change->low);
    key_number(out, "high", change->high);
    key_number(out, "confidence", change->confidence);
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(causes); i++)
        if (change->causes & causes[i].flag)
            strlist_push(&names, causes[i].name);
    json_list(out, "causes", &names);
    json_bool(out, "worse", change->worse);
    json_text(out, "status", report_change_status(change));
    json_text(out, "note", change->note);
    strbuf_addch(out, '}');
}

static void add_head(const struct report *report, struct strbuf *out)
{
    json_integer(out, "format", 1);
    json_text(out, "project", report->project);
    json_text(out, "generator", report->generator);
    json_text(out, "repository", report->repository_url);
    json_integer(out, "generated", report->generated);
    add_commit(out, "head", report->head);
    add_commit(out, "base", report->base);
    json_bool(out, "pull_request", report->pull_request);
    json_text(out, "overall", report_outcome_name(report->overall));
    key_number(out, "alpha", report->alpha);
    key_number(out, "matters", report->matters);
    json_bool(out, "disturbed", report->disturbed);
    json_integer(out, "left_out", (int64_t)report->left_out);
    json_list(out, "notes", &report->notes);
    json_key(out, "outcomes");
    strbuf_addch(out, '[');
    for (int i = 0; i < REPORT_OUTCOMES; i++)
        json_item(out, report_outcome_name((enum report_outcome)i));
    strbuf_addch(out, ']');
}

static void add_test_beds(const struct report *report, struct strbuf *out)
{
    json_key(out, "test_beds");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < report->test_bed_count; i++) {
        const struct report_test_bed *bed = &report->test_beds[i];
        strbuf_addstr(out, i ? ",{" : "{");
        json_text(out, "name", bed->name);
        json_text(out, "cpu", bed->cpu);
        json_text(out, "os", bed->os);
        json_text(out, "toolchain", bed->toolchain);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

void html_overview(const struct report *report, const struct html_parcels *parcels,
                   const struct strlist *files, struct strbuf *out)
{
    strbuf_addch(out, '{');
    add_head(report, out);
    add_test_beds(report, out);
    add_all_commits(report, out);
    add_columns(report, parcels, out);
    json_key(out, "order");
    AUTO_FREE size_t *order = xreallocarray(NULL, report->series_count + 1, sizeof(*order));
    report_worst_first(report, order);
    for (size_t i = 0; i < report->series_count; i++)
        strbuf_addf(out, "%c%zu", i ? ',' : '[', order[i]);
    strbuf_addstr(out, report->series_count ? "]" : "[]");
    json_key(out, "changes");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < report->change_count; i++) {
        strbuf_addstr(out, i ? ",\n" : "\n");
        add_change(&report->changes[i], out);
    }
    strbuf_addch(out, ']');
    if (files)
        json_list(out, "files", files);
    strbuf_addch(out, '}');
}
