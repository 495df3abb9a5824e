/* A report's series: their points, levels and changes. */
#include "base/alloc.h"
#include "model/summary.h"
#include "pipeline/report/report_state.h"
#include "pipeline/history/series_policy.h"

#include <math.h>
#include <string.h>

#define BAND 2 /* times the noise, on either side of a level */

static void add_point(struct report_series *series, const struct history_series *from,
                      const struct history_point *point)
{
    struct report_point *to = &series->points[series->count++];
    const double *runs = from->runs + point->first_run;
    *to = (struct report_point){
        .commit = point->commit->number,
        .value = point->value,
        .low = runs[0],
        .high = runs[0],
        .first_run = series->run_count,
        .runs = point->runs,
    };
    for (size_t i = 0; i < point->runs; i++) {
        to->low = fmin(to->low, runs[i]);
        to->high = fmax(to->high, runs[i]);
        series->runs[series->run_count++] = runs[i];
    }
}

static void add_points(struct report_state *state, const struct history_series *from,
                       struct report_series *series)
{
    size_t points = 0, runs = 0;
    for (size_t i = 0; i < from->count; i++) {
        bool shown = from->points[i].commit->number != REPORT_NONE;
        points += shown;
        runs += shown ? from->points[i].runs : 0;
    }
    if (!points)
        return;
    series->points = xreallocarray(NULL, points, sizeof(*series->points));
    series->runs = xreallocarray(NULL, runs, sizeof(*series->runs));
    for (size_t i = 0; i < from->count; i++) {
        const struct history_point *point = &from->points[i];
        if (point->commit->number == REPORT_NONE)
            continue;
        if (point->commit == state->head)
            series->at = series->count;
        if (point->commit == state->base)
            series->base = point->value;
        add_point(series, from, point);
    }
}

/* Whether the noise is relative: change.h takes logarithms. */
static bool all_above_zero(const struct history_series *series)
{
    for (size_t i = 0; i < series->count; i++)
        if (!(series->points[i].value > 0))
            return false;
    return true;
}

static double median_of_main(const struct report_state *state, const struct report_series *series)
{
    AUTO_FREE double *values = xreallocarray(NULL, series->count, sizeof(*values));
    size_t count = 0;
    for (size_t i = 0; i < series->count; i++)
        if (state->report.commits[series->points[i].commit].main)
            values[count++] = series->points[i].value;
    return summary_of(values, count).median;
}

/* Of too few points there is no noise to be seen. */
static void set_band(struct report_level *level, double noise, bool relative)
{
    if (!(noise > 0)) {
        level->low = level->high = NAN;
        return;
    }
    level->low = relative ? level->value * exp(-BAND * noise) : level->value - BAND * noise;
    level->high = relative ? level->value * exp(BAND * noise) : level->value + BAND * noise;
}

/* `place` is that of the series in the history. */
static void add_levels(struct report_state *state, size_t place, struct report_series *series)
{
    const size_t *order = state->change_order + state->change_first[place];
    size_t count = state->change_first[place + 1] - state->change_first[place], next = 0;
    const struct found_change *found = state->found.items;
    double value = count ? found[order[0]].change.before : median_of_main(state, series);
    bool relative = all_above_zero(&state->history.series[place]);
    series->levels = xcalloc(count + 1, sizeof(*series->levels));
    bool fresh = true;
    for (size_t i = 0; i < series->count; i++) {
        const struct history_commit *commit = state->commits[series->points[i].commit];
        if (!state->report.commits[series->points[i].commit].main)
            continue;
        while (next < count && history_commit_compare(commit, found[order[next]].after) >= 0) {
            value = found[order[next++]].change.after;
            fresh = true;
        }
        if (fresh)
            series->levels[series->level_count++] =
                (struct report_level){.first = i, .value = value};
        fresh = false;
        series->levels[series->level_count - 1].last = i;
    }
    for (size_t i = 0; i < series->level_count; i++)
        set_band(&series->levels[i], state->found.noise[place], relative);
}

