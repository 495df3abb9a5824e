/* Running the executables of Criterion benches, each by itself. */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "model/bench_target.h"
#include "run/harness.h"

#include <stdbool.h>

/* Whether the executable is made with the criterion crate: it then has some of the crate's messages
 * and variable names in it, whatever its main function looks like. */
bool criterion_is_harness(const struct sandbox *sandbox, const struct bench_target *target);

/* The names of the benchmarks in it that its filter lets through, in its own order. */
int criterion_list(const struct harness *harness, const struct bench_target *target,
                   struct strlist *names, struct error *err) MUST_CHECK;

/* Runs it; *results is the folder with what it measured (parse/criterion_folder.h), checked, a
 * fresh string. ERROR_BUILD when it crashed, hung, printed too much or measured nothing. */
int criterion_run(const struct harness *harness, const struct bench_target *target, char **results,
                  struct error *err) MUST_CHECK;
