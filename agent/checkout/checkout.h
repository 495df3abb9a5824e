/*
 * The files of one commit, from a repository that may be anywhere git's protocols reach.
 *
 * Each remote has one cache, each commit one folder; a commit that was checked out before is taken
 * from there without asking the network (a full id) or after asking where a branch stands. The
 * folder is a git worktree: the git program works in it. See mirror.h and worktree.h for how it
 * stays whole.
 *
 * Nothing of the user's or the machine's git configuration has a say. Everything is silent but for
 * log lines; everything ends soon after Ctrl-C.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "model/commit.h"

#include <stdbool.h>
#include <stddef.h>

enum checkout_flags {
    CHECKOUT_NO_SUBMODULES = 1,
    /* Take a cached folder only when it holds no ignored file either (the products of an earlier
     * run in it); otherwise those stay as long as nothing else has changed. */
    CHECKOUT_PRISTINE = 2,
    /* The revision is to be a branch: a tag of its name does not stand before it, as it does for
     * git. */
    CHECKOUT_BRANCH_FIRST = 4,
};

#define CHECKOUT_TIMEOUT_S 600.0
#define CHECKOUT_STALL_S 30.0

struct checkout_request {
    const char *remote;      /* URL or folder */
    const char *revision;    /* branch, tag, id, and ~N or ^; NULL: the remote's HEAD */
    const char *destination; /* NULL: a folder of the cache, shared by all runs of this commit */
    const char *ca_file;     /* PEM, from net/ca.h; NULL: OpenSSL's default */
    double timeout_s;        /* for the whole; 0: CHECKOUT_TIMEOUT_S */
    double stall_s;          /* of silence before a server is given up on; 0: CHECKOUT_STALL_S */
    unsigned flags;
};

struct checkout {
    struct commit commit;
    char *path;                  /* absolute */
    char *version;               /* "<of the manifest>+<7 characters of the id>" */
    char *project;               /* last part of the remote's address: "lance" */
    char *remote;                /* its address, without credentials */
    bool restored;               /* the folder was there and had been modified */
    struct strlist lfs_pointers; /* files that are pointers to what is kept elsewhere */
    struct strlist conversions;  /* .gitattributes whose conversions were not made */
    int lock_fd; /* while it is open, nobody prunes or rewrites the folder; -1: none */
};
#define CHECKOUT_INIT  \
    {                  \
        .lock_fd = -1, \
    }

/*
 * ERROR_NOT_FOUND: no such repository or commit. ERROR_UNREACHABLE: the remote does not answer,
 * broke off or took longer than the timeout; trying again may help. ERROR_USAGE: a revision,
 * address or destination that cannot be. ERROR_CONFLICT: another run holds the folder. ERROR_INPUT:
 * the commit holds what is refused. ERROR_INTERRUPTED.
 */
int checkout_commit(const struct checkout_request *request, struct checkout *out,
                    struct error *err) MUST_CHECK;
void checkout_release(struct checkout *checkout);
#define AUTO_CHECKOUT __attribute__((cleanup(checkout_release)))

/* The id of the newest commit of a branch (request->revision, or the default one) as the remote
 * tells it: nothing is fetched. *id: a fresh string of 40 characters. */
int remote_newest(const struct checkout_request *request, char **id, struct error *err) MUST_CHECK;

/* The text of the file `path` in the revision's tree, a fresh string; NULL where it has no such
 * file. The commit is fetched where it is not here. ERROR_INPUT: it is larger than `max` bytes, or
 * no text. */
int remote_file(const struct checkout_request *request, const char *path, size_t max, char **text,
                struct error *err) MUST_CHECK;

/* The revision and the first parents behind it, newest first, `count` of them at the most; fewer
 * where the history begins, or where a shallow clone on this machine ends: its last commit then has
 * a parent. The array and what is in it are the caller's: commit_release() each. */
int remote_history(const struct checkout_request *request, size_t count, struct commit **out,
                   size_t *found, struct error *err) MUST_CHECK;
