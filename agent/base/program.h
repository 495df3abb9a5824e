/* Asking a program of this machine something: its version, where it lives. Never for foreign code,
 * which sandbox/process.h runs. */
#pragma once

#include "base/error.h"

#include <stddef.h>

#define PROGRAM_OUTPUT_MAX ((size_t)64 << 10)

/* Runs argv[0] (looked for in PATH) with the agent's own environment and gives what it prints to
 * standard output, without the last line break, as a fresh string. ERROR_NOT_FOUND: there is no
 * such program. ERROR_FAILURE: it failed; what it says on standard error is dropped. */
int program_output(const char *const *argv, char **out, struct error *err) MUST_CHECK;
