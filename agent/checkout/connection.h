/* A conversation with a remote on the network: what it has, and getting it. Internal to checkout/.
 */
#pragma once

#include "base/strlist.h"
#include "checkout/credential.h"
#include "checkout/job.h"
#include "checkout/library.h"
#include "checkout/remote.h"

#include <stdbool.h>
#include <stddef.h>

#define FETCH_EVERYTHING GIT_FETCH_DEPTH_UNSHALLOW

struct connection {
    const struct job *job;
    git_remote *remote;
    struct credential credential;
    bool spent;           /* the server has sent a pack: it hears no second request */
    bool refuses_ids;     /* it gives only what it advertises */
    bool unknown_id;      /* it says that it does not have the commit that was asked for */
    char *default_branch; /* "main", NULL when HEAD is detached or the repository empty */
    struct remote_ref {
        char *name; /* "refs/heads/main", "refs/tags/v1", "refs/tags/v1^{}" for what a tag points at
                     */
        git_oid id;
    } * refs;
    size_t ref_count;
};
#define CONNECTION_INIT \
    {                   \
        0               \
    }

/* Connects and reads what the remote advertises. `into`: the repository that is fetched into, NULL
 * to look only. `remote` and `job` are borrowed until connection_release(). */
int connection_open(const struct job *job, const struct remote *remote, git_repository *into,
                    struct connection *out, struct error *err) MUST_CHECK;
void connection_release(struct connection *connection);
#define AUTO_CONNECTION __attribute__((cleanup(connection_release)))

/* Fetches `depth` generations of what the refspecs' left sides name (references or full ids); no
 * reference is written. */
int connection_fetch(struct connection *connection, const struct strlist *refspecs, int depth,
                     struct error *err) MUST_CHECK;

/* The advertised reference of that exact name, or NULL. */
const struct remote_ref *connection_ref(const struct connection *connection, const char *name);
