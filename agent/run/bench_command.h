/* Running benchmark programs that write a known format by themselves (Google Benchmark,
 * hyperfine…). */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "model/bench_command.h"
#include "run/harness.h"

/* What the program, with `arguments` behind its own, prints: one line a name. For harnesses that
 * can tell. */
int bench_command_list(const struct harness *harness, const struct bench_command *command,
                       const struct strlist *arguments, struct strlist *names,
                       struct error *err) MUST_CHECK;

/* Runs it, with `arguments` behind its own; *results is the agent's own copy of what it wrote, a
 * fresh string. With the CPU clock the program is judged as a whole. ERROR_BUILD when it failed,
 * wrote nothing, or CPU time does not fit it. */
int bench_command_run(const struct harness *harness, const struct bench_command *command,
                      const struct strlist *arguments, char **results,
                      struct error *err) MUST_CHECK;
