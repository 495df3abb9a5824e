#include "plan/coverage.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* One run on one test bed. */
struct group {
    const char *run, *test_bed;
    enum recorded_outcome outcome; /* the worst of its rows */
    bool has_whole, has_part;
    bool measured; /* at least one of its rows has results */
    const char *reason;
};

struct groups {
    struct group *items;
    size_t count;
};

static void groups_release(struct groups *groups)
{
    free(groups->items);
}
#define AUTO_GROUPS __attribute__((cleanup(groups_release)))

const char *commit_state_name(enum commit_state state)
{
    static const char *const names[] = {
        [COMMIT_MISSING] = "missing",         [COMMIT_COMPLETE] = "complete",
        [COMMIT_PARTIAL] = "partial",         [COMMIT_FAILED] = "failed",
        [COMMIT_INTERRUPTED] = "interrupted", [COMMIT_INVALIDATED] = "invalidated",
    };
    return names[state];
}

static bool same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static bool has_result(const struct recorded *recorded, const char *run, const char *test_bed)
{
    for (size_t i = 0; i < recorded->result_count; i++)
        if (same(recorded->results[i].run, run) && same(recorded->results[i].test_bed, test_bed))
            return true;
    return false;
}

/* A run on another machine does not count, and neither does one whose results are in another table,
 * as those of a pull request are. */
static bool counts(const struct recorded *recorded, const struct recorded_run *run)
{
    if (run->outcome == RECORDED_UNKNOWN || !run->run)
        return false;
    if (recorded->test_bed && !same(run->test_bed, recorded->test_bed))
        return false;
    return !run->result_count || has_result(recorded, run->run, run->test_bed);
}

static struct group *group_of(struct groups *groups, const struct recorded_run *run)
{
    for (size_t i = 0; i < groups->count; i++)
        if (same(groups->items[i].run, run->run) && same(groups->items[i].test_bed, run->test_bed))
            return &groups->items[i];
    return NULL;
}

static void add_run(struct groups *groups, const struct recorded_run *run)
{
    struct group *group = group_of(groups, run);
    if (!group) {
        group = &groups->items[groups->count++];
        *group = (struct group){.run = run->run, .test_bed = run->test_bed};
    }
    if (run->outcome > group->outcome)
        group->outcome = run->outcome;
    group->has_whole |= run->whole;
    group->has_part |= run->part;
    group->measured |= run->outcome == RECORDED_COMPLETE || run->outcome == RECORDED_PARTIAL;
    if (run->outcome != RECORDED_COMPLETE && run->reason && *run->reason && !group->reason)
        group->reason = run->reason;
}

static void find_groups(const struct recorded *recorded, struct groups *groups)
{
    groups->items = xcalloc(recorded->run_count + 1, sizeof(*groups->items));
    for (size_t i = 0; i < recorded->run_count; i++)
        if (counts(recorded, &recorded->runs[i]))
            add_run(groups, &recorded->runs[i]);
}

static bool is_cut_off(const struct group *group)
{
    return group->has_part && !group->has_whole;
}

