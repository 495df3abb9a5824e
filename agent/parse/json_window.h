/*
 * A window of fixed size that moves over an input: what the JSON reader sees of it.
 *
 * The bytes in sight are [pos, end). Behind them stand JSON_PADDING zero bytes, so that a scan that
 * stops at NUL, which JSON allows nowhere, needs no other bound; it then has to look whether it met
 * the end of the window. Pointers into the window hold until the next json_window_*() call.
 */
#pragma once

#include "base/error.h"
#include "parse/input.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_PADDING 16
/* The fuzzers make these two small, so that every token meets the edge of the window. */
#ifndef JSON_WINDOW_SIZE
#define JSON_WINDOW_SIZE (256 << 10)
#endif
#ifndef JSON_AHEAD
#define JSON_AHEAD 1024 /* bytes in sight for any token but a string: the longest number */
#endif
#define JSON_DOCUMENT_MAX ((uint64_t)256 << 20) /* bytes of one document or line */

enum json_failure {
    JSON_FINE,
    JSON_SYNTAX, /* this document is broken */
    JSON_LIMIT,  /* too long, too deep: not to be read on */
    JSON_READ,   /* the input cannot be read */
};

struct json_window {
    struct input *input; /* borrowed */
    char *buf;
    char *pos, *end;
    uint64_t offset;   /* of buf[0] in the input */
    uint64_t lines;    /* newlines in front of buf[0] */
    uint64_t document; /* offset at which the present document began */
    bool at_end;       /* nothing comes behind `end` */
    enum json_failure failure;
};

void json_window_init(struct json_window *w, struct input *input);
void json_window_release(struct json_window *w);

/* Drops what lies in front of pos and fills up. At the end of the input this changes nothing. */
int json_window_fill(struct json_window *w, struct error *err) MUST_CHECK;

/* At least JSON_AHEAD bytes in sight, or all that are left. */
static inline int MUST_CHECK json_window_ahead(struct json_window *w, struct error *err)
{
    return w->end - w->pos >= JSON_AHEAD || w->at_end ? 0 : json_window_fill(w, err);
}

/* The offset of pos in the input, from 0. */
static inline uint64_t json_window_offset(const struct json_window *w)
{
    return w->offset + (uint64_t)(w->pos - w->buf);
}

/* The line of pos, from 1. */
uint64_t json_window_line(const struct json_window *w);

/* Records the failure; the error is an ERROR_INPUT "line 3, byte 1042: …", where the byte is
 * counted from 1 at the beginning of the input. */
int json_window_fail(struct json_window *w, enum json_failure failure, uint64_t offset,
                     struct error *err, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
