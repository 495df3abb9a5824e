/*
 * Names of benchmarks and output of foreign code are data; each sink has its own way of saying so.
 * All append to `out`.
 */
#pragma once

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

/* Control characters as \n, \t, \x1b…; what turns the direction of text as \u202e; bytes that are
 * not UTF-8 as \xNN; the same for the first character of what GitHub's runner takes for a command:
 * "::" at the beginning, "##[" anywhere (the latter in JSON too). */
void escape_terminal(struct strbuf *out, const char *text, size_t len);
/* A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void escape_json(struct strbuf *out, const char *text, size_t len);
/* The same for a script or a script element of HTML: "<", ">" and "&" and the line ends of
 * JavaScript come out as \u003c…, so that nothing in it is a tag or ends the script. */
void escape_script(struct strbuf *out, const char *text, size_t len);
/* A cell of a GitHub-flavoured Markdown table: pipes, backticks, angle brackets, line breaks,
 * mentions and links, bare addresses too, come out as text. What turns its direction is left out.
 */
void escape_markdown(struct strbuf *out, const char *text, size_t len);
/* A CSV field, quoted where RFC 4180 asks for it. */
void escape_csv(struct strbuf *out, const char *text, size_t len);
/* A SQL string literal with its quotes. Bytes that are not UTF-8 become U+FFFD, as in a column. */
void escape_sql(struct strbuf *out, const char *text, size_t len);

/* Length in bytes of the UTF-8 sequence at `text` (RFC 3629: no overlong forms, no surrogates), or
 * 0 when there is none. */
size_t utf8_sequence(const char *text, size_t len);
bool utf8_is_valid(const char *text, size_t len);
/* Whether the sequence of `len` bytes is one of the marks that make a reader see text in another
 * order than it has: U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069. */
bool utf8_turns_direction(const char *text, size_t len);
