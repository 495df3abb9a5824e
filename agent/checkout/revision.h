/*
 * What the user asks for: a name (branch, tag, full or short id, or nothing for the remote's HEAD)
 * and the way from there to an ancestor, as git writes it: `main~2`, `v1.0^`, `HEAD~3^2`.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* So far back does nobody ask; it keeps `~999999999` from taking memory. */
#define REVISION_MAX_STEPS 100000

struct revision {
    char *base;      /* "HEAD" for the remote's default branch; never NULL or empty */
    unsigned *steps; /* from there, one generation each: which parent, counted from 1 */
    size_t step_count;
    bool branch_first; /* of a branch and a tag with this name it means the branch */
};

/* `text` NULL or "" is HEAD. ERROR_USAGE for what no branch, tag or id can be called, and for the
 * forms of git that need a reflog or name something else than a commit. */
int revision_parse(const char *text, struct revision *out, struct error *err) MUST_CHECK;
void revision_release(struct revision *revision);
#define AUTO_REVISION __attribute__((cleanup(revision_release)))

/* 40 hexadecimal characters. */
bool revision_is_full_id(const char *text);
/* 4 to 39 hexadecimal characters. */
bool revision_is_short_id(const char *text);
