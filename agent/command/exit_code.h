/* The exit codes of every command: the one list. The help and the README print it from here. */
#pragma once

#define EXIT_CODES(X)                                                        \
    X(0, "fine")                                                             \
    X(1, "failure: the line on stderr says what, where and what to do")      \
    X(2, "a regression was found")                                           \
    X(3, "no data: nothing to show, publish or compare")                     \
    X(4, "the target's build or benchmark failed")                           \
    X(5, "not comparable")                                                   \
    X(6, "the database could not be reached; the results wait in the spool") \
    X(129, "wrong usage")                                                    \
    X(130, "interrupted")

#define EXIT_REGRESSION 2

/* The exit code for a negative code of base/error.h; 0 for 0. */
int exit_code_of(int error_code);
