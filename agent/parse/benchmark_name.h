/* What a benchmark may be called, and how a message names it. */
#pragma once

#include "base/error.h"
#include "base/strbuf.h"

#define BENCHMARK_LABEL_SIZE 128

/* ERROR_INPUT for a name that is empty, longer than BENCHMARK_NAME_MAX, or has a NUL in it. */
int benchmark_name_check(const struct strbuf *name, struct error *err) MUST_CHECK;
/* "benchmark X" for a message; a long name is cut at a character and ends in "...". An empty one
 * gives "a benchmark". */
void benchmark_label(const struct strbuf *name, char out[BENCHMARK_LABEL_SIZE]);
