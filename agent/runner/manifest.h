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

struct install_manifest {
    struct manifest_entry *items;
    size_t count, cap;
};

void install_manifest_release(struct install_manifest *manifest);
#define AUTO_INSTALL_MANIFEST __attribute__((cleanup(install_manifest_release)))

/* A missing file is an empty manifest. ERROR_INPUT: it is damaged. */
int install_manifest_read(const char *prefix, struct install_manifest *out,
                          struct error *err) MUST_CHECK;
int install_manifest_write(const char *prefix, const struct install_manifest *manifest,
                           struct error *err) MUST_CHECK;
bool install_manifest_has(const struct install_manifest *manifest, const char *path);
/* Adds an entry unless the same one is there. */
void install_manifest_add(struct install_manifest *manifest, const struct install_item *item,
                          const char *digest);
/* Takes the entries of `path` out whose digest is another one. */
void install_manifest_keep_only(struct install_manifest *manifest, const char *path,
                                const char *digest);
