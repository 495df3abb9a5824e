/*
 * A growing byte string that is always NUL-terminated.
 *
 *     AUTO_STRBUF struct strbuf text = STRBUF_INIT;
 *     strbuf_addf(&text, "%s has %zu rows", name, rows);
 *     return strbuf_detach(&text);
 *
 * It never grows past STRBUF_MAX: a program that would write more into one string has a bug, and
 * ends. Input whose size is not ours to choose is checked before it is added.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define STRBUF_MAX ((size_t)1 << 32)

struct strbuf {
    char *buf;  /* never NULL: points at an empty string before the first write */
    size_t len; /* bytes, without the NUL */
    size_t cap; /* bytes allocated; 0 while buf is the shared empty string */
};

extern char strbuf_empty[1];
#define STRBUF_INIT        \
    {                      \
        strbuf_empty, 0, 0 \
    }

void strbuf_release(struct strbuf *sb);
#define AUTO_STRBUF __attribute__((cleanup(strbuf_release)))

/* Empties it and keeps the memory. */
void strbuf_clear(struct strbuf *sb);
/* Room for `extra` more bytes. */
void strbuf_grow(struct strbuf *sb, size_t extra);
/* Hands over the string, to be freed by the caller; leaves an empty strbuf behind. */
char *strbuf_detach(struct strbuf *sb);

void strbuf_add(struct strbuf *sb, const void *bytes, size_t len);
void strbuf_addstr(struct strbuf *sb, const char *s);
void strbuf_addch(struct strbuf *sb, char c);
void strbuf_addf(struct strbuf *sb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));
/* Cuts off trailing white space. */
void strbuf_rtrim(struct strbuf *sb);
/* `len` is at most sb->len. */
void strbuf_truncate(struct strbuf *sb, size_t len);
