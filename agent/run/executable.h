/* What the executables of Rust's bench harnesses have in common. */
#pragma once

#include "base/strlist.h"
#include "sandbox/sandbox.h"

#include <stdbool.h>
#include <stddef.h>

#define EXECUTABLE_TEXT_MAX 64 /* bytes of a text to look for */

/* Whether any of `texts` stands somewhere in the file. It is foreign: one that is no plain file has
 * none. */
bool executable_has_text(const struct sandbox *sandbox, const char *path, const char *const *texts,
                         size_t count);

/* The benchmarks among what `--list --format terse` prints: lines "group/name: benchmark". */
void executable_take_names(const char *text, struct strlist *names);
