#include "plan/due.h"

const char *due_name(enum due due)
{
    static const char *const names[] = {
        [DUE_NOT] = NULL,
        [DUE_NEW] = "new",
        [DUE_INTERRUPTED] = "interrupted",
        [DUE_INVALIDATED] = "invalidated",
        [DUE_LOST] = "lost",
        [DUE_RETRY] = "retry",
    };
    return names[due];
}

/* Index of the commit to count from, and in *end how many commits are newer, or due as the first.
 */
static size_t count_from(const struct due_commit *commits, size_t count,
                         const struct due_rules *rules, size_t *end)
{
    size_t from = rules->since;
    for (size_t i = 0; from == DUE_NOWHERE && i < count; i++)
        if (commits[i].settled)
            from = i;
    if (from == DUE_NOWHERE)
        from = rules->base;
    *end = from != DUE_NOWHERE ? from : rules->first;
    if (*end > count)
        *end = count;
    return from;
}

/* What was set out to be measured, wherever it stands. */
static enum due begun(const struct due_commit *commit)
{
    if (commit->settled)
        return DUE_NOT;
    switch (commit->state) {
    case COMMIT_INVALIDATED:
        return DUE_INVALIDATED;
    case COMMIT_MISSING:
        return commit->lost ? DUE_LOST : DUE_NOT;
    default:
        return DUE_INTERRUPTED;
    }
}

size_t due_decide(const struct due_commit *commits, size_t count, const struct due_rules *rules,
                  enum due *why)
{
    size_t end = 0, from = count_from(commits, count, rules, &end);
    for (size_t i = 0; i < count; i++) {
        why[i] = begun(&commits[i]);
        if (why[i] == DUE_NOT && !commits[i].settled && i < end)
            why[i] = DUE_NEW;
        bool failed = commits[i].settled && commits[i].state != COMMIT_COMPLETE;
        if (failed && commits[i].failures <= rules->retry_failed)
            why[i] = DUE_RETRY;
    }
    return from;
}
