/* compare --measure: which benchmark of BASE is which of HEAD. */
#include "pipeline/head_to_head/head_to_head_state.h"

#include "base/alloc.h"

#include <string.h>

static bool is_wanted(const struct match *match, const char *benchmark)
{
    const char *part = match->request->benchmark;
    return !part || strstr(benchmark, part);
}

static bool is_alias(const struct policy *policy, const char *old, const char *name)
{
    AUTO_FREE char *current = policy_current_name(policy, old);
    return current && !strcmp(current, name);
}

/* A rename comes with the later commit, and so does its alias: in most cases that is HEAD. */
static bool is_renamed(const struct match *match, const char *before, const char *after)
{
    return is_alias(&match->aliases, before, after) || is_alias(&match->policy, after, before);
}

/* BASE's name of what HEAD calls `name`; NULL: it has none. What BASE itself calls so comes first,
 * and what HEAD still has is not renamed. */
static const char *name_before(const struct match *match, const char *name,
                               const struct strlist *before, const struct strlist *after,
                               const struct strlist *taken)
{
    if (strlist_contains(before, name))
        return name;
    for (size_t i = 0; i < before->count; i++) {
        const char *old = before->items[i];
        if (!strlist_contains(after, old) && !strlist_contains(taken, old) &&
            is_renamed(match, old, name))
            return old;
    }
    return NULL;
}

void match_names(struct match *match, const struct strlist *before, const struct strlist *after,
                 struct strlist paired[SIDES])
{
    for (size_t i = 0; i < after->count; i++) {
        const char *name = after->items[i];
        const char *old = name_before(match, name, before, after, &paired[BASE]);
        if (!is_wanted(match, name) && !(old && is_wanted(match, old)))
            continue;
        if (!old) {
            strlist_push(&match->out->only_head, name);
            continue;
        }
        strlist_push(&paired[BASE], old);
        strlist_push(&paired[HEAD], name);
    }
    for (size_t i = 0; i < before->count; i++) {
        const char *name = before->items[i];
        if (is_wanted(match, name) && !strlist_contains(after, name) &&
            !strlist_contains(&paired[BASE], name))
            strlist_push(&match->out->only_base, name);
    }
}
