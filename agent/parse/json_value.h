/*
 * Reading JSON by what is expected: each call takes one whole value, or fails with what was found
 * in its place.
 *
 *     rc = json_enter(&reader, JSON_OBJECT_BEGIN, err);
 *     while (!rc && !(rc = json_next_key(&reader, &more, err)) && more) {
 *         if (json_text_is(&reader, "id"))
 *             rc = json_read_string(&reader, err);
 *         else
 *             rc = json_skip(&reader, err);
 *     }
 */
#pragma once

#include "parse/json_reader.h"

#define JSON_LIST_MAX ((size_t)1 << 24) /* numbers in one list */

struct double_list {
    double *items;
    size_t count, cap;
};

struct u64_list {
    uint64_t *items;
    size_t count, cap;
};

/* `container` is JSON_OBJECT_BEGIN or JSON_ARRAY_BEGIN. */
int json_enter(struct json_reader *r, enum json_token container, struct error *err) MUST_CHECK;
/* In an object: the next key goes to r->text; *more is false once the object has ended. */
int json_next_key(struct json_reader *r, bool *more, struct error *err) MUST_CHECK;
/* In an array: whether another item follows; it is still to be read. */
int json_next_item(struct json_reader *r, bool *more, struct error *err) MUST_CHECK;
/* Behind the document: nothing but white space is left of it. */
int json_finish(struct json_reader *r, struct error *err) MUST_CHECK;

/* Whether the latest key or string is `s`. */
bool json_text_is(const struct json_reader *r, const char *s);

/* The string goes to r->text. */
int json_read_string(struct json_reader *r, struct error *err) MUST_CHECK;
/* A string, or null: then *present is false. */
int json_read_string_or_null(struct json_reader *r, bool *present, struct error *err) MUST_CHECK;
/* A string replaces what is in `out`; null empties it. */
int json_read_text(struct json_reader *r, struct strbuf *out, struct error *err) MUST_CHECK;
/* Takes the value if it is null, and leaves any other. */
int json_try_null(struct json_reader *r, bool *was_null, struct error *err) MUST_CHECK;
int json_read_bool(struct json_reader *r, bool *out, struct error *err) MUST_CHECK;
/* A finite number. */
int json_read_double(struct json_reader *r, double *out, struct error *err) MUST_CHECK;
/* A whole number from 0 to 2^64 - 1, written without point and exponent. */
int json_read_u64(struct json_reader *r, uint64_t *out, struct error *err) MUST_CHECK;

/* An array of finite numbers, or of whole ones. Replaces what is in the list; on failure the list
 * holds what stood in front of it. Not read token by token: this is the speed of the program. */
int json_read_doubles(struct json_reader *r, struct double_list *out, struct error *err) MUST_CHECK;
int json_read_u64s(struct json_reader *r, struct u64_list *out, struct error *err) MUST_CHECK;

int json_skip(struct json_reader *r, struct error *err) MUST_CHECK;
/* Appends the value as compact JSON, NaN and the infinities as null. More than `max` bytes are an
 * error. */
int json_copy(struct json_reader *r, struct strbuf *out, size_t max, struct error *err) MUST_CHECK;
