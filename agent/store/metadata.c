#include "store/metadata.h"

#include "base/escape.h"
#include "store/database.h"

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
