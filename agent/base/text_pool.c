#include "base/text_pool.h"

#include "base/alloc.h"

#include <string.h>

void text_pool_release(struct text_pool *pool)
{
    for (size_t i = 0; i < pool->count; i++)
        free(pool->items[i]);
    free(pool->items);
    free(pool->slots);
    *pool = (struct text_pool){0};
}

/* FNV-1a. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
    return hash;
}

/* Where `text` stands, or the free slot where it belongs. */
static size_t slot_of(const struct text_pool *pool, const char *text)
{
    size_t at = hash_of(text) & (pool->slot_count - 1);
    while (pool->slots[at] && strcmp(pool->items[pool->slots[at] - 1], text))
        at = (at + 1) & (pool->slot_count - 1);
    return at;
}

static void grow(struct text_pool *pool)
{
    free(pool->slots);
    pool->slot_count = pool->slot_count ? 2 * pool->slot_count : 64;
    pool->slots = xcalloc(pool->slot_count, sizeof(*pool->slots));
    for (size_t i = 0; i < pool->count; i++)
        pool->slots[slot_of(pool, pool->items[i])] = (uint32_t)i + 1;
}

uint32_t text_pool_add(struct text_pool *pool, const char *text)
{
    if (!text)
        return TEXT_NONE;
    if (2 * pool->count >= pool->slot_count)
        grow(pool);
    size_t at = slot_of(pool, text);
    if (!pool->slots[at]) {
        ARRAY_RESERVE(pool->items, pool->cap, pool->count + 1);
        pool->items[pool->count++] = xstrdup(text);
        pool->slots[at] = (uint32_t)pool->count;
    }
    return pool->slots[at] - 1;
}

const char *text_pool_get(const struct text_pool *pool, uint32_t number)
{
    return number == TEXT_NONE ? NULL : pool->items[number];
}
