/* Everything this program keeps below cache_dir(): commits, builds, jobs. */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cache_kind { CACHE_REMOTE, CACHE_WORKTREE, CACHE_BUILD, CACHE_JOB };

struct cache_entry {
    enum cache_kind kind;
    char *name;   /* for people: a remote's address, a commit, a build's or job's folder */
    char *key;    /* what the owner of the entry knows it by */
    char *parent; /* a worktree's remote key */
    char *path;
    uint64_t bytes;
    int64_t used_at; /* Unix seconds */
    bool in_use;     /* where its owner tells; removing one that is fails in any case */
};

struct cache_entries {
    struct cache_entry *items; /* oldest first */
    size_t count, cap;
};

const char *cache_kind_name(enum cache_kind kind);
int cache_entries_list(struct cache_entries *out, struct error *err) MUST_CHECK;
void cache_entries_release(struct cache_entries *entries);
#define AUTO_CACHE_ENTRIES __attribute__((cleanup(cache_entries_release)))

struct cache_pruned {
    size_t removed, busy; /* entries; busy ones were left */
    uint64_t bytes;       /* freed */
};

/* Removes entries, oldest first, until the cache is no larger than `max_bytes`. What a run uses
 * stays. `out` may be NULL. */
int cache_prune_to(uint64_t max_bytes, struct cache_pruned *out, struct error *err) MUST_CHECK;
/* Removes entries that were not used for `seconds`. */
int cache_prune_older(double seconds, struct cache_pruned *out, struct error *err) MUST_CHECK;
/* Of jobs that are over, removes all but the logs, and those too after a week. What --keep-files
 * kept has a file CACHE_KEEP in it and stays for that week. */
#define CACHE_KEEP "keep"
void cache_sweep_jobs(void);
