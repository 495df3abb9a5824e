/* A list of commits that many rows are looked up in. */
#pragma once

#include "base/strlist.h"
#include "model/commit.h"

#include <stddef.h>

/* More commits than this are not put into a condition: all rows are read, and those looked up. */
#define COMMIT_CONDITIONS_MAX 200

struct commit_index {
    struct commit_place {
        const char *id; /* borrowed */
        size_t place;   /* in the list */
    } * items;          /* sorted by id */
    size_t count;
};

/* `ids` are full ids, in lower case. */
void commit_index_init(struct commit_index *index, const struct strlist *ids);
void commit_index_release(struct commit_index *index);
#define AUTO_COMMIT_INDEX __attribute__((cleanup(commit_index_release)))

/* The place of the commit whose id is `text`, or begins with it (COMMIT_SHORT_LEN characters or
 * more); index->count when there is none. NULL is found nowhere. */
size_t commit_index_find(const struct commit_index *index, const char *text);
/* The same for a version: "1.2.3+abcdef0", or the bare id. */
size_t commit_index_find_version(const struct commit_index *index, const char *version);
