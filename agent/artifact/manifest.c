#include "artifact/manifest.h"

#include "base/alloc.h"
#include "base/escape.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#define EXPECTED_NAME_MAX ((size_t)64 << 10) /* as the parsers have it */
/* The last second of the year 9999. */
#define TIME_MAX 253402300799.0

#define LETTERS_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

void manifest_release(struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->part_count; i++) {
        struct manifest_part *part = &manifest->parts[i];
        free(part->name);
        free(part->format);
        strlist_release(&part->expected);
        free(part->problem);
        free(part->evidence);
    }
    free(manifest->parts);
    free(manifest->commit);
    free(manifest->version);
    free(manifest->metric);
    free(manifest->toolchain);
    free(manifest->outcome);
    free(manifest->reason);
    *manifest = (struct manifest){0};
}

struct manifest_part *manifest_add_part(struct manifest *manifest)
{
    ARRAY_RESERVE(manifest->parts, manifest->part_cap, manifest->part_count + 1);
    struct manifest_part *part = &manifest->parts[manifest->part_count++];
    *part = (struct manifest_part){0};
    return part;
}

static int wrong(struct error *err, const char *field, const char *why)
{
    return error_set(err, ERROR_INPUT, MANIFEST_FILE ": %s %s", field, why);
}

/* Text that a key may leave out or set to null: *out stays NULL then. */
static int take_text(const cJSON *object, const char *key, size_t max, char **out,
                     struct error *err)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!item || cJSON_IsNull(item))
        return 0;
    if (!cJSON_IsString(item))
        return wrong(err, key, "is no text");
    if (strlen(item->valuestring) > max)
        return wrong(err, key, "is too long");
    *out = xstrdup(item->valuestring);
    return 0;
}

/* One line: it goes into records and comments. */
static int take_line(const cJSON *object, const char *key, char **out, struct error *err)
{
    int failed = take_text(object, key, MANIFEST_TEXT_MAX, out, err);
    for (char *p = failed ? NULL : *out; p && *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    return failed;
}

/* Text of these characters alone, and not empty. */
static int take_word(const cJSON *object, const char *key, const char *allowed, size_t max,
                     char **out, struct error *err)
{
    int failed = take_text(object, key, max, out, err);
    if (failed)
        return failed;
    if (!*out)
        return wrong(err, key, "is missing");
    return !**out || (*out)[strspn(*out, allowed)]
               ? wrong(err, key, "has characters that do not belong there")
               : 0;
}

static int take_choice(const cJSON *object, const char *key, const char *const *choices, char **out,
                       struct error *err)
{
    int failed = take_text(object, key, 32, out, err);
    if (failed)
        return failed;
    for (size_t i = 0; *out && choices[i]; i++)
        if (!strcmp(*out, choices[i]))
            return 0;
    return wrong(err, key, "is none of the words that may stand there");
}

static int take_time(const cJSON *object, const char *key, int64_t *out, struct error *err)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= TIME_MAX))
        return wrong(err, key, "is no time in Unix seconds");
    *out = (int64_t)item->valuedouble;
    return 0;
}

static int take_expected(const cJSON *object, struct strlist *out, struct error *err)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, "expected"), *item = NULL;
    if (!cJSON_IsArray(list))
        return wrong(err, "expected", "is no list");
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsString(item) || !*item->valuestring ||
            strlen(item->valuestring) > EXPECTED_NAME_MAX)
            return wrong(err, "expected", "has something that is no benchmark's name");
        strlist_push(out, item->valuestring);
    }
    return 0;
}

static int take_evidence(const cJSON *object, char **out, struct error *err)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "evidence");
    if (!item || cJSON_IsNull(item))
        return 0;
    if (!cJSON_IsObject(item))
        return wrong(err, "evidence", "is no object");
    char *text = cJSON_PrintUnformatted(item);
    if (!text || strlen(text) > MANIFEST_EVIDENCE_MAX) {
        free(text);
        return wrong(err, "evidence", "is too long");
    }
    *out = text;
    return 0;
}

