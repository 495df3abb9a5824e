/*
 * Files of the commit that a worktree held before and that the wanted one does not have. libgit2
 * cannot put a folder where a file was, or a file where a folder was, so they go first. Internal to
 * checkout/.
 */
#pragma once

#include "checkout/library.h"

struct departed_request {
    git_repository *repo;
    const char *folder; /* of the files */
    git_tree *before;
    git_tree *wanted;
    git_index *index; /* of the worktree; what goes is taken out of it, unwritten */
};

/* Removes them, with the folders that this empties; other people's files stay. *rest, to be freed,
 * holds what of `before` is left: a baseline in which nothing changes its kind. A submodule goes
 * only where something else takes its place. No folder on the way may be a symbolic link. */
int departed_remove(const struct departed_request *request, git_index **rest,
                    struct error *err) MUST_CHECK;
