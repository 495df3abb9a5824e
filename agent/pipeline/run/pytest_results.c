#include "pipeline/run/pytest_results.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"

#include <cjson/cJSON.h>
#include <string.h>

#define RESULTS_MAX ((size_t)1 << 30)

static void drop_failed(cJSON *benchmarks, const struct strlist *failed)
{
    cJSON *item = benchmarks ? benchmarks->child : NULL;
    while (item) {
        cJSON *next = item->next;
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(item, "fullname");
        if (cJSON_IsString(name) && strlist_contains(failed, name->valuestring))
            cJSON_Delete(cJSON_DetachItemViaPointer(benchmarks, item));
        item = next;
    }
}

int pytest_results_without(const char *path, const struct strlist *failed, const char *dest,
                           struct error *err)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    int unread = file_read(path, RESULTS_MAX, &text, err);
    if (unread)
        return unread;
    if (!failed->count)
        return file_write_atomic(dest, text.buf, text.len, err);
    cJSON *document = cJSON_ParseWithLength(text.buf, text.len);
    cJSON *benchmarks = cJSON_GetObjectItemCaseSensitive(document, "benchmarks");
    drop_failed(benchmarks, failed);
    int left = cJSON_GetArraySize(benchmarks);
    AUTO_FREE char *json = document ? cJSON_PrintUnformatted(document) : NULL;
    cJSON_Delete(document);
    if (!json)
        return error_set(err, ERROR_BUILD,
                         "tests failed, and %s cannot be read to leave their results out", path);
    if (!left)
        return error_set(err, ERROR_BUILD, "every benchmark failed: %s%s", failed->items[0],
                         failed->count > 1 ? ", …" : "");
    return file_write_atomic(dest, json, strlen(json), err);
}
