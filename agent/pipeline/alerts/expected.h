/* Which changes are announced: by the messages of a branch's commits (model/expected.h), and by a
 * label of the pull requests that were merged. */
#pragma once

#include "github/github.h"
#include "store/database.h"

#define EXPECTED_COMMITS 1000 /* so far back a branch is read */
#define EXPECTED_PULLS 50     /* so many pull requests are asked for */

struct expected_source {
    const char *repo;    /* URL or folder */
    const char *branch;  /* NULL: the default one */
    const char *project; /* NULL: the last part of the repository's address */
    const char *ca_file; /* as in struct checkout_request */
};

/* Notes what the newest EXPECTED_COMMITS commits of the branch's first-parent line say. What is
 * noted already stays. */
int expected_note(struct database *db, const struct expected_source *source,
                  struct error *err) MUST_CHECK;
/* Notes that with each of the newest EXPECTED_PULLS merged pull requests that have the label, all
 * benchmarks of the project may have changed. */
int expected_note_label(struct database *db, struct github *github, const char *label,
                        const char *project, struct error *err) MUST_CHECK;
