/* Texts, each kept once and numbered from 0 in the order they came: rows that repeat a name keep
 * its number. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TEXT_NONE UINT32_MAX /* the number of NULL */

struct text_pool_slot {
    uint32_t number; /* + 1 of what stands there, 0 for none */
    uint32_t hash;   /* of its text */
};

struct text_pool {
    char **items; /* by number; owned */
    size_t count, cap;
    struct text_pool_slot *slots;
    size_t slot_count;
};

void text_pool_release(struct text_pool *pool);
/* The number of `text`, which is copied when it is new. */
uint32_t text_pool_add(struct text_pool *pool, const char *text);
/* NULL for TEXT_NONE. Stays valid until the pool is released. */
const char *text_pool_get(const struct text_pool *pool, uint32_t number);
