/* compare --stdin: the rule of `compare --history` on numbers from standard input. */
#pragma once

#include "base/error.h"

/* Reads {"alpha": A, "together": BOOL, "tests": [{"history": […], "values": […]}, …]} and prints a
 * verdict for each test, one JSON object a line in an array. `alpha` (default .05) is the error
 * rate of all tests together (Holm), or with "together": false of each alone. */
int compare_stdin(struct error *err) MUST_CHECK;
