/* A benchmark executable as the build leaves it and the run takes it. */
#pragma once

#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>

enum bench_harness {
    BENCH_CRITERION,
    BENCH_LIBTEST, /* Rust's own: #[bench] */
};

struct bench_target {
    char *package;              /* the crate's name */
    char *version;              /* the crate's version */
    char *bench;                /* the bench target's name */
    char *folder;               /* of the package's Cargo.toml: where cargo runs it */
    char *executable;           /* NULL until it is built */
    char *filter;               /* on benchmark names, may be NULL */
    struct strlist arguments;   /* further ones for the program */
    enum bench_harness harness; /* once it is built */
};

struct bench_targets {
    struct bench_target *items;
    size_t count, cap;
};

/* A fresh, empty one at the end of the list. */
struct bench_target *bench_targets_add(struct bench_targets *targets);
void bench_targets_release(struct bench_targets *targets);
#define AUTO_BENCH_TARGETS __attribute__((cleanup(bench_targets_release)))
