/* The side table `expected_changes`: which changes of speed somebody has announced or accepted. */
#pragma once

#include "model/expected.h"
#include "store/database.h"

#define EXPECTED_CHANGES_TABLE "expected_changes"

/* The same project, commit and glob is one row: what is there already stays as it is. */
int expected_changes_put(struct database *db, const struct expected_changes *changes,
                         struct error *err) MUST_CHECK;
/* All of them, in no order; appends. A database without the table has none. */
int expected_changes_read(struct database *db, struct expected_changes *out,
                          struct error *err) MUST_CHECK;
