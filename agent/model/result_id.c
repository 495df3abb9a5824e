#include "model/result_id.h"

#include "base/alloc.h"
#include "base/strbuf.h"

#include <search.h>
#include <stdint.h>
#include <string.h>

struct name_count {
    unsigned count;
    char name[];
};

void result_id(const struct result_key *key, char out[UUID_TEXT_SIZE])
{
    const char *const parts[] = {key->project,   key->test_bed, key->commit, key->harness,
                                 key->benchmark, key->metric,   key->run};
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        strbuf_addf(&text, "%s\x1f", parts[i] ? parts[i] : "");
    strbuf_addf(&text, "%u", key->ordinal);
    uuid5_text(text.buf, text.len, out);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct name_count *)a)->name, ((const struct name_count *)b)->name);
}

/* A node to compare others with or to keep. */
static struct name_count *new_name(const char *name)
{
    size_t len = strlen(name);
    struct name_count *node = xcalloc(1, sizeof(*node) + len + 1);
    memcpy(node->name, name, len);
    return node;
}

unsigned name_counts_add(struct name_counts *counts, const char *name)
{
    struct name_count *fresh = new_name(name);
    struct name_count **found = tsearch(fresh, &counts->tree, compare_names);
    if (*found == fresh)
        return 0;
    free(fresh);
    return ++(*found)->count;
}

bool name_counts_has(const struct name_counts *counts, const char *name)
{
    AUTO_FREE struct name_count *probe = new_name(name);
    return tfind(probe, &counts->tree, compare_names) != NULL;
}

struct start_search {
    const char *start;
    size_t len;
    bool found;
};

static void look_for_start(const void *node, VISIT visit, void *context)
{
    const struct name_count *at = *(const struct name_count *const *)node;
    struct start_search *search = context;
    if (visit == postorder || visit == leaf)
        search->found |= !strncmp(at->name, search->start, search->len);
}

bool name_counts_has_start(const struct name_counts *counts, const char *start, size_t len)
{
    struct start_search search = {.start = start, .len = len};
    twalk_r(counts->tree, look_for_start, &search);
    return search.found;
}

void name_counts_release(struct name_counts *counts)
{
    tdestroy(counts->tree, free);
    counts->tree = NULL;
}
