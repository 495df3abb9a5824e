#include "pipeline/against_history.h"

#include "base/alloc.h"
#include "model/metric.h"

#include <math.h>

void history_verdicts_release(struct history_verdicts *verdicts)
{
    for (size_t i = 0; i < verdicts->count; i++)
        strlist_release(&verdicts->items[i].notes);
    free(verdicts->items);
    *verdicts = (struct history_verdicts){0};
}

static const struct history_commit *newest_measured(const struct history *history)
{
    const struct history_commit *newest = NULL;
    for (size_t i = 0; i < history->commits.count; i++) {
        const struct history_commit *c = history->commits.items[i];
        if (c->measured && (!newest || history_commit_compare(newest, c) < 0))
            newest = c;
    }
    return newest;
}

static int find_commit(const struct history *history, const char *id,
                       const struct history_commit **out, struct error *err)
{
    if (id) {
        bool several = false;
        *out = history_commits_find(&history->commits, id, &several);
        if (several)
            return error_set(err, ERROR_USAGE, "several commits begin with %s: give more of the id",
                             id);
    } else {
        *out = newest_measured(history);
    }
    if (!*out || !(*out)->measured)
        return error_set(err, ERROR_NO_DATA, "no results of commit %s", id ? id : "(any)");
    return 0;
}

static bool differ(const char *a, const char *b)
{
    return a && b && a != b;
}

/* Whether what the last point of the history was measured with is what this one was. */
static bool same_setting(const struct history_point *old, const struct history_point *new,
                         struct strlist *notes)
{
    const struct history_setting *a = &old->setting, *b = &new->setting;
    bool same = true;
    if (differ(a->toolchain, b->toolchain)) {
        strlist_pushf(notes, "the history was built with %s, this with %s", a->toolchain,
                      b->toolchain);
        same = false;
    }
    if (differ(a->cpu, b->cpu)) {
        strlist_pushf(notes, "the history was measured on %s, this on %s", a->cpu, b->cpu);
        same = false;
    }
    if (differ(a->os, b->os))
        strlist_pushf(notes, "the history was measured under %s, this under %s", a->os, b->os);
    return same;
}

static void hold_against(const struct history_series *series, const struct history_point *point,
                         struct history_verdict *out)
{
    size_t runs = 0, count = 0;
    for (size_t i = 0; i < series->count; i++)
        runs += series->points[i].runs;
    AUTO_FREE double *values = xreallocarray(NULL, runs + 1, sizeof(*values));
    AUTO_FREE const struct history_point **points = xreallocarray(NULL, runs + 1, sizeof(*points));
    /* Each run for itself: a median of several varies less than the next run will. */
    for (size_t i = 0; i < series->count; i++) {
        const struct history_point *old = &series->points[i];
        for (size_t j = 0; old->commit->chosen && j < old->runs; j++) {
            if (!isfinite(series->runs[old->first_run + j]))
                continue;
            values[count] = series->runs[old->first_run + j];
            points[count++] = old;
        }
    }
    *out = (struct history_verdict){.series = series, .runs = point->runs, .comparable = true};
    if (!count)
        return;
    out->oldest = points[0]->commit;
    out->newest = points[count - 1]->commit;
    out->comparable = same_setting(points[count - 1], point, &out->notes);
    if (!out->comparable)
        return;
    out->possible =
        predict(values, count, series->runs + point->first_run, point->runs, &out->prediction);
    if (out->possible)
        out->oldest = points[out->prediction.since]->commit;
}

static void decide_all(struct history_verdicts *all, const struct verdict_rule *rule)
{
    AUTO_FREE struct verdict_test *tests = xcalloc(all->count + 1, sizeof(*tests));
    AUTO_FREE struct verdict *verdicts = xcalloc(all->count + 1, sizeof(*verdicts));
    for (size_t i = 0; i < all->count; i++) {
        const struct history_series *series = all->items[i].series;
        tests[i].prediction = all->items[i].possible ? &all->items[i].prediction : NULL;
        tests[i].higher_is_worse = !metric_higher_is_better(series->benchmark, series->units);
    }
    verdicts_of(tests, all->count, rule, verdicts);
    for (size_t i = 0; i < all->count; i++)
        all->items[i].verdict = verdicts[i];
}

int against_history(struct history *history, const char *commit, const struct verdict_rule *rule,
                    struct history_verdicts *out, struct error *err)
{
    const struct history_commit *head = NULL;
    int failed = find_commit(history, commit, &head, err);
    if (failed)
        return failed;
    struct history_verdicts all = {.commit = head};
    history_commits_choose_before(&history->commits, head);
    for (size_t i = 0; i < history->count; i++) {
        const struct history_series *series = &history->series[i];
        for (size_t j = 0; j < series->count; j++) {
            if (series->points[j].commit != head)
                continue;
            ARRAY_RESERVE(all.items, all.cap, all.count + 1);
            hold_against(series, &series->points[j], &all.items[all.count++]);
        }
    }
    decide_all(&all, rule);
    *out = all;
    return 0;
}
