#include "pipeline/history/history_commits.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void free_commit(struct history_commit *commit)
{
    free(commit->id);
    free(commit->version);
    free(commit->project);
    free(commit->subject);
    free(commit);
}

void history_commits_release(struct history_commits *commits)
{
    for (size_t i = 0; i < commits->count; i++)
        free_commit(commits->items[i]);
    free(commits->items);
    *commits = (struct history_commits){0};
}

static struct history_commit *add(struct history_commits *commits, const char *project,
                                  const char *id, int64_t time)
{
    struct history_commit *commit = xcalloc(1, sizeof(*commit));
    commit->id = xstrdup(id);
    commit->project = project ? xstrdup(project) : NULL;
    commit->time = time;
    ARRAY_RESERVE(commits->items, commits->cap, commits->count + 1);
    commits->items[commits->count++] = commit;
    return commit;
}

void history_commits_add(struct history_commits *commits, const char *project, const char *id,
                         const char *version, int64_t time)
{
    struct history_commit *commit = add(commits, project, id, time);
    commit->version = version ? xstrdup(version) : NULL;
    commit->measured = true;
}

static int compare_ids(const void *left, const void *right)
{
    const struct history_commit *a = *(struct history_commit *const *)left;
    const struct history_commit *b = *(struct history_commit *const *)right;
    int order = strcmp(a->id, b->id);
    /* What was measured says more of a commit than the table. */
    return order ? order : (int)b->measured - (int)a->measured;
}

/* `from` is the same commit as `into`, whose id is as long or longer. */
static void merge(struct history_commit *into, struct history_commit *from)
{
    if (!into->version)
        into->version = take_ptr(from->version);
    if (!into->subject)
        into->subject = take_ptr(from->subject);
    if (!into->measured && from->measured)
        into->time = from->time;
    into->measured |= from->measured;
    free_commit(from);
}

/* A version, which stands for a commit that is not known, is no beginning of anything. */
static bool is_beginning(const char *id, const char *of)
{
    size_t len = strlen(id);
    return len >= COMMIT_SHORT_LEN && strspn(id, "0123456789abcdef") == len &&
           !strncmp(id, of, len);
}

/* In the order of ids: an id that is the beginning of the next one alone is that one. */
static void unite(struct history_commits *commits)
{
    size_t kept = 0;
    qsort(commits->items, commits->count, sizeof(*commits->items), compare_ids);
    for (size_t i = 0; i < commits->count; i++) {
        struct history_commit *commit = commits->items[i];
        if (kept && !strcmp(commits->items[kept - 1]->id, commit->id)) {
            merge(commits->items[kept - 1], commit);
            continue;
        }
        commits->items[kept++] = commit;
    }
    commits->count = kept;
    kept = 0;
    for (size_t i = 0; i < commits->count; i++) {
        struct history_commit *commit = commits->items[i];
        bool begins_next =
            i + 1 < commits->count && is_beginning(commit->id, commits->items[i + 1]->id);
        bool begins_more =
            i + 2 < commits->count && is_beginning(commit->id, commits->items[i + 2]->id);
        if (begins_next && !begins_more)
            merge(commits->items[i + 1], commit);
        else
            commits->items[kept++] = commit;
    }
    commits->count = kept;
}

/* The first whose id is not before `id`. */
static size_t lower_bound(const struct history_commits *commits, const char *id)
{
    size_t low = 0, high = commits->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(commits->items[middle]->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct history_commit *history_commits_find(const struct history_commits *commits, const char *id,
                                            bool *several)
{
    size_t at = lower_bound(commits, id), len = strlen(id);
    if (several)
        *several = false;
    if (at < commits->count && !strncmp(commits->items[at]->id, id, len)) {
        bool exact = !commits->items[at]->id[len];
        bool another = at + 1 < commits->count && !strncmp(commits->items[at + 1]->id, id, len);
        if (several)
            *several = !exact && another;
        return exact || !another ? commits->items[at] : NULL;
    }
    /* What is stored may be the shorter one. */
    if (at && is_beginning(commits->items[at - 1]->id, id))
        return commits->items[at - 1];
    return NULL;
}

static void set_order(struct history_commit *commit)
{
    const struct history_commit *parent = commit->parent;
    commit->depth = parent ? parent->depth + 1 : 1;
    commit->order = parent && parent->order > commit->time ? parent->order : commit->time;
}

/* Parents before children. A depth of 0 is one not computed yet. */
static void order_all(struct history_commits *commits)
{
    AUTO_FREE struct history_commit **stack =
        xreallocarray(NULL, commits->count + 1, sizeof(*stack));
    for (size_t i = 0; i < commits->count; i++) {
        size_t count = 0;
        struct history_commit *at = commits->items[i];
        for (; at && !at->depth && count <= commits->count; at = at->parent) {
            if (count == commits->count)
                break; /* a circle, which no repository has */
            stack[count++] = at;
        }
        while (count)
            set_order(stack[--count]);
    }
}

void history_commits_link(struct history_commits *commits, const struct stored_commits *known)
{
    for (size_t i = 0; i < known->count; i++) {
        const struct commit *c = &known->items[i].commit;
        if (!c->id)
            continue;
        struct history_commit *commit = add(commits, known->items[i].project, c->id, c->time);
        commit->subject = c->subject ? xstrdup(c->subject) : NULL;
    }
    unite(commits);
    for (size_t i = 0; i < known->count; i++) {
        const struct commit *c = &known->items[i].commit;
        if (!c->id || !c->parent)
            continue;
        struct history_commit *commit = history_commits_find(commits, c->id, NULL);
        struct history_commit *parent = history_commits_find(commits, c->parent, NULL);
        if (commit && parent && commit != parent)
            commit->parent = parent;
    }
    order_all(commits);
}

int history_commit_compare(const struct history_commit *a, const struct history_commit *b)
{
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    if (a->depth != b->depth)
        return a->depth < b->depth ? -1 : 1;
    return strcmp(a->id, b->id);
}

static struct history_commit *root_of(struct history_commit *commit)
{
    size_t steps = commit->depth;
    while (commit->parent && steps--)
        commit = commit->parent;
    return commit;
}

struct rooted {
    struct history_commit *root, *commit;
};

/* By root, the newest first. */
static int compare_rooted(const void *left, const void *right)
{
    const struct rooted *a = left, *b = right;
    int order = strcmp(a->root->id, b->root->id);
    return order ? order : -history_commit_compare(a->commit, b->commit);
}

static void choose_line(struct history_commit *commit)
{
    for (; commit && !commit->chosen; commit = commit->parent)
        commit->chosen = true;
}

void history_commits_choose_main(struct history_commits *commits)
{
    AUTO_FREE struct rooted *all = xreallocarray(NULL, commits->count + 1, sizeof(*all));
    size_t count = 0;
    for (size_t i = 0; i < commits->count; i++) {
        commits->items[i]->chosen = false;
        if (commits->items[i]->measured)
            all[count++] = (struct rooted){root_of(commits->items[i]), commits->items[i]};
    }
    qsort(all, count, sizeof(*all), compare_rooted);
    for (size_t i = 0; i < count; i++)
        if (!i || all[i].root != all[i - 1].root)
            choose_line(all[i].commit);
}

void history_commits_choose_before(struct history_commits *commits,
                                   const struct history_commit *head)
{
    struct history_commit *root = root_of((struct history_commit *)head);
    for (size_t i = 0; i < commits->count; i++) {
        struct history_commit *commit = commits->items[i];
        commit->chosen = root_of(commit) != root && commit->order < head->order;
    }
    choose_line(head->parent);
}