static int take_part(const cJSON *json, struct manifest_part *part, struct error *err)
{
    if (!cJSON_IsObject(json))
        return wrong(err, "parts", "has something that is no object");
    int failed = take_word(json, "name", LETTERS_DIGITS MANIFEST_NAME_MARKS, MANIFEST_NAME_MAX,
                           &part->name, err);
    if (!failed)
        failed =
            take_word(json, "format", LETTERS_DIGITS "-", MANIFEST_FORMAT_MAX, &part->format, err);
    /* The stranger says what it is: nothing is to be guessed from what is in it. */
    if (!failed && (!strcmp(part->format, "auto") || !strcmp(part->format, "history")))
        failed = wrong(err, "format", "has to be that of a harness");
    if (!failed)
        failed = take_expected(json, &part->expected, err);
    if (!failed)
        failed = take_line(json, "problem", &part->problem, err);
    return failed ? failed : take_evidence(json, &part->evidence, err);
}

static int take_parts(const cJSON *root, struct manifest *out, struct error *err)
{
    const cJSON *parts = cJSON_GetObjectItemCaseSensitive(root, "parts"), *item = NULL;
    if (!cJSON_IsArray(parts))
        return wrong(err, "parts", "is no list");
    int failed = 0;
    cJSON_ArrayForEach(item, parts)
    {
        if (!failed && out->part_count == MANIFEST_PARTS_MAX)
            failed = wrong(err, "parts", "is too long");
        if (!failed)
            failed = take_part(item, manifest_add_part(out), err);
    }
    return failed;
}

static int take_head(const cJSON *root, struct manifest *out, struct error *err)
{
    static const char *const outcomes[] = {"complete", "partial", "interrupted", "failed", NULL};
    static const char *const metrics[] = {"cpu_time", NULL};
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(root, "lance_bench_results");
    const cJSON *metric = cJSON_GetObjectItemCaseSensitive(root, "metric");
    if (!cJSON_IsNumber(format) || format->valuedouble != MANIFEST_FORMAT)
        return wrong(err, "lance_bench_results", "is not 1: another version wrote it");
    int failed = take_word(root, "commit", "0123456789abcdef", 40, &out->commit, err);
    if (!failed && strlen(out->commit) != 40)
        failed = wrong(err, "commit", "is no full commit id");
    if (!failed)
        failed = take_word(root, "version", LETTERS_DIGITS MANIFEST_VERSION_MARKS,
                           MANIFEST_VERSION_MAX, &out->version, err);
    if (!failed && metric && !cJSON_IsNull(metric))
        failed = take_choice(root, "metric", metrics, &out->metric, err);
    if (!failed)
        failed = take_choice(root, "outcome", outcomes, &out->outcome, err);
    if (!failed)
        failed = take_line(root, "reason", &out->reason, err);
    if (!failed)
        failed = take_line(root, "toolchain", &out->toolchain, err);
    if (!failed)
        failed = take_time(root, "commit_time", &out->commit_time, err);
    if (!failed)
        failed = take_time(root, "started_at", &out->started_at, err);
    return failed ? failed : take_time(root, "ended_at", &out->ended_at, err);
}

int manifest_parse(const char *text, size_t len, struct manifest *out, struct error *err)
{
    if (len > MANIFEST_SIZE_MAX)
        return wrong(err, "it", "is too long");
    if (!utf8_is_valid(text, len))
        return wrong(err, "it", "is not UTF-8");
    cJSON *root = cJSON_ParseWithLength(text, len);
    AUTO_MANIFEST struct manifest manifest = {0};
    int failed = cJSON_IsObject(root) ? take_head(root, &manifest, err)
                                      : wrong(err, "it", "is no JSON object");
    if (!failed)
        failed = take_parts(root, &manifest, err);
    cJSON_Delete(root);
    if (failed)
        return failed;
    *out = manifest;
    manifest = (struct manifest){0};
    return 0;
}

