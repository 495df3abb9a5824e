/*
 * The Rust toolchain: the one that the target's rust-toolchain(.toml) asks for, where it is
 * installed. It is used directly, without rustup's proxies: they would download what is missing.
 */
#pragma once

#include "base/error.h"

struct toolchain {
    char *name;  /* "1.95.0-x86_64-unknown-linux-gnu", or "system" for one from PATH */
    char *asked; /* what the target asks for, NULL when it does not */
    char *bin;   /* the folder of cargo and rustc */
    char *root;  /* what has to be readable to use it */
    char *cargo; /* absolute path */
    char *rustc; /* absolute path */
};

/* Finds it for the package in `folder`, which lies in the checkout `root`. `override` (--toolchain,
 * or the configuration's) wins over the file. ERROR_NOT_FOUND tells what is asked for, what is
 * installed and what to do. */
int toolchain_find(const char *root, const char *folder, const char *override,
                   struct toolchain *out, struct error *err) MUST_CHECK;
void toolchain_release(struct toolchain *toolchain);
#define AUTO_TOOLCHAIN __attribute__((cleanup(toolchain_release)))
