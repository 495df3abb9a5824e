/* Commits of the repository, read from GitHub instead of a clone. Permission: contents: read. */
#pragma once

#include "github/github.h"

#define GITHUB_SHA_SIZE 41

struct github_commit {
    char sha[GITHUB_SHA_SIZE];
    char parent[GITHUB_SHA_SIZE]; /* the first one; "" for a root */
    size_t parents;
    int64_t author_s, commit_s; /* Unix seconds */
    char *subject;              /* first line of the message */
    char *message;
    char *author; /* login where GitHub knows one, else the name */
};

struct github_commits {
    struct github_commit *items; /* newest first */
    size_t count, cap;
    bool more; /* there were more than `max` */
};

void github_commit_release(struct github_commit *commit);
void github_commits_release(struct github_commits *list);
#define AUTO_GITHUB_COMMIT __attribute__((cleanup(github_commit_release)))
#define AUTO_GITHUB_COMMITS __attribute__((cleanup(github_commits_release)))

struct github_commit_query {
    const char *branch; /* a branch, tag or commit to start from; NULL: the default branch */
    const char *path;   /* only commits that touch it; NULL: all. Not with first_parent */
    const char *after;  /* a commit (40 hex) at which the list ends, itself left out; NULL: none */
    int64_t since_s, until_s; /* by commit time, inclusive; 0: no bound */
    bool first_parent;        /* leaves out what a merge brought in: the branch's own line */
    size_t max;               /* 0: 10,000 */
};

/* Appends to `out`. With `after` on the line, nothing older than it is asked for. */
int github_commits_list(struct github *github, const struct github_commit_query *query,
                        struct github_commits *out, struct error *err) MUST_CHECK;
/* One commit by full or short id, branch or tag. ERROR_NOT_FOUND. */
int github_commit_get(struct github *github, const char *rev, struct github_commit *out,
                      struct error *err) MUST_CHECK;
/* The commit that a branch, tag or short id names. */
int github_resolve(struct github *github, const char *rev, char sha[GITHUB_SHA_SIZE],
                   struct error *err) MUST_CHECK;

enum github_relation { GITHUB_IDENTICAL, GITHUB_AHEAD, GITHUB_BEHIND, GITHUB_DIVERGED };

struct github_comparison {
    enum github_relation relation; /* of head to base */
    int64_t ahead, behind;         /* commits */
    char merge_base[GITHUB_SHA_SIZE];
};

int github_compare(struct github *github, const char *base, const char *head,
                   struct github_comparison *out, struct error *err) MUST_CHECK;
