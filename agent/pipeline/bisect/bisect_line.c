#include "pipeline/bisect/bisect_line.h"

#include "base/alloc.h"
#include "decide/predict.h"
#include "pipeline/bisect/bisect_end.h"
#include "pipeline/history/changes.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How far back is looked, in turns; and how much farther than GOOD. */
static const size_t looks[] = {100, 1000, SOURCE_MAX};
enum { MARGIN = 60 };

/* So many runs outside of the range tell all there is to know of a level. */
enum { OUTSIDE_MAX = 20 };
#define LEVEL_ALPHA 0.01 /* an end that lies so far from them, to one side, is on another */

void bisect_line_release(struct bisect_line *line)
{
    commit_list_release(&line->list);
}

void bisect_stored_release(struct bisect_stored *stored)
{
    free(stored->runs);
    free(stored->project);
    free(stored->units);
    free(stored->harness);
    *stored = (struct bisect_stored){0};
}

/* --- the line --------------------------------------------------------------------------------- */

static void reverse(struct commit_list *list)
{
    for (size_t i = 0, j = list->count; i + 1 < j; i++) {
        struct commit kept = list->items[i];
        list->items[i] = list->items[--j];
        list->items[j] = kept;
    }
}

static int not_there(const struct commit_list *list, const struct bisect_end *end,
                     struct error *err)
{
    if (!end->id)
        return error_set(err, ERROR_USAGE,
                         "none of the %zu commits of the branch that can be seen was made by %s",
                         list->count, end->text);
    AUTO_FREE char *resolved = strncasecmp(end->id, end->text, strlen(end->text)) != 0
                                   ? xasprintf(" (%.12s)", end->id)
                                   : xstrdup("");
    return error_set(
        err, ERROR_USAGE, "%s%s is not among the %zu commits of the branch that can be seen%s",
        end->text, resolved, list->count, list->cut ? ": the repository is a shallow clone" : "");
}

int bisect_line_read(const struct source_request *source, const char *good, const char *bad,
                     struct bisect_line *out, struct error *err)
{
    AUTO_COMMIT_LIST struct commit_list list = {0};
    AUTO_BISECT_END struct bisect_end first = {0}, last = {0};
    size_t older = 0, newer = 0;
    int failed = bisect_end_read(source, good, &first, err);
    if (!failed)
        failed = bisect_end_read(source, bad, &last, err);
    for (size_t i = 0; !failed && i < ARRAY_SIZE(looks); i++) {
        failed = source_list(source, looks[i], &list, err);
        if (!failed)
            failed = bisect_end_find(&list, &first, &older, err);
        if (!failed)
            failed = bisect_end_find(&list, &last, &newer, err);
        if (list.count < looks[i] || older + MARGIN <= list.count)
            break;
    }
    if (failed)
        return failed;
    if (older == list.count || newer == list.count)
        return not_there(&list, older == list.count ? &first : &last, err);
    if (older <= newer)
        return error_set(err, ERROR_USAGE,
                         "%s is not older than %s: the commit before the change comes first", good,
                         bad);
    reverse(&list);
    out->good = list.count - 1 - older;
    out->bad = list.count - 1 - newer;
    out->list = list;
    list = (struct commit_list){0};
    return 0;
}

/* --- what is stored --------------------------------------------------------------------------- */

static int read_history(const struct bisect_series *series, struct history *out, struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    const struct history_request request = {.query = {.benchmark = series->benchmark,
                                                      .test_bed = series->test_bed,
                                                      .project = series->project},
                                            .policy = series->policy,
                                            .disturbed = series->disturbed};
    int failed = database_open(series->db, &db, err);
    if (!failed)
        failed = history_read(db, &request, out, err);
    return failed == ERROR_NOT_FOUND ? 0 : failed;
}

static void number_commits(struct history *history, const struct bisect_line *line)
{
    for (size_t i = 0; i < history->commits.count; i++)
        history->commits.items[i]->number = line->list.count;
    for (size_t i = 0; i < line->list.count; i++) {
        struct history_commit *commit =
            history_commits_find(&history->commits, line->list.items[i].id, NULL);
        if (commit)
            commit->number = i;
    }
}

static size_t points_on(const struct history_series *series, const struct bisect_line *line)
{
    size_t count = 0;
    for (size_t i = 0; i < series->count; i++)
        count += series->points[i].commit->number < line->list.count;
    return count;
}

