/* Files that a step leaves in the workspace for the steps after it. What lies in a workspace may be
 * anybody's: a checkout of foreign code can hold a symbolic link where the file is to go. */
#pragma once

#include "base/error.h"

#include <stddef.h>

/* Writes `path`, relative to the folder `workspace`, and makes the folders in between. No symbolic
 * link is followed below the workspace; a file that is there is replaced. What is written belongs
 * to the workspace's owner, so that a runner can clean up behind a container that runs as root. */
int action_results_write(const char *workspace, const char *path, const void *bytes, size_t len,
                         struct error *err) MUST_CHECK;
