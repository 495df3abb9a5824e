#include "pipeline/publish/run_records.h"

#include "base/alloc.h"

#include <cjson/cJSON.h>

/* A text field, by its place in struct run_records. */
struct text_field {
    const char *group, *key;
    size_t offset;
};

struct integer_field {
    const char *group, *key;
    size_t offset;
};

#define FIELD(group, key, member)                        \
    {                                                    \
        group, key, offsetof(struct run_records, member) \
    }

static const struct text_field texts[] = {
    FIELD("host_session", "id", session.id),
    FIELD("host_session", "test_bed", session.test_bed),
    FIELD("host_session", "kernel", session.kernel),
    FIELD("host_session", "cpu", session.cpu),
    FIELD("host_session", "microcode", session.microcode),
    FIELD("host_session", "toolchain", session.toolchain),
    FIELD("host_session", "sandbox", session.sandbox),
    FIELD("host_session", "knobs", session.knobs),
    FIELD("host_session", "counters", session.counters),
    FIELD("commit", "id", commit.id),
    FIELD("commit", "parent", commit.parent),
    FIELD("commit", "subject", commit.subject),
    FIELD("commit", "expected", commit.expected),
    FIELD("commit", "branch", commit.branch),
    FIELD("run", "id", run.id),
    FIELD("run", "run", run.run),
    FIELD("run", "harness", run.harness),
    FIELD("run", "project", run.project),
    FIELD("run", "commit", run.commit),
    FIELD("run", "version", run.version),
    FIELD("run", "test_bed", run.test_bed),
    FIELD("run", "outcome", run.outcome),
    FIELD("run", "reason", run.reason),
    FIELD("run", "toolchain", run.toolchain),
    FIELD("run", "host_session", run.host_session),
};

static const struct integer_field integers[] = {
    FIELD("host_session", "started_at", session.started_at),
    FIELD("host_session", "ended_at", session.ended_at),
    FIELD("commit", "time", commit.time),
    FIELD("run", "result_count", run.result_count),
    FIELD("run", "started_at", run.started_at),
    FIELD("run", "ended_at", run.ended_at),
};

int run_records_put(const char *db_uri, const struct run_records *records, struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    int failed = database_open(db_uri, &db, err);
    if (!failed)
        failed = host_session_put(db, &records->session, err);
    if (!failed)
        failed = commits_put(db, records->run.project, &records->commit, 1, err);
    struct run_record run = records->run;
    bool invalidated = false;
    if (!failed && run.run && run.test_bed)
        failed = run_is_invalidated(db, run.run, run.test_bed, &invalidated, err);
    if (invalidated)
        run.outcome = RUN_INVALIDATED;
    return failed ? failed : run_put(db, &run, err);
}

static cJSON *group_of(cJSON *root, const char *name)
{
    cJSON *group = cJSON_GetObjectItemCaseSensitive(root, name);
    return group ? group : cJSON_AddObjectToObject(root, name);
}

struct cJSON *run_records_write(const struct run_records *records)
{
    const char *base = (const char *)records;
    cJSON *root = cJSON_CreateObject();
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        const char *text = *(const char *const *)(const void *)(base + texts[i].offset);
        if (text)
            cJSON_AddStringToObject(group_of(root, texts[i].group), texts[i].key, text);
    }
    for (size_t i = 0; i < ARRAY_SIZE(integers); i++) {
        int64_t value = *(const int64_t *)(const void *)(base + integers[i].offset);
        cJSON_AddNumberToObject(group_of(root, integers[i].group), integers[i].key, (double)value);
    }
    cJSON *expected = cJSON_AddArrayToObject(group_of(root, "run"), "expected");
    for (size_t i = 0; i < records->run.expected.count; i++)
        cJSON_AddItemToArray(expected, cJSON_CreateString(records->run.expected.items[i]));
    return root;
}

static const cJSON *find(const cJSON *root, const char *group, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, group), key);
}

void run_records_read(const struct cJSON *json, struct run_records *out)
{
    *out = (struct run_records){0};
    char *base = (char *)out;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        const cJSON *item = find(json, texts[i].group, texts[i].key);
        if (cJSON_IsString(item))
            *(const char **)(void *)(base + texts[i].offset) = item->valuestring;
    }
    for (size_t i = 0; i < ARRAY_SIZE(integers); i++) {
        const cJSON *item = find(json, integers[i].group, integers[i].key);
        if (cJSON_IsNumber(item))
            *(int64_t *)(void *)(base + integers[i].offset) = (int64_t)item->valuedouble;
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, find(json, "run", "expected")) if (cJSON_IsString(item))
        strlist_push(&out->run.expected, item->valuestring);
}
