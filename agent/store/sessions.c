#include "store/sessions.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "store/records.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* A filter with more ids costs more than reading all sessions. */
enum { FILTER_IDS_MAX = 200 };

void stored_sessions_release(struct stored_sessions *sessions)
{
    for (size_t i = 0; i < sessions->count; i++) {
        free(sessions->items[i].id);
        free(sessions->items[i].cpu);
        free(sessions->items[i].toolchain);
        free(sessions->items[i].canary);
    }
    free(sessions->items);
    *sessions = (struct stored_sessions){0};
}

/* {"canary": {"verdict": "trusted", …}, …} */
static char *canary_of(const struct cells *counters, size_t row)
{
    size_t len = 0;
    const char *text = cell_text(counters, row, &len);
    cJSON *root = text ? cJSON_ParseWithLength(text, len) : NULL;
    const cJSON *canary = cJSON_GetObjectItemCaseSensitive(root, "canary");
    const cJSON *verdict = cJSON_GetObjectItemCaseSensitive(canary, "verdict");
    char *found = cJSON_IsString(verdict) ? xstrdup(verdict->valuestring) : NULL;
    cJSON_Delete(root);
    return found;
}

/* Sorted and each once. */
static void distinct(const struct strlist *ids, struct strlist *out)
{
    AUTO_STRLIST struct strlist all = STRLIST_INIT;
    for (size_t i = 0; i < ids->count; i++)
        strlist_push(&all, ids->items[i]);
    strlist_sort(&all);
    for (size_t i = 0; i < all.count; i++)
        if (!i || strcmp(all.items[i], all.items[i - 1]))
            strlist_push(out, all.items[i]);
}

static void add_filter(const struct strlist *ids, struct strbuf *out)
{
    strbuf_addstr(out, "id IN (");
    for (size_t i = 0; i < ids->count; i++) {
        strbuf_addstr(out, i ? ", " : "");
        escape_sql(out, ids->items[i], strlen(ids->items[i]));
    }
    strbuf_addch(out, ')');
}

static void read_batch(const struct rows *rows, struct stored_sessions *out)
{
    struct cells id = rows_column(rows, "id"), cpu = rows_column(rows, "cpu");
    struct cells toolchain = rows_column(rows, "toolchain");
    struct cells counters = rows_column(rows, "counters");
    for (size_t i = 0; i < rows->count; i++) {
        if (cell_is_null(&id, i))
            continue;
        ARRAY_RESERVE(out->items, out->cap, out->count + 1);
        out->items[out->count++] = (struct stored_session){
            .id = cell_strdup(&id, i),
            .cpu = cell_strdup(&cpu, i),
            .toolchain = cell_strdup(&toolchain, i),
            .canary = canary_of(&counters, i),
        };
    }
}

static int compare_ids(const void *left, const void *right)
{
    const struct stored_session *a = left, *b = right;
    return strcmp(a->id, b->id);
}

int sessions_read(struct database *db, const struct strlist *ids, struct stored_sessions *out,
                  struct error *err)
{
    AUTO_STRLIST struct strlist wanted = STRLIST_INIT;
    AUTO_STRBUF struct strbuf filter = STRBUF_INIT;
    AUTO_ROWS struct rows rows = {0};
    distinct(ids, &wanted);
    if (!wanted.count)
        return 0;
    if (wanted.count <= FILTER_IDS_MAX)
        add_filter(&wanted, &filter);
    int failed = database_scan(db, HOST_SESSIONS_TABLE, "id\ncpu\ntoolchain\ncounters",
                               filter.len ? filter.buf : NULL, &rows, err);
    if (failed)
        return failed == ERROR_NOT_FOUND ? 0 : failed;
    AUTO_STORED_SESSIONS struct stored_sessions found = {0};
    int got;
    while ((got = rows_next(&rows, err)) > 0)
        read_batch(&rows, &found);
    if (got < 0)
        return got;
    if (found.count)
        qsort(found.items, found.count, sizeof(*found.items), compare_ids);
    *out = found;
    found = (struct stored_sessions){0};
    return 0;
}

const struct stored_session *sessions_find(const struct stored_sessions *sessions, const char *id)
{
    const struct stored_session key = {.id = (char *)id};
    return id && sessions->count ? bsearch(&key, sessions->items, sessions->count,
                                           sizeof(*sessions->items), compare_ids)
                                 : NULL;
}
