/* Where the policy of a command comes from: --config FILE, or lance-bench.json of the repository
 * that --repo names, at --base. Never from the folder the command happens to run in: that may be
 * the checkout of a pull request. */
#pragma once

#include "command/command.h"
#include "config/policy.h"

struct policy_source {
    const char *repo; /* URL or folder; NULL: none */
    const char *base; /* branch, tag or id; NULL: the default branch */
};

/* The option rows, for a struct that has such a member `field`. */
#define POLICY_SOURCE_ROWS(type, field)                                            \
    OPTION(type, field.repo, OPTION_STRING, "repo", "REPO",                        \
           "take thresholds and aliases from this repository's lance-bench.json"), \
        OPTION(type, field.base, OPTION_STRING, "base", "REV",                     \
               "with --repo: as it is there (default: its default branch)")

/* Without a source, and where the repository has no such file, the policy is empty. */
int command_policy(const struct globals *globals, const struct policy_source *source,
                   struct policy *out, struct error *err) MUST_CHECK;
