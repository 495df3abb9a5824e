/*
 * A pull reader for JSON (RFC 8259) in bounded memory: it holds a window of the input and the text
 * of one string, whatever the size of the document.
 *
 *     struct json_reader reader;
 *     json_reader_init(&reader, input, JSON_ONE_DOCUMENT);
 *     while (!(rc = json_next(&reader, &token, err)) && token != JSON_END) …
 *     json_reader_release(&reader);
 *
 * Most callers want the typed calls of json_value.h instead of tokens.
 *
 * Differences from the RFC: NaN, Infinity and -Infinity, which Python writes, are tokens of their
 * own; a byte order mark in front of the document is skipped; a lone surrogate in an escape is read
 * as U+FFFD. Strings that are handed out are valid UTF-8; of those that are skipped the encoding is
 * not looked at. The grammar is checked everywhere.
 *
 * Errors are ERROR_INPUT with line and byte; reader.window.failure tells broken text from a limit
 * and from an input that cannot be read.
 */
#pragma once

#include "base/strbuf.h"
#include "parse/json_window.h"

#include <string.h>

#define JSON_DEPTH_MAX 512                /* nested objects and arrays */
#define JSON_STRING_MAX ((size_t)1 << 20) /* bytes of a string that is handed out */

enum json_token {
    JSON_END, /* of the document; in lines, of the line */
    JSON_OBJECT_BEGIN,
    JSON_OBJECT_END,
    JSON_ARRAY_BEGIN,
    JSON_ARRAY_END,
    JSON_KEY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
    JSON_NAN,
    JSON_INFINITY,
    JSON_MINUS_INFINITY,
};

enum json_mode {
    JSON_ONE_DOCUMENT, /* nothing but white space may follow it */
    JSON_LINES,        /* one document a line: a newline ends it */
};

enum json_expect {
    JSON_EXPECT_VALUE,
    JSON_EXPECT_VALUE_OR_END, /* behind [ */
    JSON_EXPECT_KEY,
    JSON_EXPECT_KEY_OR_END, /* behind { */
    JSON_EXPECT_COMMA_OR_END,
    JSON_EXPECT_END, /* behind the document */
};

struct json_number {
    double value;     /* nearest double; an overflow is infinite */
    uint64_t integer; /* exact, when is_u64 */
    bool is_u64;      /* no sign, point or exponent, and below 2^64 */
    const char *text; /* as it was written; holds until the next call */
    size_t len;
};

/* Public to read: text, number, depth, window.failure. */
struct json_reader {
    struct json_window window;
    enum json_mode mode;
    enum json_expect expect;
    bool in_line;                          /* JSON_LINES: a line has been begun */
    unsigned depth;                        /* of open objects and arrays */
    uint64_t objects[JSON_DEPTH_MAX / 64]; /* bit d: what is open at depth d + 1 is an object */
    uint64_t token_offset;                 /* where the latest token began */
    struct strbuf text;                    /* of the latest key or string, decoded */
    struct json_number number;             /* the latest number */
};

/* Reads `input` (borrowed) from where it stands. */
void json_reader_init(struct json_reader *r, struct input *input, enum json_mode mode);
void json_reader_release(struct json_reader *r);
#define AUTO_JSON_READER __attribute__((cleanup(json_reader_release)))

int json_next(struct json_reader *r, enum json_token *out, struct error *err) MUST_CHECK;
/* Passes over a value, or over what is left of the open one that `depth` (then > 0) says: returns
 * once that many are open. Checks the grammar and decodes nothing. */
int json_skip_to_depth(struct json_reader *r, unsigned depth, struct error *err) MUST_CHECK;

/* JSON_LINES: goes to the next line, whatever is left of the present one. *first is its first byte
 * that is not a space or tab, '\n' when it is blank; *more is false at the end of the input. */
int json_line_next(struct json_reader *r, char *first, bool *more, struct error *err) MUST_CHECK;
/* Whether `word` (at most 64 bytes) stands in what is left of the line, which is passed over. */
int json_line_rest_has(struct json_reader *r, const char *word, bool *out,
                       struct error *err) MUST_CHECK;

/* An ERROR_INPUT that points to the latest token. */
int json_fail(struct json_reader *r, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* "a string", "null", "the end of the document"… */
const char *json_token_name(enum json_token token);

/* For json_value.c. White space within the window; a newline in JSON_LINES is none. */
static inline char *json_space_in(char *p, bool lines)
{
    for (;;) {
        uint64_t eight;
        memcpy(&eight, p, sizeof(eight));
        if (eight == 0x2020202020202020) /* the indentation of Python's json.dump() */
            p += 8;
        else if (*p == ' ' || *p == '\t' || *p == '\r' || (*p == '\n' && !lines))
            p++;
        else
            return p;
    }
}
/* To the next byte that is not white space; *r->window.pos is then 0 at the end.
 */
int json_skip_space(struct json_reader *r, struct error *err) MUST_CHECK;
/* Behind a value or a closing bracket: what may come next. */
void json_value_done(struct json_reader *r);
