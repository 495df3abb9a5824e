#include "command/circumstances.h"

#include "base/alloc.h"

#include <string.h>

void circumstances_release(struct circumstances *c)
{
    strlist_release(&c->toolchains);
    strlist_release(&c->cpus);
    strlist_release(&c->flags);
    *c = (struct circumstances){0};
}

static void add_ids(const struct stored_results *results, struct strlist *ids)
{
    for (size_t i = 0; results && i < results->count; i++)
        if (results->items[i].host_session)
            strlist_push(ids, results->items[i].host_session);
}

int circumstances_sessions(struct database *db, const struct stored_results *a,
                           const struct stored_results *b, struct stored_sessions *out,
                           struct error *err)
{
    AUTO_STRLIST struct strlist ids = STRLIST_INIT;
    add_ids(a, &ids);
    add_ids(b, &ids);
    return sessions_read(db, &ids, out, err);
}

static void add_once(struct strlist *list, const char *text)
{
    if (text && *text && !strlist_contains(list, text))
        strlist_push(list, text);
}

static bool is(const char *text, const char *word)
{
    return text && !strcmp(text, word);
}

void circumstances_add(struct circumstances *c, const struct stored_result *result,
                       const struct stored_sessions *sessions)
{
    const struct stored_session *session = sessions_find(sessions, result->host_session);
    AUTO_STRLIST struct strlist flags = STRLIST_INIT;
    c->results++;
    c->beyond_limit += result->beyond_limit;
    add_once(&c->cpus, result->test_bed.cpu);
    strlist_split(&flags, result->flags ? result->flags : "", ',');
    for (size_t i = 0; i < flags.count; i++)
        add_once(&c->flags, flags.items[i]);
    if (!session)
        return;
    add_once(&c->toolchains, session->toolchain);
    c->spoiled += is(session->canary, "spoiled");
    c->drifting += is(session->canary, "drifting");
}

/* Both are known, and have nothing in common. */
static bool differ(const struct strlist *a, const struct strlist *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (strlist_contains(b, a->items[i]))
            return false;
    return a->count && b->count;
}

static bool note_difference(const char *what, const struct strlist *a, const struct strlist *b,
                            struct strlist *notes)
{
    if (!differ(a, b))
        return false;
    AUTO_FREE char *before = strlist_join(a, ", "), *after = strlist_join(b, ", ");
    strlist_pushf(notes, "another %s: %s against %s", what, before, after);
    return true;
}

static void note_side(const char *side, const struct circumstances *c, struct strlist *notes)
{
    if (c->spoiled && c->spoiled < c->results)
        strlist_pushf(notes, "%s: %zu of %zu results from a spoiled session", side, c->spoiled,
                      c->results);
    if (c->drifting)
        strlist_pushf(notes, "%s: the machine drifted", side);
    if (!c->flags.count)
        return;
    AUTO_FREE char *flags = strlist_join(&c->flags, ", ");
    strlist_pushf(notes, "%s: %s%s", side, flags, c->beyond_limit ? ", beyond the limit" : "");
}

static bool note_spoiled(const char *side, const struct circumstances *c, struct strlist *notes)
{
    if (!c->spoiled || c->spoiled < c->results)
        return false;
    strlist_pushf(notes, "%s was measured in a spoiled session", side);
    return true;
}

bool circumstances_comparable(const struct circumstances *a, const struct circumstances *b,
                              struct strlist *notes)
{
    bool apart = note_difference("toolchain", &a->toolchains, &b->toolchains, notes);
    apart |= note_difference("processor", &a->cpus, &b->cpus, notes);
    apart |= note_spoiled("A", a, notes);
    apart |= note_spoiled("B", b, notes);
    note_side("A", a, notes);
    note_side("B", b, notes);
    return !apart;
}

/* "name#metric" is another measure of the benchmark `name`. */
static bool same_benchmark(const char *a, const char *b)
{
    size_t len = a ? strcspn(a, "#") : 0;
    return a && b && len == strcspn(b, "#") && !strncmp(a, b, len);
}

static const char *metric_of(const char *name)
{
    const char *metric = strchr(name, '#');
    return metric ? metric + 1 : "wall time";
}

char *circumstances_apart(const struct stored_results *a, const struct stored_results *b)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++) {
            const struct stored_result *x = &a->items[i], *y = &b->items[j];
            if (!same_benchmark(x->benchmark_name, y->benchmark_name))
                continue;
            if (strcmp(x->benchmark_name, y->benchmark_name))
                return xasprintf("of %.*s one has the %s, the other the %s",
                                 (int)strcspn(x->benchmark_name, "#"), x->benchmark_name,
                                 metric_of(x->benchmark_name), metric_of(y->benchmark_name));
            const char *first = x->test_bed.name ? x->test_bed.name : "an unknown machine";
            const char *second = y->test_bed.name ? y->test_bed.name : "an unknown machine";
            if (strcmp(first, second))
                return xasprintf("%s was measured on %s and on %s", x->benchmark_name, first,
                                 second);
        }
    return NULL;
}
