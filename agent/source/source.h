/*
 * Where in a checkout a benchmark is written, so that what became of it can be shown there. It is
 * told from the name that the harness gave the benchmark and from the text of the files, without
 * running anything: a place that is not certain is none.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source_tree {
    char *root;
    struct strlist python,
        rust; /* paths relative to the root: *.py, and *.rs in folders `benches` */
};

#define AUTO_SOURCE_TREE __attribute__((cleanup(source_tree_release)))
void source_tree_release(struct source_tree *tree);

/* At most so many entries of folders are looked at, so deep; links, folders whose names begin with
 * a dot, and those that hold products (target, node_modules, site-packages) are not. */
#define SOURCE_ENTRIES_MAX 200000
#define SOURCE_DEPTH_MAX 12
/* A larger file has no benchmark. */
#define SOURCE_BYTES_MAX ((size_t)2 << 20)

/* Lists what could hold benchmarks below the folder. ERROR_NOT_FOUND: no such folder. */
int source_tree_read(const char *root, struct source_tree *out, struct error *err) MUST_CHECK;

struct source_place {
    const char *file; /* relative to the root; the tree's */
    int64_t line;     /* from 1 */
};

/*
 * false: not found, or found in two places that are equally likely. Names are understood as
 *  - pytest writes them: "PATH::test_x[7]", "PATH::TestX::test_y". PATH begins at the root or, when
 *    one file alone ends so, further down;
 *  - Criterion does: see rust_source.h. Of several files the one with most of the name counts.
 */
bool source_find(const struct source_tree *tree, const char *benchmark, struct source_place *out);
