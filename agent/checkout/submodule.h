/*
 * Submodules: each becomes a worktree of its own remote's mirror, at its place below the parent's
 * files, and so on for theirs. Internal to checkout/.
 */
#pragma once

#include "checkout/worktree.h"

/* Puts the submodules of worktree->commit, whose own files are in place already, below
 * worktree->path. An untouched *change becomes WORKTREE_RESTORED when one of them was not; with
 * WORKTREE_LOOK nothing else happens. ERROR_NOT_FOUND names a submodule that has no URL, whose
 * repository or commit does not exist. */
int submodules_put(const struct mirror *mirror, const struct worktree *worktree,
                   enum worktree_change *change, struct error *err) MUST_CHECK;
