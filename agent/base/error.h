/*
 * Errors: one idiom for every fallible call.
 *
 *     int noun_verb(inputs…, out…, struct error *err);
 *
 * returns 0, or one of the negative codes below after it has written the reason to `err`. The error
 * lives on the caller's stack and may be NULL. Each level adds what it was doing with error_wrap();
 * only main() prints it, once, as one line. An out parameter is untouched on failure.
 */
#pragma once

#include <stdbool.h>

/* Few codes: callers branch on these and on nothing finer. main() maps each to an exit code. */
enum error_code {
    ERROR_OK = 0,
    ERROR_FAILURE = -1,        /* anything without a code of its own */
    ERROR_USAGE = -2,          /* the command line or a configuration file is wrong */
    ERROR_NO_DATA = -3,        /* nothing to show, publish or compare */
    ERROR_BUILD = -4,          /* the target's build or benchmark failed */
    ERROR_NOT_COMPARABLE = -5, /* two things that cannot be held against each other */
    ERROR_UNREACHABLE = -6,    /* the database or a remote could not be reached */
    ERROR_INTERRUPTED = -7,    /* Ctrl-C or SIGTERM */
    ERROR_INPUT = -8,          /* a file or message that cannot be read as what it should be */
    ERROR_NOT_FOUND = -9,      /* a commit, table, file or program that does not exist */
    ERROR_SPOOLED = -11,  /* the database could not be reached; the results wait in the spool */
    ERROR_CONFLICT = -10, /* somebody else changed it meanwhile; trying again may help */
};

struct error {
    int code;
    char message[2048];
};

#define ERROR_INIT \
    {              \
        0          \
    }

/* Sets the reason and returns `code`, for `return error_set(err, …)`. A newline in the text is kept
 * out of the one line that main() prints: it is shown as "\n". */
int error_set(struct error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* error_set() with ": " and strerror(errno_value) behind it. */
int error_errno(struct error *err, int code, int errno_value, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts "context: " in front of the reason that is there; returns the code that is there. */
int error_wrap(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define MUST_CHECK __attribute__((warn_unused_result))
