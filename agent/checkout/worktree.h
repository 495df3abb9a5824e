/*
 * A folder with the files of one commit, which git takes for a linked worktree of the mirror: its
 * `.git` is a file that points to <mirror>/worktrees/<name>, where HEAD and the index are. Foreign
 * code that runs in the folder as another user can therefore change files, but not what decides
 * whether the folder is reused. Internal to checkout/.
 *
 * Files are written as they are in the commit: no line-ending conversion, no filter, no hook.
 */
#pragma once

#include "base/strlist.h"
#include "checkout/job.h"
#include "checkout/mirror.h"

#include <stdbool.h>

enum worktree_flags {
    WORKTREE_CACHED = 1,   /* a folder of ours: files that are not in the commit are a change too */
    WORKTREE_PRISTINE = 2, /* and so are ignored ones */
    WORKTREE_LOOK = 4,     /* submodules_put(): only find out what would change */
};

enum worktree_change {
    WORKTREE_UNTOUCHED, /* it was there, complete and unmodified */
    WORKTREE_WRITTEN,   /* it was not there, or held another commit */
    WORKTREE_RESTORED,  /* it had been modified or was left half-written */
};

struct worktree {
    const char *name;       /* in the mirror: the commit's id, or a hash of `final_path` */
    const char *path;       /* where the files are put */
    const char *final_path; /* where they will be in the end; the same, or a rename away */
    git_oid commit;
    unsigned flags;
    const struct worktree *parent; /* of a submodule, else NULL */
};

/* Finds out what worktree_put() would have to do. */
int worktree_inspect(const struct mirror *mirror, const struct worktree *worktree,
                     enum worktree_change *change, struct error *err) MUST_CHECK;
/* Makes the folder hold the commit's files (submodules apart: each is a folder of its own) and
 * leaves alone what else is in it. */
int worktree_put(const struct mirror *mirror, const struct worktree *worktree,
                 enum worktree_change *change, struct error *err) MUST_CHECK;
/* ERROR_CONFLICT when another run is using the worktree. */
int worktree_check_unused(const struct mirror *mirror, const struct worktree *worktree,
                          struct error *err) MUST_CHECK;

/* Takes a share of the worktree that keeps others from pruning or rewriting it until *fd is
 * closed. */
int worktree_use(const struct mirror *mirror, const char *name, int *fd,
                 struct error *err) MUST_CHECK;

/* A fresh string: the name of a worktree outside the cache. */
char *worktree_name_of(const char *final_path);
/* Whether the folder is a worktree of this mirror under that name. */
bool worktree_is_ours(const struct mirror *mirror, const char *path, const char *name);
/* Whether the path is missing or an empty folder. */
bool worktree_is_free(const char *path);

/* Where the files are not what git with its usual set-up would have written. */
struct worktree_deviations {
    struct strlist lfs_pointers; /* files that are Git LFS pointers, and not what they point to */
    struct strlist conversions;  /* .gitattributes that ask for a conversion of other files */
};

void worktree_deviations_release(struct worktree_deviations *deviations);
#define AUTO_WORKTREE_DEVIATIONS __attribute__((cleanup(worktree_deviations_release)))

int worktree_deviations(const struct mirror *mirror, const struct worktree *worktree,
                        struct worktree_deviations *out, struct error *err) MUST_CHECK;
