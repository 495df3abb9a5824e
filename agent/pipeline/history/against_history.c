#include "pipeline/history/against_history.h"

#include "base/alloc.h"
#include "base/parallel.h"
#include "decide/exact.h"
#include "pipeline/history/series_policy.h"

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
    if (!id && !*out)
        return error_set(err, ERROR_NO_DATA, "no stored result matches");
    if (!*out || !(*out)->measured)
        return error_set(err, ERROR_NO_DATA, "no results of commit %s", id);
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

static void hold_against(const struct history *history, const struct history_series *series,
                         const struct history_point *point, struct history_verdict *out)
{
    /* A change that was expected begins a new level. */
    const struct history_expected *reset =
        history_find_expected(history, series, NULL, point->commit);
    size_t runs = 0, count = 0;
    for (size_t i = 0; i < series->count; i++)
        runs += series->points[i].runs;
    AUTO_FREE double *values = xreallocarray(NULL, runs + 1, sizeof(*values));
    AUTO_FREE const struct history_point **points = xreallocarray(NULL, runs + 1, sizeof(*points));
    /* Each run for itself: a median of several varies less than the next run will. */
    for (size_t i = 0; i < series->count; i++) {
        const struct history_point *old = &series->points[i];
        if (!old->commit->chosen ||
            (reset && history_commit_compare(old->commit, reset->commit) < 0))
            continue;
        for (size_t j = 0; j < old->runs; j++) {
            if (!isfinite(series->runs[old->first_run + j]))
                continue;
            values[count] = series->runs[old->first_run + j];
            points[count++] = old;
        }
    }
    *out = (struct history_verdict){
        .series = series,
        .policy = series_policy_of(history->policy, series),
        .runs = point->runs,
        .comparable = true,
    };
    out->reset = reset;
    if (!count)
        return;
    out->oldest = points[0]->commit;
    out->newest = points[count - 1]->commit;
    out->comparable = same_setting(points[count - 1], point, &out->notes);
    if (!out->comparable)
        return;
    const double *new_runs = series->runs + point->first_run;
    out->possible = (out->policy.exact &&
                     exact_predict(values, count, new_runs, point->runs, &out->prediction)) ||
                    predict(values, count, new_runs, point->runs, &out->prediction);
    if (out->possible)
        out->oldest = points[out->prediction.since]->commit;
}

static void note_reset(struct history_verdict *v)
{
    const struct history_expected *reset = v->reset;
    if (reset)
        strlist_pushf(&v->notes, "a change was expected at %.12s%s%s: what was before is not used",
                      reset->commit->id, reset->reason ? ": " : "",
                      reset->reason ? reset->reason : "");
}

static void decide_all(struct history_verdicts *all, const struct verdict_rule *rule)
{
    AUTO_FREE struct verdict_test *tests = xcalloc(all->count + 1, sizeof(*tests));
    AUTO_FREE struct verdict *verdicts = xcalloc(all->count + 1, sizeof(*verdicts));
    for (size_t i = 0; i < all->count; i++) {
        const struct history_verdict *item = &all->items[i];
        tests[i] = (struct verdict_test){
            .prediction = item->possible ? &item->prediction : NULL,
            .higher_is_worse = !item->policy.higher_is_better,
            .matters = item->policy.matters,
            .minimum_effect = item->policy.minimum_effect,
        };
    }
    verdicts_of(tests, all->count, rule, verdicts);
    for (size_t i = 0; i < all->count; i++)
        all->items[i].verdict = verdicts[i];
}

/* A series that the commit has results of, and which they are. */
struct asked {
    const struct history_series *series;
    const struct history_point *point;
};

struct comparison {
    const struct history *history;
    const struct asked *asked;
    struct history_verdict *items;
};

static void hold_range(size_t first, size_t end, void *context)
{
    const struct comparison *c = context;
    for (size_t i = first; i < end; i++) {
        hold_against(c->history, c->asked[i].series, c->asked[i].point, &c->items[i]);
        note_reset(&c->items[i]);
    }
}

/* A series has one point of a commit at most. Returns how many are asked. */
static size_t ask(const struct history *history, const struct history_commit *head,
                  struct asked *asked, size_t *ignored)
{
    size_t count = 0;
    for (size_t i = 0; i < history->count; i++) {
        const struct history_series *series = &history->series[i];
        for (size_t j = series->count; j-- > 0;) {
            if (series->points[j].commit != head)
                continue;
            if (series_policy_of(history->policy, series).ignored)
                ++*ignored;
            else
                asked[count++] = (struct asked){series, &series->points[j]};
            break;
        }
    }
    return count;
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
    AUTO_FREE struct asked *asked = xreallocarray(NULL, history->count + 1, sizeof(*asked));
    all.count = ask(history, head, asked, &all.ignored);
    all.items = xcalloc(all.count + 1, sizeof(*all.items));
    struct comparison comparison = {history, asked, all.items};
    parallel_each(all.count, hold_range, &comparison);
    decide_all(&all, rule);
    *out = all;
    return 0;
}

char *history_verdict_advice(const struct history_verdict *v, double matters)
{
    const struct verdict *verdict = &v->verdict;
    if (v->comparable && !v->possible)
        return xasprintf("cannot tell: fewer than %d runs of its history are on this level",
                         PREDICT_HISTORY_MIN);
    if (verdict->kind != VERDICT_UNSURE)
        return NULL;
    if (verdict->runs_needed > v->prediction.runs)
        return xasprintf("cannot tell: run %zu more to see %g %%",
                         verdict->runs_needed - v->prediction.runs, 100 * matters);
    if (verdict->runs_needed)
        return xasprintf("cannot tell: the change lies near %g %%, a further run may show it",
                         100 * matters);
    return xstrdup("cannot tell: too noisy, or too short a history, for any number of runs");
}
