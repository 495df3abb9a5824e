/*
 * What checkout/ keeps below cache_dir(): the mirrors of remotes and the worktrees of commits. For
 * `cache list` and `cache prune`.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cached_worktree {
    char *commit; /* 40 characters; the name of the folder */
    char *path;
    uint64_t bytes;
    int64_t last_used; /* Unix seconds */
    bool in_use;       /* a run holds it: it cannot be removed now */
};

struct cached_remote {
    char *key;         /* the name of its folders */
    char *remote;      /* its address, without credentials; NULL when the mirror is damaged */
    char *path;        /* of the mirror */
    uint64_t bytes;    /* of the mirror alone */
    int64_t last_used; /* Unix seconds */
    struct cached_worktree *worktrees; /* without those made with --dest */
    size_t worktree_count;
};

struct cache_listing {
    struct cached_remote *remotes; /* by key */
    size_t count;
};

/* An empty listing when there is no cache yet. What a removal that was killed has left of a mirror
 * is listed too, under its key with REMOVED_SUFFIX. */
int cache_list(struct cache_listing *out, struct error *err) MUST_CHECK;
void cache_listing_release(struct cache_listing *listing);
#define AUTO_CACHE_LISTING __attribute__((cleanup(cache_listing_release)))

/* Removes the folder of one commit. ERROR_CONFLICT when a run holds it or works on its mirror;
 * ERROR_NOT_FOUND when there is none. */
int cache_remove_worktree(const char *key, const char *commit, struct error *err) MUST_CHECK;
/* Removes a mirror with all its worktrees; ERROR_CONFLICT, and nothing is removed, when a run holds
 * one of them. A folder made with --dest keeps its files and loses its history. */
int cache_remove_remote(const char *key, struct error *err) MUST_CHECK;