/* Of several projects or units under one name the one that this branch has most of. */
static const struct history_series *
choose_series(const struct history *history, const char *benchmark, const struct bisect_line *line)
{
    const struct history_series *best = NULL;
    size_t most = 0;
    for (size_t i = 0; i < history->count; i++) {
        const struct history_series *series = &history->series[i];
        size_t count = strcmp(series->benchmark, benchmark) ? 0 : points_on(series, line);
        if (count > most) {
            most = count;
            best = series;
        }
    }
    return best;
}

/* The runs of the line's commits, in the line's order. */
struct line_runs {
    struct bisect_run *items; /* commits are places in the line */
    size_t count;
};

static int by_place(const void *left, const void *right)
{
    const struct bisect_run *a = left, *b = right;
    if (a->commit != b->commit)
        return a->commit < b->commit ? -1 : 1;
    return a->value < b->value ? -1 : a->value > b->value;
}

static struct line_runs gather(const struct history_series *series, const struct bisect_line *line,
                               const char *cpu, size_t *other)
{
    size_t room = 0;
    for (size_t i = 0; i < series->count; i++)
        room += series->points[i].runs;
    struct line_runs runs = {xcalloc(room + 1, sizeof(*runs.items)), 0};
    for (size_t i = 0; i < series->count; i++) {
        const struct history_point *point = &series->points[i];
        bool elsewhere = cpu && point->setting.cpu && strcmp(cpu, point->setting.cpu);
        if (point->commit->number >= line->list.count)
            continue;
        if (elsewhere)
            *other += point->runs;
        for (size_t j = 0; !elsewhere && j < point->runs; j++)
            if (isfinite(series->runs[point->first_run + j]))
                runs.items[runs.count++] =
                    (struct bisect_run){point->commit->number, series->runs[point->first_run + j]};
    }
    qsort(runs.items, runs.count, sizeof(*runs.items), by_place);
    return runs;
}

/* How many of the last runs of a history are on the level of these new ones. */
static size_t on_level(const double *history, size_t count, const double *runs, size_t run_count)
{
    struct prediction p;
    if (!predict(history, count, runs, run_count, &p))
        return 0;
    return fmin(p.p_higher, p.p_lower) >= LEVEL_ALPHA ? count - p.since : 0;
}

/* Takes runs outside of the range that are on the level of its end, whose own runs are `inside`
 * many. `order` has them all as values, those of the end last, away from it before. */
static void take_outside(const double *order, size_t count, size_t inside, size_t end,
                         struct bisect_stored *out)
{
    size_t old = count - inside, level = on_level(order, old, order + old, inside);
    for (size_t i = 0; i < level && i < OUTSIDE_MAX; i++, out->outside++)
        out->runs[out->count++] = (struct bisect_run){end, order[old - 1 - i]};
}

static void fill(const struct line_runs *runs, const struct bisect_line *line,
                 struct bisect_stored *out)
{
    size_t first = 0, at_good, at_bad, last;
    while (first < runs->count && runs->items[first].commit < line->good)
        first++;
    for (at_good = first; at_good < runs->count && runs->items[at_good].commit == line->good;)
        at_good++;
    for (at_bad = at_good; at_bad < runs->count && runs->items[at_bad].commit < line->bad;)
        at_bad++;
    for (last = at_bad; last < runs->count && runs->items[last].commit == line->bad;)
        last++;
    out->runs = xcalloc(runs->count + 1, sizeof(*out->runs));
    for (size_t i = first; i < last; i++)
        out->runs[out->count++] =
            (struct bisect_run){runs->items[i].commit - line->good, runs->items[i].value};
    AUTO_FREE double *order = xcalloc(runs->count + 1, sizeof(*order));
    for (size_t i = 0; i < at_good; i++)
        order[i] = runs->items[i].value;
    take_outside(order, at_good, at_good - first, 0, out);
    for (size_t i = at_bad; i < runs->count; i++)
        order[runs->count - 1 - i] = runs->items[i].value;
    take_outside(order, runs->count - at_bad, last - at_bad, line->bad - line->good, out);
}

/* What wrote the results of a benchmark; "" where it was not always the same. */
struct harness_search {
    const struct bisect_series *series;
    char *found;
};

static int keep_harness(const struct stored_result *result, void *context, struct error *err)
{
    (void)err;
    struct harness_search *search = context;
    const char *stored = result->benchmark_name;
    AUTO_FREE char *now = stored ? policy_current_name(search->series->policy, stored) : NULL;
    if (!stored || strcmp(now ? now : stored, search->series->benchmark) || !result->metadata)
        return 0;
    cJSON *metadata = cJSON_Parse(result->metadata);
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(metadata, "harness");
    if (cJSON_IsString(name) && !search->found)
        search->found = xstrdup(name->valuestring);
    else if (cJSON_IsString(name) && strcmp(search->found, name->valuestring))
        *search->found = '\0';
    cJSON_Delete(metadata);
    return 0;
}

