/*
 * Writing small JSON objects by hand, one key after another. Each call puts a comma in front where
 * `out` does not end in "{" or "[". Keys are names of this program and stand as they are.
 */
#pragma once

#include "base/strbuf.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stdint.h>

/* `"key":`, for a value that the caller writes. */
void json_key(struct strbuf *out, const char *key);
/* NULL is null. */
void json_text(struct strbuf *out, const char *key, const char *value);
void json_list(struct strbuf *out, const char *key, const struct strlist *list);
void json_integer(struct strbuf *out, const char *key, int64_t value);
void json_bool(struct strbuf *out, const char *key, bool value);
/* `json` is JSON already; NULL is null. */
void json_raw(struct strbuf *out, const char *key, const char *json);
/* An item of an array that is under way. */
void json_item(struct strbuf *out, const char *text);
