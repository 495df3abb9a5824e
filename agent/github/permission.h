/* What a user may do in the repository. Permission: metadata: read. */
#pragma once

#include "github/github.h"

enum github_permission { /* each includes those before it */
                         GITHUB_PERMISSION_NONE,
                         GITHUB_PERMISSION_READ,
                         GITHUB_PERMISSION_TRIAGE,
                         GITHUB_PERMISSION_WRITE,
                         GITHUB_PERMISSION_MAINTAIN,
                         GITHUB_PERMISSION_ADMIN,
};

const char *github_permission_name(enum github_permission permission);

/* A login that is no user has GITHUB_PERMISSION_NONE; a repository that cannot be seen is an error.
 * A role that an organisation made itself counts as the base role GitHub gives for it. */
int github_permission_of(struct github *github, const char *login, enum github_permission *out,
                         struct error *err) MUST_CHECK;
