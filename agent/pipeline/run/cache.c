#include "pipeline/run/cache.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "build/slot.h"
#include "checkout/cache.h"
#include "sandbox/job.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define OLD_JOB_S (7 * 86400)
#define OPENED_S 60 /* by then a job has its lock */

const char *cache_kind_name(enum cache_kind kind)
{
    static const char *const names[] = {
        [CACHE_REMOTE] = "remote",
        [CACHE_WORKTREE] = "commit",
        [CACHE_BUILD] = "build",
        [CACHE_JOB] = "job",
    };
    return names[kind];
}

void cache_entries_release(struct cache_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        free(entries->items[i].name);
        free(entries->items[i].key);
        free(entries->items[i].parent);
        free(entries->items[i].path);
    }
    free(entries->items);
    *entries = (struct cache_entries){0};
}

static struct cache_entry *add_entry(struct cache_entries *entries)
{
    ARRAY_RESERVE(entries->items, entries->cap, entries->count + 1);
    return &entries->items[entries->count++];
}

static int add_commits(struct cache_entries *entries, struct error *err)
{
    AUTO_CACHE_LISTING struct cache_listing listing = {0};
    int failed = cache_list(&listing, err);
    for (size_t i = 0; !failed && i < listing.count; i++) {
        const struct cached_remote *remote = &listing.remotes[i];
        *add_entry(entries) = (struct cache_entry){
            .kind = CACHE_REMOTE,
            .name = xstrdup(remote->remote ? remote->remote : remote->key),
            .key = xstrdup(remote->key),
            .path = xstrdup(remote->path),
            .bytes = remote->bytes,
            .used_at = remote->last_used,
        };
        for (size_t j = 0; j < remote->worktree_count; j++) {
            const struct cached_worktree *tree = &remote->worktrees[j];
            *add_entry(entries) = (struct cache_entry){
                .kind = CACHE_WORKTREE,
                .name = xstrdup(tree->commit),
                .key = xstrdup(tree->commit),
                .parent = xstrdup(remote->key),
                .path = xstrdup(tree->path),
                .bytes = tree->bytes,
                .used_at = tree->last_used,
                .in_use = tree->in_use,
            };
        }
    }
    return failed;
}

static int add_builds(struct cache_entries *entries, struct error *err)
{
    AUTO_CACHED_BUILDS struct cached_builds builds = {0};
    int failed = cached_builds_list(&builds, err);
    for (size_t i = 0; !failed && i < builds.count; i++)
        *add_entry(entries) = (struct cache_entry){
            .kind = CACHE_BUILD,
            .name = xstrdup(builds.items[i].name),
            .key = xstrdup(builds.items[i].name),
            .path = xstrdup(builds.items[i].path),
            .bytes = builds.items[i].bytes,
            .used_at = builds.items[i].used_at,
        };
    return failed;
}

static int add_jobs(struct cache_entries *entries, struct error *err)
{
    AUTO_FREE char *cache = NULL;
    int failed = cache_dir(&cache, err);
    if (failed)
        return failed;
    AUTO_FREE char *folder = path_join(cache, "jobs");
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    failed = path_is_dir(folder) ? dir_list(folder, &names, err) : 0;
    for (size_t i = 0; !failed && i < names.count; i++) {
        char *path = path_join(folder, names.items[i]);
        struct stat st = {0};
        (void)lstat(path, &st);
        *add_entry(entries) = (struct cache_entry){
            .kind = CACHE_JOB,
            .name = xstrdup(names.items[i]),
            .key = xstrdup(names.items[i]),
            .path = path,
            .bytes = tree_size(path),
            .used_at = st.st_mtime,
        };
    }
    return failed;
}

static int by_age(const void *a, const void *b)
{
    int64_t left = ((const struct cache_entry *)a)->used_at;
    int64_t right = ((const struct cache_entry *)b)->used_at;
    return (left > right) - (left < right);
}

int cache_entries_list(struct cache_entries *out, struct error *err)
{
    struct cache_entries entries = {0};
    int failed = add_commits(&entries, err);
    if (!failed)
        failed = add_builds(&entries, err);
    if (!failed)
        failed = add_jobs(&entries, err);
    if (failed) {
        cache_entries_release(&entries);
        return failed;
    }
    if (entries.count)
        qsort(entries.items, entries.count, sizeof(*entries.items), by_age);
    *out = entries;
    return 0;
}

