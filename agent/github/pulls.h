/* Pull requests. Permission: pull-requests: read. */
#pragma once

#include "base/strlist.h"
#include "github/github.h"

struct github_pull {
    int64_t number;
    char *state; /* open, closed */
    char *title, *author, *url;
    char *head_sha, *head_ref;
    char *head_repo; /* "owner/name"; "" when the fork is gone */
    char *base_sha, *base_ref, *base_repo;
    char *merge_sha; /* once it is merged: the commit on the base branch; else "", or any */
    bool draft, merged;
    struct strlist labels;
};

void github_pull_release(struct github_pull *pull);
#define AUTO_GITHUB_PULL __attribute__((cleanup(github_pull_release)))

int github_pull_get(struct github *github, int64_t number, struct github_pull *out,
                    struct error *err) MUST_CHECK;

struct github_pulls {
    struct github_pull *items;
    size_t count, cap;
};
void github_pulls_release(struct github_pulls *list);
#define AUTO_GITHUB_PULLS __attribute__((cleanup(github_pulls_release)))

/* Open pull requests, the most recently updated first; max 0: 1,000. Appends. */
int github_pulls_list(struct github *github, size_t max, struct github_pulls *out,
                      struct error *err) MUST_CHECK;
/* Merged pull requests with a label, the most recently updated first, `max` of them at the most.
 * Appends. */
int github_pulls_merged(struct github *github, const char *label, size_t max,
                        struct github_pulls *out, struct error *err) MUST_CHECK;
