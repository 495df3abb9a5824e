/*
 * What a JSON document is made of, by its first bytes: which keys stand where. That is what tells
 * one harness's file from another's.
 *
 *     json_outline_read(head, len, &outline);
 *     if (json_outline_has(&outline, "results[].times")) …
 *
 * A path is the keys from the top, with "." between them and "[]" for an item of an array. Only
 * what is in sight is known: `head` may end anywhere in the document, and what is behind a mistake
 * in the JSON is not seen.
 */
#pragma once

#include "base/text_pool.h"

#include <stdbool.h>
#include <stddef.h>

#define JSON_OUTLINE_MAX 512 /* different paths that are remembered */
#define JSON_OUTLINE_DEPTH 4 /* keys and items of a path; what is deeper is passed over */

struct json_outline {
    struct text_pool paths;
};

void json_outline_read(const char *head, size_t len, struct json_outline *out);
bool json_outline_has(const struct json_outline *outline, const char *path);
/* Whether all of these, up to a NULL, are there. */
bool json_head_has(const char *head, size_t len, const char *const *paths);
void json_outline_release(struct json_outline *outline);
#define AUTO_JSON_OUTLINE __attribute__((cleanup(json_outline_release)))
