/*
 * Where a checkout lies and how it gets there: a cached folder or the user's own, written beside
 * its place and renamed, or put right where it is. Internal to checkout/.
 */
#pragma once

#include "base/strlist.h"
#include "checkout/mirror.h"
#include "checkout/worktree.h"

struct place_request {
    const git_oid *commit;
    const char *destination; /* NULL: a folder of the cache */
    bool pristine;
    bool submodules;
};

struct place {
    char *path;
    int lock_fd; /* see worktree_use() */
    bool restored;
    struct worktree_deviations deviations;
};
#define PLACE_INIT     \
    {                  \
        .lock_fd = -1, \
    }

int place_commit(const struct mirror *mirror, const struct place_request *request,
                 struct place *out, struct error *err) MUST_CHECK;