/* Whether it says of what it lacks why it does. */
static bool accounts(const struct group *group)
{
    return (group->outcome == RECORDED_PARTIAL || group->outcome == RECORDED_FAILED) &&
           group->reason && !is_cut_off(group);
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The benchmarks that have a result of a run that was not taken back, sorted. */
static size_t names_there(const struct recorded *recorded, const struct groups *groups,
                          const char **names)
{
    size_t count = 0;
    for (size_t i = 0; i < recorded->result_count; i++) {
        const struct recorded_result *result = &recorded->results[i];
        if (!result->benchmark ||
            (recorded->test_bed && !same(result->test_bed, recorded->test_bed)))
            continue;
        bool stands = true;
        for (size_t j = 0; j < groups->count; j++)
            if (groups->items[j].outcome == RECORDED_INVALIDATED &&
                same(groups->items[j].run, result->run) &&
                same(groups->items[j].test_bed, result->test_bed))
                stands = false;
        if (stands)
            names[count++] = result->benchmark;
    }
    if (count)
        qsort(names, count, sizeof(*names), by_text);
    return count;
}

/* Fills in what is missing. Whether all of that is accounted for by some run that expected it. */
static bool find_missing(const struct recorded *recorded, struct groups *groups,
                         struct strlist *missing)
{
    AUTO_FREE const char **there = xcalloc(recorded->result_count + 1, sizeof(*there));
    size_t count = names_there(recorded, groups, there);
    AUTO_STRLIST struct strlist open = STRLIST_INIT, accounted = STRLIST_INIT;
    for (size_t i = 0; i < recorded->run_count; i++) {
        const struct recorded_run *run = &recorded->runs[i];
        const struct group *group = counts(recorded, run) ? group_of(groups, run) : NULL;
        if (!group || !run->expected || group->outcome == RECORDED_INVALIDATED)
            continue;
        for (size_t j = 0; j < run->expected->count; j++) {
            const char *name = run->expected->items[j];
            if (count && bsearch(&name, there, count, sizeof(*there), by_text))
                continue;
            if (!strlist_contains(missing, name))
                strlist_push(missing, name);
            struct strlist *list = accounts(group) ? &accounted : &open;
            if (!strlist_contains(list, name))
                strlist_push(list, name);
        }
    }
    for (size_t i = 0; i < open.count; i++)
        if (!strlist_contains(&accounted, open.items[i]))
            return false;
    return true;
}

/* How many runs of each kind there are. */
struct tally {
    size_t complete, accounting, stopped, unexplained, invalidated;
    bool measured; /* one that accounts for what it lacks has measured something */
};

static void tally_groups(const struct groups *groups, struct tally *t, struct coverage *out)
{
    for (size_t i = 0; i < groups->count; i++) {
        const struct group *group = &groups->items[i];
        if (group->outcome == RECORDED_INVALIDATED) {
            t->invalidated++;
        } else if (is_cut_off(group)) {
            t->stopped++;
            strlist_push(&out->cut_off, group->run);
        } else if (accounts(group)) {
            t->accounting++;
            t->measured |= group->measured;
        } else {
            t->complete += group->outcome == RECORDED_COMPLETE;
            t->stopped += group->outcome == RECORDED_INTERRUPTED;
            t->unexplained +=
                group->outcome == RECORDED_PARTIAL || group->outcome == RECORDED_FAILED;
        }
        if (group->reason && !out->reason)
            out->reason = xstrdup(group->reason);
    }
}

/* Rows that another writer has left are all that such a commit ever gets. */
static bool has_foreign(const struct recorded *recorded)
{
    for (size_t i = 0; i < recorded->result_count; i++)
        if (!recorded->results[i].run &&
            (!recorded->test_bed || same(recorded->results[i].test_bed, recorded->test_bed)))
            return true;
    return false;
}

static enum commit_state judge(const struct recorded *recorded, const struct tally *t,
                               const struct coverage *coverage, bool accounted)
{
    size_t standing = t->complete + t->accounting + t->stopped + t->unexplained;
    bool foreign = has_foreign(recorded);
    if (!standing)
        return foreign ? COMMIT_COMPLETE : t->invalidated ? COMMIT_INVALIDATED : COMMIT_MISSING;
    if ((t->complete || foreign) && !coverage->missing.count)
        return COMMIT_COMPLETE;
    if (t->stopped && (!accounted || (!t->accounting && !t->complete)))
        return COMMIT_INTERRUPTED;
    if (t->measured || t->complete || t->unexplained)
        return COMMIT_PARTIAL;
    return COMMIT_FAILED;
}

void coverage_of(const struct recorded *recorded, struct coverage *out)
{
    AUTO_GROUPS struct groups groups = {0};
    struct coverage found = {.state = COMMIT_MISSING};
    struct tally tally = {0};
    find_groups(recorded, &groups);
    bool accounted = find_missing(recorded, &groups, &found.missing);
    tally_groups(&groups, &tally, &found);
    found.runs = groups.count;
    found.failures = tally.accounting;
    found.state = judge(recorded, &tally, &found, accounted);
    found.settled = found.state == COMMIT_COMPLETE ||
                    ((found.state == COMMIT_PARTIAL || found.state == COMMIT_FAILED) &&
                     tally.accounting && accounted);
    if (found.state == COMMIT_COMPLETE) {
        free(found.reason);
        found.reason = NULL;
    }
    *out = found;
}

void coverage_release(struct coverage *coverage)
{
    free(coverage->reason);
    strlist_release(&coverage->missing);
    strlist_release(&coverage->cut_off);
    *coverage = (struct coverage){0};
}
