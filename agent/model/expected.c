#include "model/expected.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "base/strbuf.h"

#include <fnmatch.h>
#include <string.h>
#include <strings.h>

void expected_change_release(struct expected_change *change)
{
    free(change->project);
    free(change->commit);
    free(change->benchmark);
    free(change->reason);
    free(change->source);
    *change = (struct expected_change){0};
}

void expected_changes_release(struct expected_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        expected_change_release(&changes->items[i]);
    free(changes->items);
    *changes = (struct expected_changes){0};
}

void expected_changes_add(struct expected_changes *changes, const struct expected_change *change)
{
    ARRAY_RESERVE(changes->items, changes->cap, changes->count + 1);
    changes->items[changes->count++] = (struct expected_change){
        .project = xstrdup(change->project),
        .commit = xstrdup(change->commit),
        .benchmark = xstrdup(change->benchmark),
        .reason = xstrdup(change->reason),
        .source = xstrdup(change->source),
        .created_at = change->created_at,
    };
}

static void add_clean(struct strbuf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t whole = utf8_sequence(text + i, len - i);
        if (whole)
            strbuf_add(out, text + i, whole);
        else
            strbuf_addstr(out, "\xef\xbf\xbd");
        i += whole ? whole : 1;
    }
}

char *expected_trailers(const char *message)
{
    AUTO_STRBUF struct strbuf found = STRBUF_INIT;
    size_t word = strlen(EXPECTED_TRAILER);
    const char *line = strchr(message, '\n');
    for (; line; line = strchr(line, '\n')) {
        line++;
        if (strncasecmp(line, EXPECTED_TRAILER, word) != 0)
            continue;
        const char *value = line + word + strspn(line + word, " \t");
        size_t len = strcspn(value, "\r\n");
        if (!len)
            continue;
        strbuf_addstr(&found, found.len ? "\n" : "");
        add_clean(&found, value, len < 2 * EXPECTED_BYTES_MAX ? len : 2 * EXPECTED_BYTES_MAX);
        strbuf_rtrim(&found);
    }
    return found.len ? strbuf_detach(&found) : NULL;
}

static size_t bounded(size_t len)
{
    return len < EXPECTED_BYTES_MAX ? len : EXPECTED_BYTES_MAX;
}

static void parse_line(const char *line, size_t len, struct expected_change *out)
{
    bool quoted = len > 1 && *line == '"' && memchr(line + 1, '"', len - 1);
    const char *begin = quoted ? line + 1 : line, *end = begin;
    while (end < line + len && !(quoted ? *end == '"' : *end == ' ' || *end == '\t'))
        end++;
    out->benchmark = xstrndup(begin, bounded((size_t)(end - begin)));
    end += quoted;
    while (end < line + len && (*end == ' ' || *end == '\t'))
        end++;
    out->reason = end < line + len ? xstrndup(end, bounded((size_t)(line + len - end))) : NULL;
}

void expected_parse(const char *trailers, const char *project, const char *commit,
                    struct expected_changes *out)
{
    for (const char *line = trailers; line && *line;) {
        size_t len = strcspn(line, "\n");
        struct expected_change parsed = {0};
        parse_line(line, len, &parsed);
        const struct expected_change change = {
            .project = (char *)project,
            .commit = (char *)commit,
            .benchmark = parsed.benchmark,
            .reason = parsed.reason,
            .source = (char *)"trailer",
        };
        if (*parsed.benchmark)
            expected_changes_add(out, &change);
        expected_change_release(&parsed);
        line += len + (line[len] == '\n');
    }
}

bool expected_matches(const char *glob, const char *benchmark_name)
{
    const char *mark = strrchr(benchmark_name, '#');
    if (!strcmp(glob, benchmark_name) || !fnmatch(glob, benchmark_name, 0))
        return true;
    if (!mark)
        return false;
    AUTO_FREE char *base = xstrndup(benchmark_name, (size_t)(mark - benchmark_name));
    return !strcmp(glob, base) || !fnmatch(glob, base, 0);
}

char *expected_glob(const char *name)
{
    struct strbuf glob = STRBUF_INIT;
    for (; *name; name++) {
        if (strchr("*?[\\", *name))
            strbuf_addch(&glob, '\\');
        strbuf_addch(&glob, *name);
    }
    return strbuf_detach(&glob);
}
