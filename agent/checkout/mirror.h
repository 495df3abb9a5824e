/*
 * The cache of one remote: a bare repository below cache_dir()/git/<key>, and the worktrees that
 * were made from it below cache_dir()/worktrees/<key>. Internal to checkout/.
 *
 * Whoever works on it holds its lock. A process may be killed at any point: packs and references
 * appear by rename, what a dead process left half-done is swept away by the next one that takes the
 * lock, and a repository that libgit2 cannot read any more is emptied and filled again.
 *
 * The mirror of a folder copies no object: it borrows them from there (objects/info/alternates).
 */
#pragma once

#include "checkout/job.h"
#include "checkout/library.h"
#include "checkout/remote.h"

struct mirror {
    const struct mirror *outer; /* of a submodule's parent, else NULL; borrowed, like those below */
    const struct job *job;
    const struct remote *remote;
    char *path;      /* of the bare repository */
    char *worktrees; /* the folder of the worktrees */
    git_repository *repo;
    git_repository *origin; /* the repository itself when the remote is a folder, else NULL */
    int lock_fd;
};
#define MIRROR_INIT    \
    {                  \
        .lock_fd = -1, \
    }

/* Takes the lock, waiting for another process until the job's deadline, and opens the repository,
 * creating or repairing it. */
int mirror_open(const struct job *job, const struct remote *remote, struct mirror *out,
                struct error *err) MUST_CHECK;
void mirror_release(struct mirror *mirror);
/* The mirror of that key among `mirror` and those outside it: its lock is ours already. Or NULL. */
const struct mirror *mirror_held(const struct mirror *mirror, const char *key);
#define AUTO_MIRROR __attribute__((cleanup(mirror_release)))

/* Throws away every object and reference: what is needed is fetched again. */
int mirror_reset(struct mirror *mirror, struct error *err) MUST_CHECK;

/* After work that ended with `failed` and `why`: where libgit2 stumbled over what is in the cache,
 * and not over the remote, says so, empties the cache and is true: the work is worth another try.
 * Its own errors are to be cleared (git_error_clear()) before the work. */
bool mirror_heal(struct mirror *mirror, int failed, const struct error *why);

/* Notes that the commit is in use, so that it is offered to the server in later negotiations, and
 * sees to it that git finds the history consistent from there: a commit whose parents are not here
 * is listed in `shallow`. */
int mirror_keep(const struct mirror *mirror, const git_oid *commit, struct error *err) MUST_CHECK;

/* The ids of the parents as the commit itself names them, whether they are here or not. *out is to
 * be freed. ERROR_NOT_FOUND when the commit is not here. */
int mirror_parents(const struct mirror *mirror, const git_oid *commit, git_oid **out, size_t *count,
                   struct error *err) MUST_CHECK;

/* Where the repository and the worktrees of all remotes lie: fresh strings. */
int mirror_folders(char **git, char **worktrees, struct error *err) MUST_CHECK;
