#include "build/cargo_message.h"

#include "base/alloc.h"

#include <cjson/cJSON.h>
#include <string.h>

static bool is_bench_target(const cJSON *target)
{
    const cJSON *kind = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(target, "kind"), 0);
    return cJSON_IsString(kind) && !strcmp(kind->valuestring, "bench");
}

static void take_artifact(struct cargo_messages *messages, const cJSON *message)
{
    const cJSON *target = cJSON_GetObjectItemCaseSensitive(message, "target");
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(target, "name");
    const cJSON *executable = cJSON_GetObjectItemCaseSensitive(message, "executable");
    messages->crates_built++;
    if (!cJSON_IsString(name) || !cJSON_IsString(executable) || !is_bench_target(target))
        return;
    for (size_t i = 0; i < messages->targets->count; i++) {
        struct bench_target *wanted = &messages->targets->items[i];
        if (strcmp(wanted->package, messages->package) || strcmp(wanted->bench, name->valuestring))
            continue;
        free(wanted->executable);
        wanted->executable = xstrdup(executable->valuestring);
    }
}

static void take_line(struct cargo_messages *messages)
{
    /* A build script may print what it likes; only objects of cargo's shape count. */
    if (!messages->line.len || *messages->line.buf != '{')
        return;
    cJSON *message = cJSON_ParseWithLength(messages->line.buf, messages->line.len);
    const cJSON *reason = cJSON_GetObjectItemCaseSensitive(message, "reason");
    if (cJSON_IsString(reason) && !strcmp(reason->valuestring, "compiler-artifact"))
        take_artifact(messages, message);
    cJSON_Delete(message);
}

void cargo_messages_add(struct cargo_messages *messages, const char *bytes, size_t len)
{
    if (!messages->started)
        messages->line = (struct strbuf)STRBUF_INIT;
    messages->started = true;
    while (len) {
        const char *newline = memchr(bytes, '\n', len);
        size_t piece = newline ? (size_t)(newline - bytes) : len;
        if (messages->line.len + piece > CARGO_MESSAGE_MAX)
            messages->too_long = true;
        if (!messages->too_long)
            strbuf_add(&messages->line, bytes, piece);
        if (!newline)
            return;
        if (!messages->too_long)
            take_line(messages);
        strbuf_clear(&messages->line);
        messages->too_long = false;
        bytes = newline + 1;
        len -= piece + 1;
    }
}

void cargo_messages_release(struct cargo_messages *messages)
{
    if (messages->started)
        strbuf_release(&messages->line);
}
