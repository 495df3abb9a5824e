/* Files of the repository, read from GitHub instead of a clone. Permission: contents: read. */
#pragma once

#include "github/github.h"

/* The text of a file of at most 1 MB at a branch, tag or commit, as a fresh string.
 * ERROR_NOT_FOUND: no such file there; ERROR_INPUT: it is a folder or a link, larger, or no text.
 */
int github_file_get(struct github *github, const char *path, const char *rev, char **out,
                    struct error *err) MUST_CHECK;