static void name_series(struct report_state *state, const struct history_series *from,
                        struct report_series *series)
{
    const char *mark = strrchr(from->benchmark, '#');
    AUTO_FREE char *benchmark =
        mark ? xstrndup(from->benchmark, (size_t)(mark - from->benchmark)) : NULL;
    /* The table may be another program's, which gave no name. */
    const char *name = report_text(state, from->benchmark);
    series->name = name ? name : report_text(state, "?");
    series->benchmark =
        mark && mark > from->benchmark ? report_text(state, benchmark) : series->name;
    series->metric = report_text(state, mark && mark[1] ? mark + 1 : "wall_time");
    series->test_bed = report_text(state, from->test_bed);
    series->units = report_text(state, from->units);
    series->higher_is_better = series_policy_of(state->history.policy, from).higher_is_better;
    series->means = from->means;
}

/* The numbers of the changes by series; they come the newest first. */
static void order_changes(struct report_state *state)
{
    const struct found_changes *found = &state->found;
    size_t count = state->history.count;
    state->change_first = xcalloc(count + 2, sizeof(*state->change_first));
    state->change_order = xreallocarray(NULL, found->count + 1, sizeof(*state->change_order));
    AUTO_FREE size_t *filled = xcalloc(count + 1, sizeof(*filled));
    for (size_t i = 0; i < found->count; i++)
        state->change_first[found->items[i].series - state->history.series + 1]++;
    for (size_t i = 0; i < count; i++)
        state->change_first[i + 1] += state->change_first[i];
    for (size_t i = found->count; i-- > 0;) {
        size_t place = (size_t)(found->items[i].series - state->history.series);
        state->change_order[state->change_first[place] + filled[place]++] = i;
    }
}

/* The same name on the same test bed, in another unit: the series are in that order. */
static void mark_namesakes(struct report *report)
{
    for (size_t i = 1; i < report->series_count; i++) {
        struct report_series *a = &report->series[i - 1], *b = &report->series[i];
        if (a->name == b->name && a->test_bed == b->test_bed)
            a->has_namesakes = b->has_namesakes = true;
    }
}

void report_add_series(struct report_state *state)
{
    const struct history *history = &state->history;
    struct report *report = &state->report;
    order_changes(state);
    report->series = xcalloc(history->count + 1, sizeof(*report->series));
    state->places = xreallocarray(NULL, history->count + 1, sizeof(*state->places));
    for (size_t i = 0; i < history->count; i++) {
        struct report_series series = {.base = NAN, .at = REPORT_NONE};
        state->places[i] = REPORT_NONE;
        add_points(state, &history->series[i], &series);
        if (!series.count)
            continue;
        name_series(state, &history->series[i], &series);
        add_levels(state, i, &series);
        state->places[i] = report->series_count;
        report->series[report->series_count++] = series;
    }
    mark_namesakes(report);
}

static unsigned causes_of(unsigned causes)
{
    return (causes & CHANGE_BY_TOOLCHAIN ? (unsigned)REPORT_BY_TOOLCHAIN : 0) |
           (causes & CHANGE_BY_TEST_BED ? (unsigned)REPORT_BY_TEST_BED : 0) |
           (causes & CHANGE_IN_GAP ? (unsigned)REPORT_IN_GAP : 0);
}

static size_t number_or(const struct history_commit *commit, size_t other)
{
    return commit->number == REPORT_NONE ? other : commit->number;
}

void report_add_changes(struct report_state *state)
{
    struct report *report = &state->report;
    report->changes = xcalloc(state->found.count + 1, sizeof(*report->changes));
    for (size_t i = 0; i < state->found.count; i++) {
        const struct found_change *found = &state->found.items[i];
        size_t place = state->places[found->series - state->history.series];
        if (place == REPORT_NONE || found->before->number == REPORT_NONE ||
            found->after->number == REPORT_NONE)
            continue;
        report->changes[report->change_count++] = (struct report_change){
            .series = place,
            .before = found->before->number,
            .after = found->after->number,
            .earliest = number_or(found->earliest, found->before->number),
            .latest = number_or(found->latest, found->after->number),
            .commits = found->commits,
            .old_level = found->change.before,
            .level = found->change.after,
            .change = found->change.relative,
            .low = found->change.relative_low,
            .high = found->change.relative_high,
            .confidence = found->change.confidence,
            .causes = causes_of(found->causes),
            .worse = found->worse,
            .open = found->open,
            .status = report_text(state, change_status(found)),
            .note = report_text(state, found->expected ? found->expected->reason : NULL),
        };
    }
}
