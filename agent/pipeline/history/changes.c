#include "pipeline/history/changes.h"

#include "base/alloc.h"
#include "base/parallel.h"
#include "decide/exact.h"
#include "pipeline/history/series_policy.h"

#include <math.h>
#include <string.h>

void found_changes_release(struct found_changes *found)
{
    free(found->items);
    free(found->noise);
    *found = (struct found_changes){0};
}

/* How many commits lie behind `before` up to `after`, or 0 where no first parents lead there. */
static size_t commits_between(const struct history_commit *before,
                              const struct history_commit *after)
{
    size_t steps = 0, most = after->depth;
    for (const struct history_commit *at = after; at && steps <= most; at = at->parent, steps++)
        if (at == before)
            return steps;
    return 0;
}

/* Two texts of the history that are known and differ. */
static bool differ(const char *a, const char *b)
{
    return a && b && a != b;
}

static unsigned causes_of(const struct history_point *before, const struct history_point *after,
                          size_t commits)
{
    const struct history_setting *a = &before->setting, *b = &after->setting;
    unsigned causes = 0;
    if (differ(a->toolchain, b->toolchain))
        causes |= CHANGE_BY_TOOLCHAIN;
    if (differ(a->cpu, b->cpu) || differ(a->os, b->os))
        causes |= CHANGE_BY_TEST_BED;
    if (commits > 1)
        causes |= CHANGE_IN_GAP;
    return causes;
}

/* The first of the later levels that has gone back half of the way; `count`: none. */
static size_t recovery(const struct change *changes, size_t i, size_t count)
{
    double half = (changes[i].before + changes[i].after) / 2;
    bool rose = changes[i].after > changes[i].before;
    for (size_t j = i + 1; j < count; j++)
        if (rose ? changes[j].after <= half : changes[j].after >= half)
            return j;
    return count;
}

const char *change_status(const struct found_change *found)
{
    return found->open       ? "open"
           : !found->worse   ? "better"
           : found->expected ? "expected"
           : found->small    ? "small"
                             : "recovered";
}

/* A series on its main line, and what was found in it. */
struct line {
    const struct history *history;
    const struct history_series *series;
    const struct history_point **points;
    double *values;
    size_t count;
    const struct change *changes;
    size_t changed;
};

/* The expectation for a commit at which the level may have changed. */
static const struct history_expected *expected_at(const struct line *line, const struct change *c)
{
    size_t first = c->first < c->index ? c->first : c->index;
    size_t last = c->last > c->index ? c->last : c->index;
    const struct history_point *before = line->points[first ? first - 1 : 0];
    if (line->points[c->previous] < before)
        before = line->points[c->previous];
    return history_find_expected(line->history, line->series, before->commit,
                                 line->points[last]->commit);
}

static void add_changes(const struct line *line, const struct series_policy *policy,
                        struct found_changes *out)
{
    const struct history_point *const *points = line->points;
    for (size_t i = 0; i < line->changed; i++) {
        const struct change *c = &line->changes[i];
        const struct history_point *before = points[c->previous], *after = points[c->index];
        size_t commits = commits_between(before->commit, after->commit);
        size_t back = recovery(line->changes, i, line->changed);
        struct found_change found = {
            .series = line->series,
            .change = *c,
            .before = before->commit,
            .after = after->commit,
            .earliest = points[c->first]->commit,
            .latest = points[c->last]->commit,
            .behind = points[c->first ? c->first - 1 : 0]->commit,
            .commits = commits,
            .causes = causes_of(before, after, commits),
            .worse = policy->higher_is_better == (c->after < c->before),
            .small = !series_policy_counts(policy, c->relative),
            .recovered = back < line->changed ? points[line->changes[back].index]->commit : NULL,
            .expected = expected_at(line, c),
        };
        found.open = found.worse && !found.small && !found.recovered && !found.expected;
        ARRAY_RESERVE(out->items, out->cap, out->count + 1);
        out->items[out->count++] = found;
    }
}

static int newest_first(const void *left, const void *right)
{
    const struct found_change *a = left, *b = right;
    int order = -history_commit_compare(a->after, b->after);
    if (order)
        return order;
    if (a->series != b->series)
        return a->series < b->series ? -1 : 1;
    return 0;
}

static void take_main_line(struct line *line)
{
    const struct history_series *series = line->series;
    line->count = 0;
    for (size_t i = 0; i < series->count; i++) {
        if (!series->points[i].commit->chosen)
            continue;
        line->values[line->count] = series->points[i].value;
        line->points[line->count++] = &series->points[i];
    }
}

/* The noise of the series. `room` is for the changes of counts. */
static double look_at(struct line *line, const struct series_policy *policy,
                      struct change_finder *finder, struct change *room)
{
    line->changes = room;
    if (policy->exact && exact_values(line->values, line->count)) {
        line->changed = exact_changes(line->values, line->count, room);
        return 0;
    }
    change_finder_clear(finder);
    for (size_t i = 0; i < line->count; i++)
        change_finder_add(finder, line->values[i]);
    line->changed = change_finder_find(finder, &line->changes);
    return change_finder_noise(finder);
}

static double find_in(const struct history *history, const struct history_series *series,
                      struct change_finder *finder, struct found_changes *out)
{
    const struct series_policy policy = series_policy_of(history->policy, series);
    if (policy.ignored) {
        out->ignored++;
        return 0;
    }
    size_t room = series->count + 1;
    AUTO_FREE const struct history_point **points = xreallocarray(NULL, room, sizeof(*points));
    AUTO_FREE double *values = xreallocarray(NULL, room, sizeof(*values));
    AUTO_FREE struct change *counted =
        xreallocarray(NULL, policy.exact ? room : 1, sizeof(*counted));
    struct line line = {.history = history, .series = series, .points = points, .values = values};
    take_main_line(&line);
    double noise = look_at(&line, &policy, finder, counted);
    add_changes(&line, &policy, out);
    out->series++;
    return noise;
}

/* What is found in each series, for itself. */
struct search {
    const struct history *history;
    struct found_changes *parts;
    double *noise;
};

static void find_in_range(size_t first, size_t end, void *context)
{
    const struct search *search = context;
    struct change_finder *finder = change_finder_new(NULL);
    for (size_t i = first; i < end; i++)
        search->noise[i] =
            find_in(search->history, &search->history->series[i], finder, &search->parts[i]);
    change_finder_free(finder);
}

static void join(struct found_changes *all, struct found_changes *part)
{
    all->series += part->series;
    all->ignored += part->ignored;
    if (part->count) {
        ARRAY_RESERVE(all->items, all->cap, all->count + part->count);
        memcpy(all->items + all->count, part->items, part->count * sizeof(*part->items));
        all->count += part->count;
    }
    found_changes_release(part);
}

void changes_find(struct history *history, struct found_changes *out)
{
    struct found_changes found = {
        .noise = xcalloc(history->count + 1, sizeof(*found.noise)),
    };
    AUTO_FREE struct found_changes *parts = xcalloc(history->count + 1, sizeof(*parts));
    struct search search = {history, parts, found.noise};
    history_commits_choose_main(&history->commits);
    parallel_each(history->count, find_in_range, &search);
    for (size_t i = 0; i < history->count; i++)
        join(&found, &parts[i]);
    if (found.count)
        qsort(found.items, found.count, sizeof(*found.items), newest_first);
    *out = found;
}