static int remove_job(const char *path, struct error *err)
{
    AUTO_FREE char *lock = path_join(path, "lock");
    AUTO_CLOSE int held = -1;
    int failed = path_exists(lock) ? lock_acquire(lock, 0, &held, err) : 0;
    return failed ? failed : tree_remove(path, err);
}

static int remove_entry(const struct cache_entry *entry, struct error *err)
{
    switch (entry->kind) {
    case CACHE_REMOTE:
        return cache_remove_remote(entry->key, err);
    case CACHE_WORKTREE:
        return cache_remove_worktree(entry->parent, entry->key, err);
    case CACHE_BUILD:
        return cached_build_remove(&(struct cached_build){.path = entry->path}, err);
    case CACHE_JOB:
        return remove_job(entry->path, err);
    }
    return 0;
}

/* Removes one and counts. An entry that went with its remote is gone already. */
static int prune(const struct cache_entry *entry, struct cache_pruned *pruned, struct error *err)
{
    int failed = remove_entry(entry, err);
    if (failed == ERROR_CONFLICT) {
        log_info("%s %s is in use and stays", cache_kind_name(entry->kind), entry->name);
        pruned->busy++;
        return 0;
    }
    if (failed == ERROR_NOT_FOUND)
        return 0;
    if (failed)
        return failed;
    log_debug("removed %s", entry->path);
    pruned->removed++;
    pruned->bytes += entry->bytes;
    return 0;
}

int cache_prune_to(uint64_t max_bytes, struct cache_pruned *out, struct error *err)
{
    AUTO_CACHE_ENTRIES struct cache_entries entries = {0};
    struct cache_pruned pruned = {0};
    uint64_t total = 0;
    int failed = cache_entries_list(&entries, err);
    for (size_t i = 0; i < entries.count; i++)
        total += entries.items[i].bytes;
    for (size_t i = 0; !failed && i < entries.count && total - pruned.bytes > max_bytes; i++)
        failed = prune(&entries.items[i], &pruned, err);
    if (!failed && out)
        *out = pruned;
    return failed;
}

int cache_prune_older(double seconds, struct cache_pruned *out, struct error *err)
{
    AUTO_CACHE_ENTRIES struct cache_entries entries = {0};
    struct cache_pruned pruned = {0};
    int64_t limit = clock_unix_s() - (int64_t)seconds;
    int failed = cache_entries_list(&entries, err);
    for (size_t i = 0; !failed && i < entries.count; i++)
        if (entries.items[i].used_at <= limit)
            failed = prune(&entries.items[i], &pruned, err);
    if (!failed && out)
        *out = pruned;
    return failed;
}

static void sweep_job(const char *path)
{
    AUTO_FREE char *lock = path_join(path, "lock"), *keep = path_join(path, CACHE_KEEP);
    AUTO_CLOSE int held = -1;
    struct stat st;
    struct error err = ERROR_INIT;
    if (lstat(path, &st))
        return;
    int64_t age_s = clock_unix_s() - (int64_t)st.st_mtime;
    /* One without a lock is being opened this moment, or its run was killed then or while it
     * removed the job. */
    bool locked = path_exists(lock);
    if (locked ? lock_acquire(lock, 0, &held, NULL) : age_s < OPENED_S)
        return;
    if (!locked || age_s > OLD_JOB_S) {
        if (tree_remove(path, &err))
            log_debug("%s", err.message);
    } else if (!path_exists(keep)) {
        job_keep_logs(path);
    }
}

void cache_sweep_jobs(void)
{
    AUTO_FREE char *cache = NULL;
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (cache_dir(&cache, NULL))
        return;
    AUTO_FREE char *folder = path_join(cache, "jobs");
    if (dir_list(folder, &names, NULL))
        return;
    for (size_t i = 0; i < names.count; i++) {
        AUTO_FREE char *path = path_join(folder, names.items[i]);
        sweep_job(path);
    }
}
