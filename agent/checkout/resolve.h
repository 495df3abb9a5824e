/*
 * From a revision to a commit that lies in the mirror, fetching as little as the server allows: the
 * one commit where it can be named, as many generations as `~N` asks for, the whole history only
 * where a short id or a server that gives nothing but its branches leaves no other way. Internal to
 * checkout/.
 */
#pragma once

#include "checkout/job.h"
#include "checkout/mirror.h"
#include "checkout/revision.h"

struct resolved {
    git_oid commit;
    char *branch; /* the branch that was named, or the default one for HEAD; else NULL */
};

/* `generations`: how many first parents behind the commit are wanted too (0: none); fewer are there
 * only where the history begins. A full id that is in the mirror already needs no network. */
int resolve_commit(const struct mirror *mirror, const struct revision *revision, size_t generations,
                   struct resolved *out, struct error *err) MUST_CHECK;

/* The id that the remote's branch, tag or HEAD has now, without fetching anything. ERROR_USAGE for
 * a revision that would need the history. */
int resolve_advertised(const struct job *job, const struct remote *remote,
                       const struct revision *revision, git_oid *out, struct error *err) MUST_CHECK;
