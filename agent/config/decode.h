/*
 * JSON into a struct, by a table: one row a key. What the table does not have is an error with a
 * suggestion, and every error carries the path of its place in the document
 * ("rust.crates[1].name").
 */
#pragma once

#include "base/error.h"

#include <stddef.h>

struct cJSON;

enum decode_kind {
    DECODE_IGNORED,  /* allowed, means nothing here ("$schema") */
    DECODE_STRING,   /* char *, non-empty */
    DECODE_BOOL,     /* bool */
    DECODE_DURATION, /* double, seconds: a number of seconds, or a string such as "90s", "2h" */
    DECODE_STRINGS,  /* struct strlist; a single string is a list of one */
    DECODE_CHOICE,   /* int: the index in `choices` */
    DECODE_OBJECT,   /* a struct inside the struct, by `fields` */
    DECODE_CUSTOM,   /* by `custom` */
};

struct decode_field {
    const char *key;
    enum decode_kind kind;
    size_t offset;                     /* of the member in the struct that the table describes */
    const char *const *choices;        /* NULL-terminated */
    const struct decode_field *fields; /* ends with a NULL key */
    /* Reads `value`, which is at `path`, into the member. */
    int (*custom)(const struct cJSON *value, const char *path, void *member, struct error *err);
};

/* Reads `object` into `target` by `fields`. Keys that are absent leave their member as it is. On
 * failure the members read so far stay, to be released with the struct. ERROR_USAGE. */
int decode_object(const struct cJSON *object, const struct decode_field *fields, const char *path,
                  void *target, struct error *err) MUST_CHECK;