static void put_text(cJSON *object, const char *key, const char *text)
{
    if (text)
        cJSON_AddStringToObject(object, key, text);
    else
        cJSON_AddNullToObject(object, key);
}

static cJSON *part_to_json(const struct manifest_part *part)
{
    cJSON *json = cJSON_CreateObject();
    put_text(json, "name", part->name);
    put_text(json, "format", part->format);
    cJSON *expected = cJSON_AddArrayToObject(json, "expected");
    for (size_t i = 0; i < part->expected.count; i++)
        cJSON_AddItemToArray(expected, cJSON_CreateString(part->expected.items[i]));
    put_text(json, "problem", part->problem);
    cJSON *evidence = part->evidence ? cJSON_Parse(part->evidence) : NULL;
    cJSON_AddItemToObject(json, "evidence", evidence ? evidence : cJSON_CreateNull());
    return json;
}

char *manifest_print(const struct manifest *manifest)
{
    cJSON *root = cJSON_CreateObject();
    cJSON_AddNumberToObject(root, "lance_bench_results", MANIFEST_FORMAT);
    put_text(root, "commit", manifest->commit);
    put_text(root, "version", manifest->version);
    put_text(root, "metric", manifest->metric);
    put_text(root, "toolchain", manifest->toolchain);
    put_text(root, "outcome", manifest->outcome);
    put_text(root, "reason", manifest->reason);
    cJSON_AddNumberToObject(root, "commit_time", (double)manifest->commit_time);
    cJSON_AddNumberToObject(root, "started_at", (double)manifest->started_at);
    cJSON_AddNumberToObject(root, "ended_at", (double)manifest->ended_at);
    cJSON *parts = cJSON_AddArrayToObject(root, "parts");
    for (size_t i = 0; i < manifest->part_count; i++)
        cJSON_AddItemToArray(parts, part_to_json(&manifest->parts[i]));
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    return text;
}

/* Digits as they are written without a leading zero; *end is what follows. */
static bool take_index(const char *text, size_t *out, const char **end)
{
    size_t digits = strspn(text, "0123456789");
    if (!digits || digits > 4 || (digits > 1 && *text == '0'))
        return false;
    *out = 0;
    for (size_t i = 0; i < digits; i++)
        *out = *out * 10 + (size_t)(text[i] - '0');
    *end = text + digits;
    return *out < MANIFEST_PARTS_MAX;
}

enum layout_kind layout_kind_of(const char *path, size_t *part)
{
    static const char *const files[] = {"benchmark.json", "estimates.json", "sample.json"};
    const char *rest = NULL;
    if (!strcmp(path, MANIFEST_FILE))
        return LAYOUT_MANIFEST;
    if (strncmp(path, "parts/", 6) || !take_index(path + 6, part, &rest))
        return LAYOUT_NONE;
    if (!strcmp(rest, ".json"))
        return LAYOUT_PYTEST;
    if (!strcmp(rest, ".out"))
        return LAYOUT_OUTPUT;
    if (*rest != '/' || strspn(rest + 1, "0123456789") != 6 || strncmp(rest + 7, "/new/", 5))
        return LAYOUT_NONE;
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        if (!strcmp(rest + 12, files[i]))
            return LAYOUT_CRITERION;
    return LAYOUT_NONE;
}

enum layout_kind layout_kind_for(const char *format)
{
    return !strcmp(format, "criterion") ? LAYOUT_CRITERION
           : !strcmp(format, "pytest")  ? LAYOUT_PYTEST
                                        : LAYOUT_OUTPUT;
}

char *layout_part(const struct manifest_part *part, size_t index)
{
    static const char *const endings[] = {
        [LAYOUT_CRITERION] = "", [LAYOUT_PYTEST] = ".json", [LAYOUT_OUTPUT] = ".out"};
    return xasprintf("parts/%zu%s", index, endings[layout_kind_for(part->format)]);
}
