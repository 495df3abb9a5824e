/*
 * Who we are to a remote.
 *
 * https: the URL's own user and password, else a token: $LANCE_BENCH_GIT_TOKEN for the host of the
 * remote that was asked for (never a submodule's on another host), $GITHUB_TOKEN for the host of
 * $GITHUB_SERVER_URL (github.com without it). A token never travels unencrypted, except to this
 * machine itself. ssh: the agent, then ~/.ssh/id_ed25519, id_ecdsa and id_rsa without a passphrase.
 */
#pragma once

#include "checkout/library.h"
#include "checkout/remote.h"

#include <stdbool.h>

struct credential {
    const struct remote *remote; /* borrowed */
    const char *token_host;      /* borrowed, may be NULL */
    bool asked;                  /* the remote wanted to know who we are */
    bool offered;                /* and something was offered: it was refused when asked again */
    unsigned ssh_step;           /* the next way to try */
};

/* Whether a secret would be offered to this remote. */
bool credential_has_secret(const struct credential *credential);
/* The body of libgit2's credentials callback. */
int credential_answer(struct credential *credential, const char *url, const char *user,
                      unsigned allowed, git_credential **out);
/* "…: set LANCE_BENCH_GIT_TOKEN…" after GIT_EAUTH; returns ERROR_FAILURE. */
int credential_fail(const struct credential *credential, struct error *err);
