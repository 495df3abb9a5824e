#include "store/commit_index.h"

#include "base/alloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int by_id(const void *left, const void *right)
{
    const struct commit_place *a = left, *b = right;
    int order = strcmp(a->id, b->id);
    return order ? order : a->place < b->place ? -1 : a->place > b->place;
}

void commit_index_init(struct commit_index *index, const struct strlist *ids)
{
    *index = (struct commit_index){.items = xcalloc(ids->count + 1, sizeof(*index->items))};
    for (size_t i = 0; i < ids->count; i++)
        index->items[index->count++] = (struct commit_place){ids->items[i], i};
    if (index->count)
        qsort(index->items, index->count, sizeof(*index->items), by_id);
}

void commit_index_release(struct commit_index *index)
{
    free(index->items);
    *index = (struct commit_index){0};
}

size_t commit_index_find(const struct commit_index *index, const char *text)
{
    size_t len = text ? strlen(text) : 0, low = 0, high = index->count;
    if (len < COMMIT_SHORT_LEN)
        return index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strncmp(index->items[middle].id, text, len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < index->count && !strncmp(index->items[low].id, text, len);
    return found ? index->items[low].place : index->count;
}

size_t commit_index_find_version(const struct commit_index *index, const char *version)
{
    const char *plus = version ? strrchr(version, '+') : NULL;
    return commit_index_find(index, plus ? plus + 1 : version);
}
