#include "checkout/cache.h"

#include "base/alloc.h"
#include "base/file.h"
#include "checkout/library.h"
#include "checkout/mirror.h"
#include "checkout/revision.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

static int64_t time_of(const char *path)
{
    struct stat st;
    return stat(path, &st) ? 0 : (int64_t)st.st_mtim.tv_sec;
}

/* Whether a run holds the worktree; otherwise *fd keeps others from taking it until it is closed.
 */
static bool is_in_use(const char *mirror, const char *name, int *fd)
{
    AUTO_FREE char *path = xasprintf("%s/worktrees/%s/in-use", mirror, name);
    AUTO_CLOSE int share = open(path, O_RDWR | O_CLOEXEC);
    if (share < 0)
        return false;
    if (flock(share, LOCK_EX | LOCK_NB))
        return true;
    *fd = take_fd(&share);
    return false;
}

static void list_worktrees(const char *folder, struct cached_remote *remote)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (dir_list(folder, &names, NULL))
        return;
    remote->worktrees = xcalloc(names.count, sizeof(*remote->worktrees));
    for (size_t i = 0; i < names.count; i++) {
        if (!revision_is_full_id(names.items[i]))
            continue;
        AUTO_CLOSE int fd = -1;
        AUTO_FREE char *mark = xasprintf("%s/worktrees/%s/in-use", remote->path, names.items[i]);
        struct cached_worktree *worktree = &remote->worktrees[remote->worktree_count++];
        worktree->commit = xstrdup(names.items[i]);
        worktree->path = path_join(folder, names.items[i]);
        worktree->bytes = tree_size(worktree->path);
        worktree->last_used = time_of(mark);
        worktree->in_use = is_in_use(remote->path, names.items[i], &fd);
    }
}

static char *address_of(const char *mirror)
{
    AUTO_GIT(git_config) git_config *config = NULL;
    AUTO_FREE char *path = path_join(mirror, "config");
    git_buf url = GIT_BUF_INIT;
    if (git_config_open_ondisk(&config, path) ||
        git_config_get_string_buf(&url, config, "remote.origin.url"))
        return NULL;
    char *address = xstrdup(url.ptr);
    git_buf_dispose(&url);
    return address;
}

int cache_list(struct cache_listing *out, struct error *err)
{
    AUTO_FREE char *git = NULL, *worktrees = NULL;
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    int failed = library_start(0, err);
    if (!failed)
        failed = mirror_folders(&git, &worktrees, err);
    if (!failed && path_exists(git))
        failed = dir_list(git, &names, err);
    if (failed)
        return failed;
    struct cache_listing listing = {xcalloc(names.count + 1, sizeof(*listing.remotes)), 0};
    for (size_t i = 0; i < names.count; i++) {
        AUTO_FREE char *path = path_join(git, names.items[i]);
        AUTO_FREE char *lock = xasprintf("%s.lock", path);
        AUTO_FREE char *folder = path_join(worktrees, names.items[i]);
        if (!path_is_dir(path))
            continue;
        struct cached_remote *remote = &listing.remotes[listing.count++];
        remote->key = xstrdup(names.items[i]);
        remote->remote = address_of(path);
        remote->bytes = tree_size(path);
        remote->last_used = time_of(lock);
        remote->path = take_ptr(path);
        list_worktrees(folder, remote);
    }
    *out = listing;
    return 0;
}

void cache_listing_release(struct cache_listing *listing)
{
    for (size_t i = 0; i < listing->count; i++) {
        struct cached_remote *remote = &listing->remotes[i];
        for (size_t j = 0; j < remote->worktree_count; j++) {
            free(remote->worktrees[j].commit);
            free(remote->worktrees[j].path);
        }
        free(remote->worktrees);
        free(remote->key);
        free(remote->remote);
        free(remote->path);
    }
    free(listing->remotes);
    *listing = (struct cache_listing){0};
}

/* The mirror of `key`, locked. */
static int lock_mirror(const char *key, char **mirror, char **folder, int *fd, struct error *err)
{
    AUTO_FREE char *git = NULL, *worktrees = NULL;
    int failed = mirror_folders(&git, &worktrees, err);
    if (failed)
        return failed;
    AUTO_FREE char *path = path_join(git, key);
    AUTO_FREE char *lock = xasprintf("%.*s.lock", (int)tree_name_len(path), path);
    if (!*key || strchr(key, '/') || *key == '.' || !path_is_dir(path))
        return error_set(err, ERROR_NOT_FOUND, "the cache has no '%s'", key);
    failed = lock_acquire(lock, 0, fd, err);
    if (failed)
        return failed;
    *mirror = take_ptr(path);
    *folder = path_join(worktrees, key);
    return 0;
}

static int in_use_fail(const char *path, struct error *err)
{
    return error_set(err, ERROR_CONFLICT, "%s is in use: wait until the run that holds it is over",
                     path);
}

int cache_remove_worktree(const char *key, const char *commit, struct error *err)
{
    AUTO_FREE char *mirror = NULL, *folder = NULL;
    AUTO_CLOSE int lock = -1, share = -1;
    int failed = lock_mirror(key, &mirror, &folder, &lock, err);
    if (failed)
        return failed;
    AUTO_FREE char *path = path_join(folder, commit);
    AUTO_FREE char *admin = xasprintf("%s/worktrees/%s", mirror, commit);
    if (!revision_is_full_id(commit) || !path_is_dir(path))
        return error_set(err, ERROR_NOT_FOUND, "the cache of '%s' has no commit '%s'", key, commit);
    if (is_in_use(mirror, commit, &share))
        return in_use_fail(path, err);
    failed = tree_remove(path, err);
    return failed ? failed : tree_remove(admin, err);
}

static int check_all_unused(const char *mirror, struct error *err)
{
    AUTO_FREE char *admins = path_join(mirror, "worktrees");
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (path_exists(admins) && dir_list(admins, &names, NULL))
        return 0;
    for (size_t i = 0; i < names.count; i++) {
        AUTO_CLOSE int share = -1;
        if (is_in_use(mirror, names.items[i], &share))
            return in_use_fail(names.items[i], err);
    }
    return 0;
}

int cache_remove_remote(const char *key, struct error *err)
{
    AUTO_FREE char *mirror = NULL, *folder = NULL;
    AUTO_CLOSE int lock = -1;
    int failed = lock_mirror(key, &mirror, &folder, &lock, err);
    if (!failed)
        failed = check_all_unused(mirror, err);
    if (!failed)
        failed = tree_remove(folder, err);
    /* The lock's file stays: a process may be waiting on it. */
    return failed ? failed : tree_retire(mirror, err);
}
