#include "checkout/place.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "checkout/submodule.h"
#include "checkout/worktree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

static int put(const struct job *job, const struct mirror *mirror,
               const struct place_request *request, const struct worktree *worktree,
               enum worktree_change *change, struct error *err)
{
    int failed = worktree_put(job, mirror, request->commit, worktree, change, err);
    return failed || !request->submodules
               ? failed
               : submodules_put(job, mirror, request->commit, worktree, change, err);
}

/* A folder that appears whole or not at all. */
static int put_beside(const struct job *job, const struct mirror *mirror,
                      const struct place_request *request, struct worktree worktree,
                      enum worktree_change *change, struct error *err)
{
    AUTO_FREE char *beside = xasprintf("%s.lance-bench-tmp", worktree.final_path);
    worktree.path = beside;
    int failed = tree_remove(beside, err);
    if (!failed)
        failed = dir_make(beside, err);
    if (!failed)
        failed = put(job, mirror, request, &worktree, change, err);
    if (!failed && rename(beside, worktree.final_path))
        failed = error_errno(err, ERROR_FAILURE, errno, "cannot rename %s to %s", beside,
                             worktree.final_path);
    if (failed)
        (void)!tree_remove(beside, NULL);
    return failed;
}

/* Something else has taken the place of a cached folder, or its link to the mirror is broken. */
static int clear_cached(const char *path, const char *destination, struct error *err)
{
    if (destination)
        return error_set(err, ERROR_USAGE,
                         "%s is not empty and not a checkout of this repository: name another "
                         "folder, or remove it",
                         path);
    return tree_remove(path, err);
}

int place_commit(const struct job *job, const struct mirror *mirror,
                 const struct place_request *request, struct place *out, struct error *err)
{
    AUTO_FREE char *path = NULL;
    const char *id = git_oid_tostr_s(request->commit);
    int failed = 0;
    if (request->destination)
        failed = destination_path(request->destination, &path, err);
    else
        path = path_join(mirror->worktrees, id);
    if (failed)
        return failed;
    AUTO_FREE char *name = request->destination ? worktree_name_of(path) : xstrdup(id);
    struct worktree worktree = {.name = name, .path = path, .final_path = path};
    worktree.flags = request->destination ? 0 : WORKTREE_CLEAN;
    if (request->pristine && !request->destination)
        worktree.flags |= WORKTREE_PRISTINE;

    bool cleared = false;
    if (!worktree_is_free(path) && !worktree_is_ours(mirror, path, name)) {
        failed = clear_cached(path, request->destination, err);
        cleared = true;
    }
    enum worktree_change change = WORKTREE_UNTOUCHED;
    AUTO_CLOSE int lock_fd = -1;
    AUTO_STRLIST struct strlist pointers = STRLIST_INIT;
    if (!failed)
        failed = path_exists(path) ? put(job, mirror, request, &worktree, &change, err)
                                   : put_beside(job, mirror, request, worktree, &change, err);
    if (!failed)
        failed = worktree_lfs_pointers(mirror, &worktree, &pointers, err);
    if (!failed)
        failed = worktree_use(mirror, name, &lock_fd, err);
    if (failed)
        return failed;
    *out = (struct place){take_ptr(path), take_fd(&lock_fd), cleared || change == WORKTREE_RESTORED,
                          pointers};
    pointers = (struct strlist)STRLIST_INIT;
    return 0;
}
