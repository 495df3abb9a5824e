/* The machine's Python. */
#pragma once

#include "base/error.h"

struct interpreter {
    char *path;    /* the program itself, not a shim in front of it */
    char *prefix;  /* the folder of its library: has to be readable */
    char *version; /* "3.11.2" */
};

/* `wanted` is a name or a path; NULL: python3. ERROR_NOT_FOUND where there is none. */
int interpreter_find(const char *wanted, struct interpreter *out, struct error *err) MUST_CHECK;
void interpreter_release(struct interpreter *interpreter);
#define AUTO_INTERPRETER __attribute__((cleanup(interpreter_release)))
