/*
 * Where in a Python file a test is written.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The line, from 1, of `def FUNCTION(`: of the first at the left margin, or with `class` of the
 * first that is indented behind `class CLASS`. 0: there is none. What strings and comments say is
 * not told apart from code, but a definition stands at the beginning of its line. */
int64_t python_definition(const char *text, const char *class, const char *function);
