/*
 * Files in a worktree that are not in its commit. libgit2 can list them too, but it believes every
 * .gitignore in the folder, and hides everything behind one that says "*": foreign code could leave
 * a conftest.py for the next run that way. Here the commit's own rules count alone: a .gitignore
 * that is not in the commit is a file like any other. Internal to checkout/.
 */
#pragma once

#include "checkout/library.h"

#include <stdbool.h>

/* *found: whether there is such a file below the repository's work folder; one that is ignored
 * counts only with `ignored_too`. Submodules' folders are left out. Every tracked .gitignore has
 * to be unmodified. */
int untracked_find(git_repository *repo, git_index *index, bool ignored_too, bool *found,
                   struct error *err) MUST_CHECK;
