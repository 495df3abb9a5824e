/*
 * Fields of GitHub's JSON: what is absent, null or of another type reads as nothing.
 *
 * `path` names a member, or a member of a member: "head.repo.full_name".
 */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline void cleanup_json(cJSON **json)
{
    cJSON_Delete(*json);
}
#define AUTO_JSON __attribute__((cleanup(cleanup_json)))

/* NULL: not there, or null. */
const struct cJSON *field_at(const struct cJSON *object, const char *path);
/* Never NULL; valid as long as the object. */
const char *field_view(const struct cJSON *object, const char *path);
/* A fresh string, never NULL. */
char *field_text(const struct cJSON *object, const char *path);
/* 0 when it is not there or no whole number. */
int64_t field_integer(const struct cJSON *object, const char *path);
bool field_bool(const struct cJSON *object, const char *path);
/* Unix seconds of an ISO 8601 time; 0. */
int64_t field_time(const struct cJSON *object, const char *path);
/* Copies a commit id of 40 hexadecimal characters; false, and "", when it is none. */
bool field_sha(const struct cJSON *object, const char *path, char out[41]);
bool sha_is_valid(const char *text);
