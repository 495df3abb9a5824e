#include "store/metadata.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "base/strlist.h"
#include "store/database.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <string.h>

/* Whether the numbers grow evenly; a single one does, by zero. */
static bool is_progression(const uint64_t *n, size_t count, uint64_t *step)
{
    *step = count > 1 ? n[1] - n[0] : 0;
    for (size_t i = 1; i < count; i++)
        if (n[i] < n[i - 1] || n[i] - n[i - 1] != *step)
            return false;
    return true;
}

static void write_iterations(const uint64_t *n, size_t count, struct strbuf *out)
{
    uint64_t step = 0;
    strbuf_addstr(out, ",\"iterations\":");
    if (is_progression(n, count, &step)) {
        if (step)
            strbuf_addf(out, "{\"start\":%" PRIu64 ",\"step\":%" PRIu64 "}", n[0], step);
        else
            strbuf_addf(out, "%" PRIu64, n[0]);
        return;
    }
    for (size_t i = 0; i < count; i++)
        strbuf_addf(out, "%c%" PRIu64, i ? ',' : '[', n[i]);
    strbuf_addch(out, ']');
}

static void write_text(const char *key, const char *text, struct strbuf *out)
{
    if (!text)
        return;
    strbuf_addf(out, ",\"%s\":", key);
    escape_json(out, text, strlen(text));
}

void metadata_write(const struct metadata *metadata, struct strbuf *out)
{
    strbuf_clear(out);
    strbuf_addf(out, "{\"schema\":%d", DATABASE_SCHEMA);
    write_text("harness", metadata->harness, out);
    write_text("commit", metadata->commit, out);
    write_text("run", metadata->run, out);
    write_text("host_session", metadata->host_session, out);
    if (metadata->iterations && metadata->iteration_count)
        write_iterations(metadata->iterations, metadata->iteration_count, out);
    if (metadata->details)
        strbuf_addf(out, ",\"details\":%s", metadata->details);
    if (metadata->evidence)
        strbuf_addf(out, ",\"evidence\":%s", metadata->evidence);
    strbuf_addch(out, '}');
}

static char *text_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? xstrdup(item->valuestring) : NULL;
}

static void read_counts(const cJSON *list, struct metadata_facts *out)
{
    if (!cJSON_IsArray(list))
        return;
    size_t count = (size_t)cJSON_GetArraySize(list), i = 0;
    double *counts = xreallocarray(NULL, count ? count : 1, sizeof(*counts));
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsNumber(item) || !(item->valuedouble > 0)) {
            free(counts);
            return;
        }
        counts[i++] = item->valuedouble;
    }
    out->iteration_count = counts;
    out->iteration_count_len = count;
}

static void read_evidence(const cJSON *evidence, struct metadata_facts *out)
{
    const cJSON *flags = cJSON_GetObjectItemCaseSensitive(evidence, "flags"), *flag;
    if (!cJSON_IsArray(flags))
        return;
    AUTO_STRLIST struct strlist words = STRLIST_INIT;
    cJSON_ArrayForEach(flag, flags) if (cJSON_IsString(flag))
        strlist_push(&words, flag->valuestring);
    out->flags = strlist_join(&words, ",");
    out->beyond_limit = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(evidence, "beyond_limit"));
}

void metadata_read(const char *text, size_t len, struct metadata_facts *out)
{
    *out = (struct metadata_facts){0};
    cJSON *root = text ? cJSON_ParseWithLength(text, len) : NULL;
    const cJSON *schema = cJSON_GetObjectItemCaseSensitive(root, "schema");
    if (cJSON_IsNumber(schema)) {
        out->schema = schema->valueint;
        out->commit = text_of(root, "commit");
        out->run = text_of(root, "run");
        out->host_session = text_of(root, "host_session");
        read_evidence(cJSON_GetObjectItemCaseSensitive(root, "evidence"), out);
    } else if (cJSON_IsObject(root)) {
        read_counts(cJSON_GetObjectItemCaseSensitive(root, "iteration_count"), out);
        out->has_stats = cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(root, "stats"));
    }
    cJSON_Delete(root);
}

void metadata_facts_release(struct metadata_facts *facts)
{
    free(facts->commit);
    free(facts->run);
    free(facts->host_session);
    free(facts->flags);
    free(facts->iteration_count);
    *facts = (struct metadata_facts){0};
}
