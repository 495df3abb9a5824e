/*
 * Where the commits of a branch come from: a git repository (a folder or a URL, through libgit2) or
 * GitHub's API ("github:owner/name"). Both give the branch's own line, the first parents, newest
 * first; what a merge brought in counts with the merge.
 */
#pragma once

#include "model/commit.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* As far back as anybody looks. */
#define SOURCE_MAX ((size_t)10000)

struct source_request {
    const char *repo;   /* folder, URL or "github:owner/name" */
    const char *branch; /* NULL: the repository's own */
    const char *ca_file;
    const char *token_file; /* for GitHub's API; NULL: the environment */
};

struct commit_list {
    struct commit *items; /* newest first */
    size_t count, cap;
    bool cut; /* the history goes on, and the repository does not have it: a shallow clone */
};

void commit_list_release(struct commit_list *list);
#define AUTO_COMMIT_LIST __attribute__((cleanup(commit_list_release)))

/* The newest `count` commits, or as many as there are. Replaces what is in `out`. ERROR_NOT_FOUND:
 * no such repository or branch. */
int source_list(const struct source_request *request, size_t count, struct commit_list *out,
                struct error *err) MUST_CHECK;
/* What the project is called where nobody says: the last part of the repository's address. A fresh
 * string. */
char *source_project(const char *repo);
/* "owner/name" of "github:owner/name", else NULL. Borrowed from `repo`. */
const char *source_github(const char *repo);
/* What `run` is to check out: the repository itself, or the address of the one on GitHub. A fresh
 * string. */
char *source_remote(const char *repo);
