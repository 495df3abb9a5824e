/* The trailers of a branch: which changes its commits' messages announce (model/expected.h). */
#pragma once

#include "store/database.h"

#define EXPECTED_COMMITS 1000 /* so far back a branch is read */

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
