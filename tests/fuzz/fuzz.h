/*
 * What the fuzzers share. Each is one libFuzzer target: it reads the bytes as its format does and
 * aborts when what comes out breaks a rule of format.h. tests/fuzz/run.sh builds and runs them,
 * with a window of a few bytes, so that every token meets its edge.
 */
#pragma once

#include "parse/format.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program with `what` when it does not hold; not an assert, which a flag could remove. */
void fuzz_require(int holds, const char *what);

/* Holds a measurement to the rules: a name of valid UTF-8, finite values not below zero, details
 * that are a JSON object. */
void fuzz_check_measurement(const struct measurement *m);

/* Parses the bytes; a failure must have one of the codes that callers expect, and a message of one
 * line. Warnings are not printed. */
void fuzz_format(const char *name, const uint8_t *data, size_t size);
/* The same for whatever input. */
void fuzz_input(const char *name, struct input *input);
void fuzz_check_error(int code, const struct error *err);
