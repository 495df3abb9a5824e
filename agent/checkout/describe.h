/* A commit's particulars, from the mirror. Internal to checkout/. */
#pragma once

#include "checkout/mirror.h"
#include "model/commit.h"

/* Fills `out` but for its branch. The parent is the one that the commit names, whether it was
 * fetched or not. */
int describe_commit(const struct mirror *mirror, const git_oid *id, struct commit *out,
                    struct error *err) MUST_CHECK;
