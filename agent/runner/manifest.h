/* What `host install` has written: one line each, "<kind> <sha256 or -> <path>[<tab><text>]". A
 * path may stand there twice while an installation replaces one version by another. */
#pragma once

#include "runner/install.h"

struct manifest_entry {
    enum install_kind kind;
    char *path;
    char *digest; /* of the contents; NULL for folders, links and lines */
    char *text;   /* of a link or line, else NULL */
};

struct manifest {
    struct manifest_entry *items;
    size_t count, cap;
};

void manifest_release(struct manifest *manifest);
#define AUTO_MANIFEST __attribute__((cleanup(manifest_release)))

/* A missing file is an empty manifest. ERROR_INPUT: it is damaged. */
int manifest_read(const char *prefix, struct manifest *out, struct error *err) MUST_CHECK;
int manifest_write(const char *prefix, const struct manifest *manifest,
                   struct error *err) MUST_CHECK;
bool manifest_has(const struct manifest *manifest, const char *path);
/* Adds an entry unless the same one is there. */
void manifest_add(struct manifest *manifest, const struct install_item *item, const char *digest);
/* Takes the entries of `path` out whose digest is another one. */
void manifest_keep_only(struct manifest *manifest, const char *path, const char *digest);
