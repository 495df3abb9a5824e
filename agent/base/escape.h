/*
 * Names of benchmarks and output of foreign code are data; each sink has its own way of saying so.
 * All append to `out`.
 */
#pragma once

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

/* Control characters as \n, \t, \x1b…; bytes that are not UTF-8 as \xNN; the same for the first
 * character of what GitHub's runner takes for a command: "::" at the beginning, "##[" anywhere (the
 * latter in JSON too). */
void escape_terminal(struct strbuf *out, const char *text, size_t len);
/* A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void escape_json(struct strbuf *out, const char *text, size_t len);
/* A cell of a GitHub-flavoured Markdown table: pipes, backticks, angle brackets, line breaks,
 * mentions and links come out as text. */
void escape_markdown(struct strbuf *out, const char *text, size_t len);
/* A CSV field, quoted where RFC 4180 asks for it. */
void escape_csv(struct strbuf *out, const char *text, size_t len);
/* A SQL string literal with its quotes. */
void escape_sql(struct strbuf *out, const char *text, size_t len);

/* Length in bytes of the UTF-8 sequence at `text` (RFC 3629: no overlong forms, no surrogates), or
 * 0 when there is none. */
size_t utf8_sequence(const char *text, size_t len);
bool utf8_is_valid(const char *text, size_t len);
