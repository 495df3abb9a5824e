/* Which files root may believe: those that nobody else can have written. */
#pragma once

#include "base/error.h"

/* `path` and each folder above it, up to `root` ("" for the real machine), has to belong to root
 * and be writable by root alone; none may be a symbolic link. ERROR_FAILURE names the one that is
 * not so, ERROR_NOT_FOUND the one that is missing. */
int trust_check(const char *root, const char *path, struct error *err) MUST_CHECK;
