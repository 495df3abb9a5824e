#include "pipeline/alerts/alert_causes.h"

#include "base/alloc.h"
#include "base/sort.h"

#include <math.h>
#include <string.h>

#define STRAY_COMMITS 2
#define STRAY_SHARE 10

/* A change with its place as numbers: behind `first`, up to `last`. */
struct placed {
    const struct found_change *change;
    const char *test_bed; /* "": any */
    size_t first, last;
};

void alert_causes_release(struct alert_causes *causes)
{
    for (size_t i = 0; i < causes->count; i++)
        free(causes->items[i].changes);
    free(causes->items);
    *causes = (struct alert_causes){0};
}

static int in_time(const void *left, const void *right)
{
    const struct history_commit *a = *(struct history_commit *const *)left;
    const struct history_commit *b = *(struct history_commit *const *)right;
    int order = strcmp(a->project ? a->project : "", b->project ? b->project : "");
    return order ? order : history_commit_compare(a, b);
}

/* Measured commits count alone: one that was not has the number of the last one before it. */
static void number_commits(struct history_commits *commits)
{
    AUTO_FREE struct history_commit **order =
        xreallocarray(NULL, commits->count + 1, sizeof(*order));
    size_t number = 0;
    for (size_t i = 0; i < commits->count; i++)
        order[i] = commits->items[i];
    if (commits->count)
        qsort(order, commits->count, sizeof(*order), in_time);
    for (size_t i = 0; i < commits->count; i++) {
        number += order[i]->measured && order[i]->chosen;
        order[i]->number = number;
    }
}

static struct placed place_of(const struct found_change *change)
{
    size_t before = change->before->number, behind = change->behind->number;
    size_t after = change->after->number, latest = change->latest->number;
    return (struct placed){
        .change = change,
        .test_bed = change->causes & CHANGE_BY_TEST_BED ? change->series->test_bed : "",
        .first = before < behind ? before : behind,
        .last = after > latest ? after : latest,
    };
}

/* What can have no cause in common. */
static int compare_families(const struct placed *a, const struct placed *b)
{
    int order = strcmp(a->change->series->project, b->change->series->project);
    return order ? order : strcmp(a->test_bed, b->test_bed);
}

static int by_end(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    int order = compare_families(a, b);
    if (order)
        return order;
    if (a->last != b->last)
        return a->last < b->last ? -1 : 1;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    return a->change < b->change ? -1 : a->change > b->change;
}

static double size_of(const struct found_change *change)
{
    return isnan(change->change.relative) ? INFINITY : fabs(change->change.relative);
}

static int largest_first(const void *left, const void *right)
{
    const struct found_change *a = *(const struct found_change *const *)left;
    const struct found_change *b = *(const struct found_change *const *)right;
    if (size_of(a) != size_of(b))
        return size_of(a) > size_of(b) ? -1 : 1;
    int order = strcmp(a->series->benchmark, b->series->benchmark);
    return order ? order : strcmp(a->series->test_bed, b->series->test_bed);
}

/* The place that most of them name; of several the first. */
static void choose_place(struct alert_cause *cause)
{
    size_t most = 0;
    for (size_t i = 0; i < cause->count; i++) {
        const struct found_change *candidate = cause->changes[i];
        size_t same = 0;
        for (size_t j = 0; candidate->after != cause->after && j < cause->count; j++)
            same += cause->changes[j]->after == candidate->after;
        if (same < most ||
            (same == most && cause->after && candidate->after->number >= cause->after->number))
            continue;
        if (same) {
            most = same;
            cause->after = candidate->after;
            cause->before = candidate->before;
        }
    }
    for (size_t i = 0; i < cause->count; i++)
        if (cause->changes[i]->after == cause->after &&
            cause->changes[i]->before->number > cause->before->number)
            cause->before = cause->changes[i]->before;
}

/* Simes' combination of the changes' p-values, among those of all series. */
static double chance_of(const struct alert_cause *cause, size_t series)
{
    AUTO_FREE double *p = xreallocarray(NULL, cause->count, sizeof(*p));
    double chance = 1;
    for (size_t i = 0; i < cause->count; i++)
        p[i] = 1 - cause->changes[i]->change.confidence;
    sort_doubles(p, cause->count);
    for (size_t i = 0; i < cause->count; i++)
        chance = fmin(chance, (double)series * p[i] / (double)(i + 1));
    return chance;
}

/* A series that has two changes in one place counts once: with the open one, or the larger. */
static void drop_seconds(struct alert_cause *cause)
{
    size_t kept = 0;
    for (size_t i = 0; i < cause->count; i++) {
        const struct found_change *change = cause->changes[i];
        size_t j = 0;
        while (j < kept && cause->changes[j]->series != change->series)
            j++;
        if (j == kept)
            cause->changes[kept++] = change;
        else if (change->open && !cause->changes[j]->open)
            cause->changes[j] = change;
    }
    cause->count = kept;
    qsort(cause->changes, cause->count, sizeof(const struct found_change *), largest_first);
}

