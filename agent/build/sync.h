/*
 * The target's files, copied to where they are built.
 *
 * cargo decides by modification times what to compile again. Two checkouts that share one target
 * folder would therefore mix: a file of the second commit that is older than the build of the first
 * one counts as built. So every commit is built at one and the same place, whose files are made
 * equal to the checkout by content: what differs is written anew, with the time of now, and what
 * does not keeps its time. The path, which compilers write into programs, is the same each time
 * too.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

struct sync_counts {
    size_t written, removed, kept; /* files */
};

/* Makes the folder `to` equal to `from`; everything in it belongs to `owner` afterwards. What
 * foreign code left in `to` is not followed: links in it are removed, never gone through. No
 * foreign process runs meanwhile. `counts` may be NULL. */
int sync_tree(const char *from, const char *to, uid_t owner, struct sync_counts *counts,
              struct error *err) MUST_CHECK;
