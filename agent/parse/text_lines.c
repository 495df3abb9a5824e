#include "parse/text_lines.h"

#include "base/alloc.h"
#include "base/escape.h"

#include <inttypes.h>
#include <string.h>

#define READ_SIZE ((size_t)64 << 10)

void text_lines_init(struct text_lines *lines, struct input *input)
{
    *lines = (struct text_lines){.input = input, .buf = xmalloc(READ_SIZE), .line = STRBUF_INIT};
}

void text_lines_release(struct text_lines *lines)
{
    free(lines->buf);
    strbuf_release(&lines->line);
}

int text_lines_wrap(const struct text_lines *lines, struct error *err)
{
    return error_wrap(err, "line %" PRIu64, lines->number);
}

/* Bytes of the terminal's control sequence at `text` (ECMA-48, CSI), 0 when there is none. */
static size_t control_sequence(const char *text, size_t len)
{
    if (len < 2 || text[0] != '\x1b' || text[1] != '[')
        return 0;
    size_t at = 2;
    while (at < len && text[at] >= 0x20 && text[at] < 0x40)
        at++;
    return at < len ? at + 1 : at;
}

void text_clean(struct strbuf *text)
{
    if (!memchr(text->buf, '\x1b', text->len) && !memchr(text->buf, '\0', text->len) &&
        utf8_is_valid(text->buf, text->len))
        return;
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    for (size_t at = 0; at < text->len;) {
        size_t skip = control_sequence(text->buf + at, text->len - at);
        size_t keep = skip || !text->buf[at] ? 0 : utf8_sequence(text->buf + at, text->len - at);
        if (keep)
            strbuf_add(&out, text->buf + at, keep);
        else if (!skip)
            strbuf_addstr(&out, "\xef\xbf\xbd");
        at += skip ? skip : keep ? keep : 1;
    }
    strbuf_clear(text);
    strbuf_add(text, out.buf, out.len);
}

/* Bytes of "2026-11-22T04:05:06.1234567Z " at `text`, 0 when there is none. */
static size_t timestamp(const char *text, size_t len)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddddddZ";
    if (len < sizeof(shape) - 1)
        return 0;
    for (size_t i = 0; i < sizeof(shape) - 1; i++)
        if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
            return 0;
    return sizeof(shape) - (len < sizeof(shape) || text[sizeof(shape) - 1] != ' ');
}

size_t text_log_prefix(const char *line, size_t len)
{
    const char *at = line, *end = line + len;
    size_t stamp = timestamp(at, len);
    for (int field = 0; !stamp && field < 2; field++) {
        at = memchr(at, '\t', (size_t)(end - at));
        if (!at)
            return 0;
        at++;
    }
    stamp = stamp ? stamp : timestamp(at, (size_t)(end - at));
    return stamp ? (size_t)(at - line) + stamp : 0;
}

size_t text_cut_colours(char *text, size_t len)
{
    size_t kept = 0;
    for (size_t at = 0; at < len;) {
        size_t skip = control_sequence(text + at, len - at);
        at += skip;
        if (!skip)
            text[kept++] = text[at++];
    }
    return kept;
}

/* Adds what of the line fits. */
static void add_part(struct text_lines *lines, const char *from, size_t len)
{
    size_t room = TEXT_LINE_MAX - lines->line.len;
    lines->cut |= len > room;
    strbuf_add(&lines->line, from, len < room ? len : room);
}

static void cut_front(struct strbuf *line, size_t len)
{
    if (!len)
        return;
    memmove(line->buf, line->buf + len, line->len - len);
    strbuf_truncate(line, line->len - len);
}

static void finish_line(struct text_lines *lines)
{
    struct strbuf *line = &lines->line;
    if (line->len && line->buf[line->len - 1] == '\r')
        strbuf_truncate(line, line->len - 1);
    lines->number++;
    if (lines->number == 1 && line->len >= 3 && !memcmp(line->buf, "\xef\xbb\xbf", 3))
        cut_front(line, 3);
    cut_front(line, text_log_prefix(line->buf, line->len));
    text_clean(line);
}

int text_lines_next(struct text_lines *lines, bool *more, struct error *err)
{
    strbuf_clear(&lines->line);
    lines->cut = false;
    lines->is_open = true;
    bool any = false;
    for (;;) {
        if (lines->pos == lines->end) {
            lines->pos = lines->end = 0;
            int rc = input_read(lines->input, lines->buf, READ_SIZE, &lines->end, err);
            if (rc < 0)
                return rc;
            if (!lines->end)
                break;
        }
        any = true;
        const char *from = lines->buf + lines->pos;
        const char *newline = memchr(from, '\n', lines->end - lines->pos);
        size_t len = newline ? (size_t)(newline - from) : lines->end - lines->pos;
        add_part(lines, from, len);
        lines->pos += len + (newline != NULL);
        lines->is_open = !newline;
        if (newline)
            break;
    }
    if (any)
        finish_line(lines);
    *more = any;
    return 0;
}
