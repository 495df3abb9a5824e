/*
 * Where in a Rust file a Criterion benchmark is written. A benchmark's name is what its group, its
 * function and its parameter are called, with slashes between them; only the first two may stand in
 * the source as they are, and each may have slashes of its own.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct rust_place {
    int64_t line;   /* from 1 */
    size_t matched; /* how many bytes of the name stand in the source: the more, the surer */
};

/* Looks for the longest beginning of `name`, cut at a slash, that is the first argument of
 * benchmark_group(), bench_function(), bench_with_input() or BenchmarkId::new(), and behind it for
 * the longest beginning of what is left. The line is that of the last one found. line 0: nothing of
 * the name is there. */
struct rust_place rust_benchmark(const char *text, const char *name);
