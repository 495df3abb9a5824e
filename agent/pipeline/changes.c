#include "pipeline/changes.h"

#include "base/alloc.h"
#include "model/metric.h"

#include <math.h>
#include <string.h>

void found_changes_release(struct found_changes *found)
{
    free(found->items);
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

/* Whether one of the later levels has gone back half of the way. */
static bool recovered(const struct change *changes, size_t i, size_t count)
{
    double half = (changes[i].before + changes[i].after) / 2;
    bool rose = changes[i].after > changes[i].before;
    for (size_t j = i + 1; j < count; j++)
        if (rose ? changes[j].after <= half : changes[j].after >= half)
            return true;
    return false;
}

static void add_changes(const struct history_series *series,
                        const struct history_point *const *points, const struct change *changes,
                        size_t count, struct found_changes *out)
{
    bool higher_is_better = metric_higher_is_better(series->benchmark, series->units);
    for (size_t i = 0; i < count; i++) {
        const struct change *c = &changes[i];
        const struct history_point *before = points[c->previous], *after = points[c->index];
        size_t commits = commits_between(before->commit, after->commit);
        bool worse = higher_is_better == (c->after < c->before);
        ARRAY_RESERVE(out->items, out->cap, out->count + 1);
        out->items[out->count++] = (struct found_change){
            .series = series,
            .change = *c,
            .before = before->commit,
            .after = after->commit,
            .earliest = points[c->first]->commit,
            .latest = points[c->last]->commit,
            .commits = commits,
            .causes = causes_of(before, after, commits),
            .worse = worse,
            .open = worse && !recovered(changes, i, count),
        };
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

void changes_find(struct history *history, struct found_changes *out)
{
    struct found_changes found = {.series = history->count};
    struct change_finder *finder = change_finder_new(NULL);
    history_commits_choose_main(&history->commits);
    for (size_t i = 0; i < history->count; i++) {
        const struct history_series *series = &history->series[i];
        AUTO_FREE const struct history_point **points =
            xreallocarray(NULL, series->count + 1, sizeof(*points));
        size_t count = 0;
        change_finder_clear(finder);
        for (size_t j = 0; j < series->count; j++) {
            if (!series->points[j].commit->chosen)
                continue;
            change_finder_add(finder, series->points[j].value);
            points[count++] = &series->points[j];
        }
        const struct change *changes;
        size_t changed = change_finder_find(finder, &changes);
        add_changes(series, points, changes, changed, &found);
    }
    change_finder_free(finder);
    if (found.count)
        qsort(found.items, found.count, sizeof(*found.items), newest_first);
    *out = found;
}
