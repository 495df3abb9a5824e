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

/* A regular expression for this name and no other. */
static char *exactly(const char *benchmark)
{
    struct strbuf pattern = STRBUF_INIT;
    strbuf_addch(&pattern, '^');
    for (size_t i = 0; i < base_len(benchmark); i++) {
        if (strchr("\\^$.|?*+()[]{}", benchmark[i]))
            strbuf_addch(&pattern, '\\');
        strbuf_addch(&pattern, benchmark[i]);
    }
    strbuf_addch(&pattern, '$');
    return strbuf_detach(&pattern);
}

/* "test_a" of "tests/test_x.py::TestGroup::test_a[1-2]": what pytest's -k takes as a word. */
static char *test_word(const char *benchmark)
{
    size_t end = strcspn(benchmark, "[#");
    size_t begin = end;
    while (begin && benchmark[begin - 1] != ':')
        begin--;
    return xstrndup(benchmark + begin, end - begin);
}

static bool chooses(const struct run_request *r)
{
    return r->filter || r->crates.count || r->benches.count || r->rust_only || r->python_only;
}

void bisect_scope(const char *harness, const char *benchmark, struct run_request *request,
                  char **filter)
{
    *filter = NULL;
    if (!harness || chooses(request))
        return;
    if (!strcmp(harness, "criterion")) {
        *filter = exactly(benchmark);
        request->rust_only = true;
    } else if (!strcmp(harness, "libtest")) {
        *filter = xstrndup(benchmark, base_len(benchmark));
        request->rust_only = true;
    } else if (!strcmp(harness, "pytest-benchmark")) {
        *filter = test_word(benchmark);
        request->python_only = true;
    } else {
        request->commands_only = true;
        /* Of the programs that `commands` names this is the one that a filter can be told to. */
        if (!strcmp(harness, "google-benchmark"))
            *filter = exactly(benchmark);
    }
    request->filter = *filter;
}
