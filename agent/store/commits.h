/*
 * The side table `commits`: what is known of the commits of a project, each once. Whoever meets a
 * commit that is to be measured notes it here, whether it has been measured or not, so that a
 * history can be drawn, and a commit that got lost on its way to a runner be found again, without
 * asking the repository.
 */
#pragma once

#include "model/commit.h"
#include "store/database.h"

#define COMMITS_TABLE "commits"

struct stored_commit {
    struct commit commit;
    char *project;
};

struct stored_commits {
    struct stored_commit *items;
    size_t count, cap;
};

void stored_commits_release(struct stored_commits *commits);
#define AUTO_STORED_COMMITS __attribute__((cleanup(stored_commits_release)))

/* Writes the rows in one commit of the table, replacing those with the same ids. What the commits'
 * messages say of expected changes goes into expected_changes.h, before the rows. */
int commits_put(struct database *db, const char *project, const struct commit *commits,
                size_t count, struct error *err) MUST_CHECK;
/* All of them, in no order. A database without the table has none. */
int commits_read(struct database *db, struct stored_commits *out, struct error *err) MUST_CHECK;
