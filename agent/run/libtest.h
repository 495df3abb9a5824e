/* Running the executables of Rust's own bench harness (`#[bench]`), each by itself. */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "model/bench_target.h"
#include "run/harness.h"

#include <stdbool.h>

/* Whether the executable has that harness in it: the variables that it reads are named there. One
 * made with Criterion may have too. */
bool libtest_is_harness(const struct sandbox *sandbox, const struct bench_target *target);

/* The names of the benchmarks in it that its filter lets through: those that have the filter in
 * them, which is no regular expression here. ERROR_BUILD: it answers as no such harness does. */
int libtest_list(const struct harness *harness, const struct bench_target *target,
                 struct strlist *names, struct error *err) MUST_CHECK;

/* Runs it; *results is a file with what it printed (parse/libtest.h), a fresh string. Benchmarks
 * that the CPU clock does not fit are left out of it. ERROR_BUILD as for criterion_run(). */
int libtest_run(const struct harness *harness, const struct bench_target *target, char **results,
                struct error *err) MUST_CHECK;
