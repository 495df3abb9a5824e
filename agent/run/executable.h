/* What the executables of Rust's bench harnesses have in common. */
#pragma once

#include "base/strbuf.h"
#include "model/bench_target.h"
#include "run/harness.h"
#include "sandbox/sandbox.h"

#include <stdbool.h>
#include <stddef.h>

#define EXECUTABLE_TEXT_MAX 64 /* bytes of a text to look for */

/* Whether any of `texts` stands somewhere in the file. It is foreign: one that is no plain file has
 * none. */
bool executable_has_text(const struct sandbox *sandbox, const char *path, const char *const *texts,
                         size_t count);

/* A step that runs it, in its package's folder. The step borrows `name`, `argv` and `env`. */
struct job_step executable_step(const struct harness *harness, const struct bench_target *target,
                                const char *name, const struct strlist *argv,
                                const struct strlist *env);
/* Runs a step to a good end and reads what it printed on stdout, at most `max` bytes. */
int executable_output(const struct harness *harness, const struct job_step *step, size_t max,
                      struct strbuf *text, struct error *err) MUST_CHECK;
/* Adds what "--list --format terse" behind `argv` names to `names`. */
int executable_list(const struct harness *harness, const struct bench_target *target,
                    struct strlist *argv, struct strlist *names, struct error *err) MUST_CHECK;
