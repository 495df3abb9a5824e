#include "parse/json_window.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert(JSON_WINDOW_SIZE >= 2 * JSON_AHEAD, "a token and what follows it are in sight");

void json_window_init(struct json_window *w, struct input *input)
{
    *w = (struct json_window){.input = input, .buf = xmalloc(JSON_WINDOW_SIZE + JSON_PADDING)};
    w->pos = w->end = w->buf;
    memset(w->end, 0, JSON_PADDING);
}

void json_window_release(struct json_window *w)
{
    free(w->buf);
    *w = (struct json_window){0};
}

static uint64_t count_newlines(const char *from, const char *to)
{
    uint64_t count = 0;
    while ((from = memchr(from, '\n', (size_t)(to - from)))) {
        from++;
        count++;
    }
    return count;
}

uint64_t json_window_line(const struct json_window *w)
{
    return w->lines + count_newlines(w->buf, w->pos) + 1;
}

int json_window_fail(struct json_window *w, enum json_failure failure, uint64_t offset,
                     struct error *err, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    w->failure = failure;
    return error_set(err, ERROR_INPUT, "line %" PRIu64 ", byte %" PRIu64 ": %s",
                     json_window_line(w), offset + 1, text);
}

int json_window_fill(struct json_window *w, struct error *err)
{
    if (w->at_end)
        return 0;
    size_t left = (size_t)(w->end - w->pos);
    if (json_window_offset(w) + left - w->document > JSON_DOCUMENT_MAX)
        return json_window_fail(w, JSON_LIMIT, w->document, err,
                                "one document or line may have %" PRIu64 " MiB at most",
                                JSON_DOCUMENT_MAX >> 20);
    w->lines += count_newlines(w->buf, w->pos);
    w->offset += (uint64_t)(w->pos - w->buf);
    memmove(w->buf, w->pos, left);
    w->pos = w->buf;
    w->end = w->buf + left;
    while (w->end - w->buf < JSON_WINDOW_SIZE) {
        size_t got = 0;
        int rc =
            input_read(w->input, w->end, (size_t)(w->buf + JSON_WINDOW_SIZE - w->end), &got, err);
        if (rc < 0) {
            w->failure = JSON_READ;
            memset(w->end, 0, JSON_PADDING);
            return rc;
        }
        if (!got) {
            w->at_end = true;
            break;
        }
        w->end += got;
    }
    memset(w->end, 0, JSON_PADDING);
    if (w->offset == 0 && w->pos == w->buf && !memcmp(w->buf, "\xef\xbb\xbf", 3))
        w->pos += 3; /* the byte order mark of some Windows programs */
    return 0;
}
