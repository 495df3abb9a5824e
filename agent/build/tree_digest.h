/* What generated data depends on, as one digest. */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

/* The SHA-256 over `words`, and over the names and contents of the files in `paths` (files or
 * folders, from `root`; links are not followed). A fresh string. A path that does not exist counts
 * as empty. */
int tree_digest(const char *root, const struct strlist *paths, const struct strlist *words,
                char **out, struct error *err) MUST_CHECK;
