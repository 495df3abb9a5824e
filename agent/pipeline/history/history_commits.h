/*
 * The commits of a history and what is known of their order: along first parents where these are
 * known, else by time. A commit never comes before its first parent, whatever their clocks said.
 */
#pragma once

#include "store/commits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct history_commit {
    char *id;      /* 40 characters where known, else their beginning, else the version */
    char *version; /* of the project, NULL when not known */
    char *project; /* NULL when not known */
    char *subject; /* first line of its message, NULL when not known */
    int64_t time;  /* Unix seconds, as the commit says */
    struct history_commit *parent; /* the first one, NULL when not known */
    size_t depth;                  /* known first parents behind it */
    int64_t order;                 /* its time, or its first parent's order where that is later */
    bool measured;
    bool chosen;   /* by the latest history_commits_choose…() */
    size_t number; /* for the one who holds the history to number them */
};

struct history_commits {
    struct history_commit **items; /* by id, once they are linked */
    size_t count, cap;
};

void history_commits_release(struct history_commits *commits);

/* A commit that was measured. The same id may come again. */
void history_commits_add(struct history_commits *commits, const char *project, const char *id,
                         const char *version, int64_t time);
/* Adds those of the table that are of the same projects, links all and computes their order. The
 * beginning of an id is one with the id where only one begins so. */
void history_commits_link(struct history_commits *commits, const struct stored_commits *known);
/* The commit that `id` is, or is the beginning of, or begins with; NULL: none, or more than one,
 * which `several` (may be NULL) says. */
struct history_commit *history_commits_find(const struct history_commits *commits, const char *id,
                                            bool *several);

/* Earlier before later, for qsort-like use on two commits of one project. */
int history_commit_compare(const struct history_commit *a, const struct history_commit *b);
/* Chooses the main line: of each set of commits that first parents link, the newest measured one
 * and its ancestors. What is left lies on side branches. */
void history_commits_choose_main(struct history_commits *commits);
/* Chooses the ancestors of `head`: by first parents, and of commits that none links to it those
 * that are earlier. Not `head` itself. */
void history_commits_choose_before(struct history_commits *commits,
                                   const struct history_commit *head);
