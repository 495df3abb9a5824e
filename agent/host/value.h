/*
 * What the text of a knob's file means: the same setting is written in more than one way, and some
 * files are not written the way they are read.
 */
#pragma once

#include <stdbool.h>

enum value_form {
    VALUE_TEXT,   /* as it stands, but for white space at its ends */
    VALUE_CHOICE, /* "always [madvise] never": the word in brackets; only the word is written */
    VALUE_MASK,   /* a CPU mask in hexadecimal: "0000000f" is "f" */
    VALUE_LIST,   /* a CPU list: "0,1" is "0-1" */
    VALUE_CPUSET, /* a list of cgroup controllers; "+cpuset" and "-cpuset" are written */
};

/* The setting that `raw` tells, as a fresh string that can be compared and shown. */
char *value_of(enum value_form form, const char *raw);
bool value_equal(enum value_form form, const char *a, const char *b);
/* What is to be written so that the file whose text is `raw` tells `wanted`; fresh. A tree of plain
 * files (`plain`) keeps the form in which the kernel would answer. */
char *value_to_write(enum value_form form, const char *raw, const char *wanted, bool plain);
/* What is to be written to get back the file's text `raw`; fresh. */
char *value_to_restore(enum value_form form, const char *raw, bool plain);