static int read_harness(const struct bisect_series *series, char **out, struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    bool renamed = series->policy && series->policy->alias_count;
    struct harness_search search = {.series = series};
    const struct result_query query = {.benchmark = renamed ? NULL : series->benchmark,
                                       .test_bed = series->test_bed,
                                       .project = series->project,
                                       .without_any_values = true};
    int failed = database_open(series->db, &db, err);
    if (!failed)
        failed = results_each(db, &query, keep_harness, &search, err);
    if (failed || !search.found || !*search.found)
        free(search.found);
    else
        *out = search.found;
    return failed;
}

int bisect_stored_read(const struct bisect_series *series, const struct bisect_line *line,
                       struct bisect_stored *out, struct error *err)
{
    AUTO_HISTORY struct history history = {0};
    AUTO_BISECT_STORED struct bisect_stored stored = {0};
    int failed = read_history(series, &history, err);
    if (failed)
        return failed;
    number_commits(&history, line);
    stored.spoiled = history.left_out;
    const struct history_series *found = choose_series(&history, series->benchmark, line);
    if (found) {
        struct line_runs runs = gather(found, line, series->cpu, &stored.other);
        fill(&runs, line, &stored);
        free(runs.items);
        stored.project = xstrdup(found->project);
        stored.units = xstrdup(found->units);
        failed = read_harness(series, &stored.harness, err);
    }
    if (failed)
        return failed;
    bisect_stored_release(out);
    *out = stored;
    stored = (struct bisect_stored){0};
    return 0;
}

/* --- a change --------------------------------------------------------------------------------- */

/* Behind the first (NULL: at the second), and up to the second. */
struct place {
    const struct history_commit *since, *commit;
};

/* Whether one of those at which the change may have been made lies there. */
static bool lies_at(const struct found_change *found, const struct place *at)
{
    if (history_commit_compare(found->earliest, at->commit) > 0)
        return false;
    return at->since ? history_commit_compare(at->since, found->latest) < 0
                     : history_commit_compare(at->commit, found->latest) <= 0;
}

/* The last measured commit before `earliest`: with 95 % it is on the old level. */
static const struct history_commit *before_of(const struct found_change *found)
{
    const struct history_commit *before = NULL;
    for (size_t i = 0; i < found->series->count; i++) {
        const struct history_commit *commit = found->series->points[i].commit;
        if (!commit->chosen || history_commit_compare(commit, found->earliest) >= 0)
            continue;
        if (!before || history_commit_compare(before, commit) < 0)
            before = commit;
    }
    return before ? before : found->before;
}

static const struct found_change *choose_change(const struct found_changes *found,
                                                const struct bisect_series *series,
                                                const struct place *at)
{
    const struct found_change *newest = NULL;
    for (size_t i = 0; i < found->count; i++) {
        const struct found_change *change = &found->items[i];
        if (strcmp(change->series->benchmark, series->benchmark) ||
            (at->commit && !lies_at(change, at)))
            continue;
        if (at->commit || change->open)
            return change;
        newest = newest ? newest : change;
    }
    return newest;
}

int bisect_find_change(const struct bisect_series *series, const char *id, char **good, char **bad,
                       struct error *err)
{
    AUTO_HISTORY struct history history = {0};
    AUTO_FOUND_CHANGES struct found_changes found = {0};
    struct place at = {0};
    int failed = read_history(series, &history, err);
    if (failed)
        return failed;
    if (*id) {
        AUTO_FREE char *lower = commit_id_lower(id);
        at.commit = history_commits_find(&history.commits, lower, NULL);
        if (!at.commit)
            return error_set(err, ERROR_NO_DATA, "%s on %s: no results of commit %s",
                             series->benchmark, series->test_bed, id);
        if (series->change_since)
            at.since = history_commits_find(&history.commits, series->change_since, NULL);
    }
    changes_find(&history, &found);
    const struct found_change *change = choose_change(&found, series, &at);
    if (!change)
        return error_set(err, ERROR_NO_DATA, "%s on %s: no change is found in its results%s%s",
                         series->benchmark, series->test_bed, *id ? " at " : "", id);
    *good = xstrdup(before_of(change)->id);
    *bad = xstrdup(change->latest->id);
    return 0;
}
