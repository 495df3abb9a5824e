/* run: benchmarks that are a program, the `commands` of the configuration. */
#pragma once

#include "pipeline/run/run_state.h"
#include "run/harness.h"

/* Whether their formats are known, and what of them the command line leaves; needs the checkout.
 * ERROR_USAGE. */
int run_commands_choose(struct run *run, struct error *err) MUST_CHECK;
/* Builds them one after the other, and adds their parts. */
int run_commands_build(struct run *run, struct error *err) MUST_CHECK;
/* The steps of --dry-run. */
void run_commands_plan(const struct run *run);

/* That of a part, or NULL for a part of another kind. */
const struct command_config *run_command_of(const struct run *run, const struct run_part *part);
/* The names of its benchmarks, where the harness can tell. */
int run_command_list(struct run *run, const struct harness *harness, struct run_part *part,
                     struct error *err) MUST_CHECK;
int run_command_measure(struct run *run, const struct harness *harness, struct run_part *part,
                        struct error *err) MUST_CHECK;
/* Path of its program, a fresh string; NULL where there is none, or the machine has it. */
char *run_command_executable(const struct run *run, const struct run_part *part);