static void sum_up(struct alert_cause *cause, size_t series)
{
    qsort(cause->changes, cause->count, sizeof(const struct found_change *), largest_first);
    drop_seconds(cause);
    cause->chance = chance_of(cause, series);
    size_t expected = 0;
    for (size_t i = 0; i < cause->count; i++) {
        const struct found_change *c = cause->changes[i];
        cause->causes |= c->causes;
        cause->open += c->open;
        if (c->expected) {
            expected++;
            cause->expected = c->expected;
        } else if (c->recovered &&
                   (!cause->recovered || c->recovered->number > cause->recovered->number)) {
            cause->recovered = c->recovered;
        }
    }
    cause->status = cause->open ? CAUSE_OPEN : expected ? CAUSE_EXPECTED : CAUSE_RECOVERED;
    choose_place(cause);
}

static struct alert_cause *begin_cause(struct alert_causes *causes, const struct placed *first)
{
    ARRAY_RESERVE(causes->items, causes->cap, causes->count + 1);
    struct alert_cause *cause = &causes->items[causes->count++];
    *cause = (struct alert_cause){
        .project = first->change->series->project,
        .test_bed = *first->test_bed ? first->test_bed : NULL,
        .first = first->first,
        .last = first->last,
    };
    return cause;
}

static void add_placed(struct alert_cause *cause, const struct placed *p)
{
    ARRAY_RESERVE(cause->changes, cause->cap, cause->count + 1);
    cause->changes[cause->count++] = p->change;
    cause->first = p->first < cause->first ? p->first : cause->first;
    cause->last = p->last > cause->last ? p->last : cause->last;
}

/* In the order of their ends: all that begin in front of the first end share that commit, and no
 * smaller number of commits explains all changes. */
static void group(const struct placed *placed, size_t count, struct alert_causes *out)
{
    struct alert_cause *cause = NULL;
    const struct placed *first = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!cause || compare_families(first, &placed[i]) || placed[i].first >= first->last) {
            first = &placed[i];
            cause = begin_cause(out, first);
        }
        add_placed(cause, &placed[i]);
    }
}

static bool same_family(const struct alert_cause *a, const struct alert_cause *b)
{
    return !strcmp(a->project, b->project) &&
           !strcmp(a->test_bed ? a->test_bed : "", b->test_bed ? b->test_bed : "");
}

static bool is_stray(const struct alert_cause *small, const struct alert_cause *large)
{
    return same_family(small, large) && small->count * STRAY_SHARE <= large->count &&
           small->last + STRAY_COMMITS > large->first && large->last + STRAY_COMMITS > small->first;
}

static void unite(struct alert_cause *into, struct alert_cause *from)
{
    ARRAY_RESERVE(into->changes, into->cap, into->count + from->count);
    for (size_t i = 0; i < from->count; i++)
        into->changes[into->count++] = from->changes[i];
    from->count = 0;
}

/* Neighbours only: the groups of a family are in the order of time. */
static void unite_strays(struct alert_causes *causes)
{
    for (size_t i = 0; i < causes->count; i++) {
        struct alert_cause *cause = &causes->items[i], *best = NULL;
        size_t from = i > STRAY_COMMITS ? i - STRAY_COMMITS : 0;
        for (size_t j = from; j < causes->count && j <= i + STRAY_COMMITS; j++)
            if (j != i && cause->count && is_stray(cause, &causes->items[j]) &&
                (!best || causes->items[j].count > best->count))
                best = &causes->items[j];
        if (best)
            unite(best, cause);
    }
    size_t kept = 0;
    for (size_t i = 0; i < causes->count; i++) {
        if (causes->items[i].count)
            causes->items[kept++] = causes->items[i];
        else
            free(causes->items[i].changes);
    }
    causes->count = kept;
}

void alert_causes_find(struct history *history, const struct found_changes *found,
                       struct alert_causes *out)
{
    AUTO_FREE struct placed *placed = xreallocarray(NULL, found->count + 1, sizeof(*placed));
    struct alert_causes causes = {0};
    size_t count = 0;
    number_commits(&history->commits);
    for (size_t i = 0; i < found->count; i++)
        if (found->items[i].worse && !found->items[i].small)
            placed[count++] = place_of(&found->items[i]);
    if (count)
        qsort(placed, count, sizeof(*placed), by_end);
    group(placed, count, &causes);
    unite_strays(&causes);
    for (size_t i = 0; i < causes.count; i++)
        sum_up(&causes.items[i], found->series);
    *out = causes;
}
