#include "base/strbuf.h"

#include "base/alloc.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

char strbuf_empty[1] = "";

void strbuf_release(struct strbuf *sb)
{
    if (sb->cap)
        free(sb->buf);
    *sb = (struct strbuf)STRBUF_INIT;
}

void strbuf_clear(struct strbuf *sb)
{
    strbuf_truncate(sb, 0);
}

void strbuf_grow(struct strbuf *sb, size_t extra)
{
    assert(extra < STRBUF_MAX && sb->len + extra < STRBUF_MAX);
    size_t want = sb->len + extra + 1;
    if (want <= sb->cap)
        return;
    size_t cap = sb->cap ? sb->cap + sb->cap / 2 : 64;
    if (cap < want)
        cap = want;
    sb->buf = xrealloc(sb->cap ? sb->buf : NULL, cap);
    if (!sb->cap)
        sb->buf[0] = '\0';
    sb->cap = cap;
}

char *strbuf_detach(struct strbuf *sb)
{
    strbuf_grow(sb, 0);
    char *text = sb->buf;
    *sb = (struct strbuf)STRBUF_INIT;
    return text;
}

void strbuf_add(struct strbuf *sb, const void *bytes, size_t len)
{
    if (!len)
        return;
    strbuf_grow(sb, len);
    memcpy(sb->buf + sb->len, bytes, len);
    sb->len += len;
    sb->buf[sb->len] = '\0';
}

void strbuf_addstr(struct strbuf *sb, const char *s)
{
    strbuf_add(sb, s, strlen(s));
}

void strbuf_addch(struct strbuf *sb, char c)
{
    strbuf_add(sb, &c, 1);
}

void strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    strbuf_vaddf(sb, fmt, args);
    va_end(args);
}

void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    size_t room = sb->cap ? sb->cap - sb->len : 0;
    int len = vsnprintf(room ? sb->buf + sb->len : NULL, room, fmt, args);
    assert(len >= 0);
    if ((size_t)len >= room) {
        strbuf_grow(sb, (size_t)len);
        len = vsnprintf(sb->buf + sb->len, sb->cap - sb->len, fmt, again);
        assert(len >= 0);
    }
    va_end(again);
    sb->len += (size_t)len;
}

void strbuf_rtrim(struct strbuf *sb)
{
    size_t len = sb->len;
    while (len && isspace((unsigned char)sb->buf[len - 1]))
        len--;
    strbuf_truncate(sb, len);
}

void strbuf_truncate(struct strbuf *sb, size_t len)
{
    assert(len <= sb->len);
    if (!sb->cap)
        return;
    sb->len = len;
    sb->buf[len] = '\0';
}
