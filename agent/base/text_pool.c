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

/* Eight bytes at a time, each mixed in by a multiplication whose high half is folded back. */
static uint32_t hash_of(const char *text)
{
    const uint64_t factor = 0x9e3779b97f4a7c15;
    size_t len = strlen(text);
    uint64_t hash = len * factor, piece = 0;
    for (; len >= sizeof(piece); len -= sizeof(piece), text += sizeof(piece)) {
        memcpy(&piece, text, sizeof(piece));
        hash = (hash ^ piece) * factor;
        hash ^= hash >> 32;
    }
    piece = 0;
    memcpy(&piece, text, len);
    hash = (hash ^ piece) * factor;
    hash = (hash ^ hash >> 29) * factor;
    return (uint32_t)(hash >> 32);
}

/* Where `text` stands, or the free slot where it belongs. */
static size_t slot_of(const struct text_pool *pool, const char *text, uint32_t hash)
{
    size_t at = hash & (pool->slot_count - 1);
    for (; pool->slots[at].number; at = (at + 1) & (pool->slot_count - 1))
        if (pool->slots[at].hash == hash && !strcmp(pool->items[pool->slots[at].number - 1], text))
            break;
    return at;
}

static void grow(struct text_pool *pool)
{
    struct text_pool_slot *old = pool->slots;
    size_t count = pool->slot_count;
    pool->slot_count = count ? 2 * count : 64;
    pool->slots = xcalloc(pool->slot_count, sizeof(*pool->slots));
    for (size_t i = 0; i < count; i++) {
        if (!old[i].number)
            continue;
        size_t at = old[i].hash & (pool->slot_count - 1);
        while (pool->slots[at].number)
            at = (at + 1) & (pool->slot_count - 1);
        pool->slots[at] = old[i];
    }
    free(old);
}

uint32_t text_pool_add(struct text_pool *pool, const char *text)
{
    if (!text)
        return TEXT_NONE;
    if (2 * pool->count >= pool->slot_count)
        grow(pool);
    uint32_t hash = hash_of(text);
    size_t at = slot_of(pool, text, hash);
    if (!pool->slots[at].number) {
        ARRAY_RESERVE(pool->items, pool->cap, pool->count + 1);
        pool->items[pool->count++] = xstrdup(text);
        pool->slots[at] = (struct text_pool_slot){(uint32_t)pool->count, hash};
    }
    return pool->slots[at].number - 1;
}

const char *text_pool_get(const struct text_pool *pool, uint32_t number)
{
    return number == TEXT_NONE ? NULL : pool->items[number];
}
