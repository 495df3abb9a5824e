#include "checkout/place.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "checkout/submodule.h"
#include "checkout/worktree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Behind the name of a folder that is being written, and of one that is being removed. */
#define BESIDE ".lance-bench-tmp"
#define OLD ".lance-bench-old"

/* An absolute path without symbolic links; the folder itself need not exist, its parents are
 * made. */
static int destination_path(const char *destination, char **out, struct error *err)
{
    if (!*destination)
        return error_set(err, ERROR_USAGE, "--dest is empty: name a folder");
    char *real = path_real(destination);
    if (real) {
        *out = real;
        return 0;
    }
    AUTO_FREE char *trimmed = xstrdup(destination);
    for (size_t len = strlen(trimmed); len > 1 && trimmed[len - 1] == '/'; len--)
        trimmed[len - 1] = '\0';
    const char *name = path_basename(trimmed);
    AUTO_FREE char *parent =
        name == trimmed ? xstrdup(".") : xstrndup(trimmed, (size_t)(name - trimmed));
    int failed = dir_make(parent, err);
    if (failed)
        return failed;
    AUTO_FREE char *real_parent = path_real(parent);
    if (!real_parent || !strcmp(name, "..") || !strcmp(name, "."))
        return error_set(err, ERROR_USAGE, "'%s' is not a folder that can be written to",
                         destination);
    *out = path_join(real_parent, name);
    return 0;
}

static int put(const struct mirror *mirror, const struct place_request *request,
               const struct worktree *worktree, enum worktree_change *change, struct error *err)
{
    int failed = worktree->flags & WORKTREE_LOOK ? worktree_inspect(mirror, worktree, change, err)
                                                 : worktree_put(mirror, worktree, change, err);
    return failed || !request->submodules ? failed : submodules_put(mirror, worktree, change, err);
}

/* Moves the new folder to its place; what was there goes with it. */
static int swap(const char *from, const char *to, struct error *err)
{
    AUTO_FREE char *old = xasprintf("%s" OLD, to);
    int failed = tree_remove(old, err);
    if (!failed && rename(to, old) && errno != ENOENT)
        failed = error_errno(err, ERROR_FAILURE, errno, "cannot move %s away", to);
    if (!failed && rename(from, to))
        failed = error_errno(err, ERROR_FAILURE, errno, "cannot rename %s to %s", from, to);
    return failed ? failed : tree_remove(old, err);
}

/* A folder that appears whole or not at all. */
static int put_beside(const struct mirror *mirror, const struct place_request *request,
                      struct worktree worktree, struct error *err)
{
    AUTO_FREE char *beside = xasprintf("%s" BESIDE, worktree.final_path);
    enum worktree_change change = WORKTREE_UNTOUCHED;
    worktree.path = beside;
    int failed = tree_remove(beside, err);
    if (!failed)
        failed = dir_make(beside, err);
    if (!failed)
        failed = put(mirror, request, &worktree, &change, err);
    if (!failed)
        failed = swap(beside, worktree.final_path, err);
    if (failed)
        (void)!tree_remove(beside, NULL);
    return failed;
}

/* What runs that were killed left of any commit. */
static int sweep_leftovers(const struct mirror *mirror, struct error *err)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (!path_exists(mirror->worktrees))
        return 0;
    int failed = dir_list(mirror->worktrees, &names, err);
    for (size_t i = 0; !failed && i < names.count; i++) {
        AUTO_FREE char *path = path_join(mirror->worktrees, names.items[i]);
        if (strstr(names.items[i], BESIDE) || strstr(names.items[i], OLD))
            failed = tree_remove(path, err);
    }
    return failed;
}

/* A folder of the cache is never changed in place: what foreign code left there, a link to a folder
 * outside for one, could lead the writing astray. */
static int put_cached(const struct mirror *mirror, const struct place_request *request,
                      const struct worktree *worktree, enum worktree_change *change,
                      struct error *err)
{
    struct worktree look = *worktree;
    look.flags |= WORKTREE_LOOK;
    bool there = path_exists(worktree->path);
    int failed = sweep_leftovers(mirror, err);
    if (!failed && there)
        failed = put(mirror, request, &look, change, err);
    if (failed || (there && *change == WORKTREE_UNTOUCHED))
        return failed;
    *change = there ? WORKTREE_RESTORED : WORKTREE_WRITTEN;
    failed = worktree_check_unused(mirror, worktree, err);
    return failed ? failed : put_beside(mirror, request, *worktree, err);
}

/* The user's own folder keeps what the user put there. */
static int put_there(const struct mirror *mirror, const struct place_request *request,
                     const struct worktree *worktree, enum worktree_change *change,
                     struct error *err)
{
    if (!path_exists(worktree->path)) {
        *change = WORKTREE_WRITTEN;
        return put_beside(mirror, request, *worktree, err);
    }
    if (!worktree_is_free(worktree->path) &&
        !worktree_is_ours(mirror, worktree->path, worktree->name))
        return error_set(err, ERROR_USAGE,
                         "%s is not empty and not a checkout of this repository: name another "
                         "folder, or remove it",
                         worktree->path);
    return put(mirror, request, worktree, change, err);
}

int place_commit(const struct mirror *mirror, const struct place_request *request,
                 struct place *out, struct error *err)
{
    AUTO_FREE char *path = NULL;
    AUTO_CLOSE int lock_fd = -1;
    AUTO_WORKTREE_DEVIATIONS struct worktree_deviations deviations = {0};
    enum worktree_change change = WORKTREE_UNTOUCHED;
    char id[COMMIT_ID_SIZE];
    git_oid_tostr(id, sizeof(id), request->commit);
    int failed = 0;
    if (request->destination)
        failed = destination_path(request->destination, &path, err);
    else
        path = path_join(mirror->worktrees, id);
    if (failed)
        return failed;
    AUTO_FREE char *name = request->destination ? worktree_name_of(path) : xstrdup(id);
    struct worktree worktree = {
        .name = name, .path = path, .final_path = path, .commit = *request->commit};
    if (request->destination) {
        failed = put_there(mirror, request, &worktree, &change, err);
    } else {
        worktree.flags = WORKTREE_CACHED | (request->pristine ? WORKTREE_PRISTINE : 0);
        failed = put_cached(mirror, request, &worktree, &change, err);
    }
    if (!failed)
        failed = worktree_deviations(mirror, &worktree, &deviations, err);
    if (!failed)
        failed = worktree_use(mirror, name, &lock_fd, err);
    if (failed)
        return failed;
    *out =
        (struct place){take_ptr(path), take_fd(&lock_fd), change == WORKTREE_RESTORED, deviations};
    deviations = (struct worktree_deviations){0};
    return 0;
}
