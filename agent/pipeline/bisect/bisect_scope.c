#include "pipeline/bisect/bisect_scope.h"

#include "base/alloc.h"
#include "base/strbuf.h"

#include <string.h>

/* The name without its metric. */
static size_t base_len(const char *benchmark)
{
    const char *hash = strrchr(benchmark, '#');
    return hash ? (size_t)(hash - benchmark) : strlen(benchmark);
}

static void add_exactly(struct strbuf *pattern, const char *name)
{
    strbuf_addstr(pattern, pattern->len ? "|^" : "^");
    for (size_t i = 0; i < base_len(name); i++) {
        if (strchr("\\^$.|?*+()[]{}", name[i]))
            strbuf_addch(pattern, '\\');
        strbuf_addch(pattern, name[i]);
    }
    strbuf_addch(pattern, '$');
}

/* "test_a" of "tests/test_x.py::TestGroup::test_a[1-2]": what pytest's -k takes as a word. */
static void add_word(struct strbuf *expression, const char *name)
{
    size_t end = strcspn(name, "[#");
    size_t begin = end;
    while (begin && name[begin - 1] != ':')
        begin--;
    strbuf_addf(expression, "%s%.*s", expression->len ? " or " : "", (int)(end - begin),
                name + begin);
}

/* One filter for all names, NULL for none. */
static char *filter_of(const struct strlist *names, void (*add)(struct strbuf *, const char *))
{
    struct strbuf filter = STRBUF_INIT;
    for (size_t i = 0; i < names->count; i++)
        add(&filter, names->items[i]);
    return names->count ? strbuf_detach(&filter) : NULL;
}

static bool chooses(const struct run_request *r)
{
    return r->filter || r->crates.count || r->benches.count || r->rust_only || r->python_only;
}

void bisect_scope(const char *harness, const struct strlist *names, struct run_request *request,
                  char **filter)
{
    *filter = NULL;
    if (!harness || chooses(request))
        return;
    if (!strcmp(harness, "criterion")) {
        *filter = filter_of(names, add_exactly);
        request->rust_only = true;
    } else if (!strcmp(harness, "libtest")) {
        /* Its filter is one word. */
        if (names->count == 1)
            *filter = xstrndup(names->items[0], base_len(names->items[0]));
        request->rust_only = true;
    } else if (!strcmp(harness, "pytest-benchmark")) {
        *filter = filter_of(names, add_word);
        request->python_only = true;
    } else {
        request->commands_only = true;
        /* Of the programs that `commands` names this is the one that a filter can be told to. */
        if (!strcmp(harness, "google-benchmark"))
            *filter = filter_of(names, add_exactly);
    }
    request->filter = *filter;
}
