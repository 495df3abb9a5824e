#include "parse/json_reader.h"

#include "base/escape.h"
#include "parse/decimal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert(JSON_PADDING >= DECIMAL_PADDING, "decimal_scan() reads ahead");

void json_reader_init(struct json_reader *r, struct input *input, enum json_mode mode)
{
    *r = (struct json_reader){.mode = mode, .text = STRBUF_INIT};
    json_window_init(&r->window, input);
    r->window.document = input_position(input);
    r->window.offset = input_position(input);
}

void json_reader_release(struct json_reader *r)
{
    json_window_release(&r->window);
    strbuf_release(&r->text);
}

int json_fail(struct json_reader *r, struct error *err, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return json_window_fail(&r->window, JSON_SYNTAX, r->token_offset, err, "%s", text);
}

const char *json_token_name(enum json_token token)
{
    static const char *const names[] = {
        [JSON_END] = "the end",       [JSON_OBJECT_BEGIN] = "an object",
        [JSON_OBJECT_END] = "\"}\"",  [JSON_ARRAY_BEGIN] = "an array",
        [JSON_ARRAY_END] = "\"]\"",   [JSON_KEY] = "a key",
        [JSON_STRING] = "a string",   [JSON_NUMBER] = "a number",
        [JSON_TRUE] = "true",         [JSON_FALSE] = "false",
        [JSON_NULL] = "null",         [JSON_NAN] = "NaN",
        [JSON_INFINITY] = "Infinity", [JSON_MINUS_INFINITY] = "-Infinity",
    };
    return names[token];
}

int json_skip_space(struct json_reader *r, struct error *err)
{
    struct json_window *w = &r->window;
    for (;;) {
        w->pos = json_space_in(w->pos, r->mode == JSON_LINES);
        if (w->pos < w->end || w->at_end)
            return 0;
        int rc = json_window_fill(w, err);
        if (rc < 0)
            return rc;
    }
}

static bool in_object(const struct json_reader *r)
{
    unsigned d = r->depth - 1;
    return r->depth && (r->objects[d / 64] >> (d % 64) & 1);
}

void json_value_done(struct json_reader *r)
{
    r->expect = r->depth ? JSON_EXPECT_COMMA_OR_END : JSON_EXPECT_END;
}

static int unexpected(struct json_reader *r, const char *expected, struct error *err)
{
    unsigned char c = (unsigned char)*r->window.pos;
    r->token_offset = json_window_offset(&r->window);
    bool at_end = r->window.pos == r->window.end;
    if (at_end)
        return json_fail(r, err, "expected %s, found the end of the file", expected);
    if (c == '\n')
        return json_fail(r, err, "expected %s, found the end of the line", expected);
    if (c < ' ' || c >= 0x7f)
        return json_fail(r, err, "expected %s, found the byte 0x%02x", expected, c);
    return json_fail(r, err, "expected %s, found \"%c\"", expected, c);
}

static int open_container(struct json_reader *r, bool object, enum json_token *out,
                          struct error *err)
{
    if (r->depth == JSON_DEPTH_MAX)
        return json_window_fail(&r->window, JSON_LIMIT, r->token_offset, err,
                                "nested more than %d deep", JSON_DEPTH_MAX);
    uint64_t bit = (uint64_t)1 << (r->depth % 64);
    uint64_t *word = &r->objects[r->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    r->depth++;
    r->window.pos++;
    r->expect = object ? JSON_EXPECT_KEY_OR_END : JSON_EXPECT_VALUE_OR_END;
    *out = object ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN;
    return 0;
}

static int close_container(struct json_reader *r, enum json_token *out)
{
    *out = in_object(r) ? JSON_OBJECT_END : JSON_ARRAY_END;
    r->window.pos++;
    r->depth--;
    json_value_done(r);
    return 0;
}

#define EACH_BYTE(b) ((uint64_t)(b)*0x0101010101010101)

/* Marks the bytes of `v` below `bound` (at most 0x80); a mark above the lowest may be wrong. */
static inline uint64_t bytes_below(uint64_t v, unsigned char bound)
{
    return (v - EACH_BYTE(bound)) & ~v & EACH_BYTE(0x80);
}

/* To where a run of plain string text stops: a quote, a backslash or a control character. Gathers
 * in *bits whether a byte of it has its top bit set. */
static inline char *plain_run(char *p, unsigned char *bits)
{
    uint64_t v, seen = 0;
    memcpy(&v, p, sizeof(v));
    while (!(bytes_below(v, ' ') | bytes_below(v ^ EACH_BYTE('"'), 1) |
             bytes_below(v ^ EACH_BYTE('\\'), 1))) {
        seen |= v;
        p += sizeof(v);
        memcpy(&v, p, sizeof(v));
    }
    *bits |= seen & EACH_BYTE(0x80) ? 0x80 : 0;
    for (; (unsigned char)*p >= ' ' && *p != '"' && *p != '\\'; p++)
        *bits |= (unsigned char)*p;
    return p;
}

static int hex4(const char *p)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static void add_utf8(struct strbuf *out, unsigned code)
{
    char bytes[4];
    size_t len = 0;
    if (code < 0x80) {
        bytes[len++] = (char)code;
    } else if (code < 0x800) {
        bytes[len++] = (char)(0xc0 | code >> 6);
        bytes[len++] = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        bytes[len++] = (char)(0xe0 | code >> 12);
        bytes[len++] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[len++] = (char)(0x80 | (code & 0x3f));
    } else {
        bytes[len++] = (char)(0xf0 | code >> 18);
        bytes[len++] = (char)(0x80 | (code >> 12 & 0x3f));
        bytes[len++] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[len++] = (char)(0x80 | (code & 0x3f));
    }
    strbuf_add(out, bytes, len);
}

/* \uXXXX at pos, with the second half of a pair where there is one. */
static int read_unicode(struct json_reader *r, bool skip, struct error *err)
{
    char *p = r->window.pos;
    int code = hex4(p + 2);
    if (code < 0)
        return unexpected(r, "four hexadecimal digits behind \\u", err);
    r->window.pos += 6;
    bool high = code >= 0xd800 && code < 0xdc00, low = code >= 0xdc00 && code < 0xe000;
    if (high && p[6] == '\\' && p[7] == 'u') {
        int second = hex4(p + 8);
        if (second >= 0xdc00 && second < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
            r->window.pos += 6;
            high = false;
        }
    }
    if (!skip)
        add_utf8(&r->text, high || low ? 0xfffd : (unsigned)code);
    return 0;
}

static int read_escape(struct json_reader *r, bool skip, struct error *err)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int rc = json_window_ahead(&r->window, err);
    if (rc < 0)
        return rc;
    char c = r->window.pos[1];
    if (c == 'u')
        return read_unicode(r, skip, err);
    const char *found = c ? strchr(from, c) : NULL;
    if (!found)
        return unexpected(r, "an escape sequence of JSON", err);
    if (!skip)
        strbuf_addch(&r->text, to[found - from]);
    r->window.pos += 2;
    return 0;
}

/* The string whose quote is at pos, into r->text unless it is skipped. */
static int read_string(struct json_reader *r, bool skip, struct error *err)
{
    struct json_window *w = &r->window;
    unsigned char bits = 0;
    int rc = 0;
    w->pos++;
    strbuf_clear(&r->text);
    while (!rc) {
        char *stop = plain_run(w->pos, &bits);
        if (!skip)
            strbuf_add(&r->text, w->pos, (size_t)(stop - w->pos));
        w->pos = stop;
        if (r->text.len > JSON_STRING_MAX)
            return json_window_fail(w, JSON_LIMIT, r->token_offset, err,
                                    "a string may have %zu bytes at most", JSON_STRING_MAX);
        if (*stop == '"')
            break;
        if (*stop == '\\')
            rc = read_escape(r, skip, err);
        else if (stop == w->end && !w->at_end)
            rc = json_window_fill(w, err);
        else
            rc = unexpected(r, "the rest of a string", err);
    }
    if (rc < 0)
        return rc;
    w->pos++;
    if (!skip && bits >= 0x80 && !utf8_is_valid(r->text.buf, r->text.len))
        return json_fail(r, err, "a string that is not UTF-8");
    return 0;
}

static int read_key(struct json_reader *r, bool skip, enum json_token *out, struct error *err)
{
    if (*r->window.pos != '"')
        return unexpected(r, r->expect == JSON_EXPECT_KEY ? "a key" : "a key or \"}\"", err);
    int rc = read_string(r, skip, err);
    if (!rc)
        rc = json_skip_space(r, err);
    if (rc < 0)
        return rc;
    if (*r->window.pos != ':')
        return unexpected(r, "\":\" behind a key", err);
    r->window.pos++;
    r->expect = JSON_EXPECT_VALUE;
    *out = JSON_KEY;
    return 0;
}

static int read_number(struct json_reader *r, bool skip, enum json_token *out, struct error *err)
{
    struct decimal decimal;
    const char *text = r->window.pos;
    const char *end = decimal_scan(text, &decimal);
    if (!end)
        return unexpected(r, "a number", err);
    if (end - text >= JSON_AHEAD)
        return json_window_fail(&r->window, JSON_LIMIT, r->token_offset, err,
                                "a number may have %d characters at most", JSON_AHEAD - 1);
    if (!skip)
        r->number = (struct json_number){.value = decimal_value(&decimal, text),
                                         .integer = decimal.mantissa,
                                         .is_u64 = decimal.integer && !decimal.negative,
                                         .text = text,
                                         .len = (size_t)(end - text)};
    r->window.pos += end - text;
    json_value_done(r);
    *out = JSON_NUMBER;
    return 0;
}

static int read_word(struct json_reader *r, enum json_token *out, struct error *err)
{
    static const struct {
        const char *word;
        enum json_token token;
    } words[] = {
        {"true", JSON_TRUE}, {"false", JSON_FALSE},       {"null", JSON_NULL},
        {"NaN", JSON_NAN},   {"Infinity", JSON_INFINITY}, {"-Infinity", JSON_MINUS_INFINITY},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t len = strlen(words[i].word);
        if (!strncmp(r->window.pos, words[i].word, len)) {
            r->window.pos += len;
            json_value_done(r);
            *out = words[i].token;
            return 0;
        }
    }
    return unexpected(r, "a value", err);
}

static int read_value(struct json_reader *r, bool skip, enum json_token *out, struct error *err)
{
    switch (*r->window.pos) {
    case '{':
        return open_container(r, true, out, err);
    case '[':
        return open_container(r, false, out, err);
    case '"': {
        int rc = read_string(r, skip, err);
        if (rc < 0)
            return rc;
        json_value_done(r);
        *out = JSON_STRING;
        return 0;
    }
    case '-':
        if (r->window.pos[1] == 'I')
            return read_word(r, out, err);
        return read_number(r, skip, out, err);
    case '0' ... '9':
        return read_number(r, skip, out, err);
    default:
        return read_word(r, out, err);
    }
}

/* To the next byte that counts, with a whole token in sight. */
static int approach(struct json_reader *r, struct error *err)
{
    int rc = json_skip_space(r, err);
    if (!rc)
        rc = json_window_ahead(&r->window, err);
    r->token_offset = json_window_offset(&r->window);
    return rc;
}

static int next(struct json_reader *r, bool skip, enum json_token *out, struct error *err)
{
    int rc = approach(r, err);
    if (rc < 0)
        return rc;
    char c = *r->window.pos;
    switch (r->expect) {
    case JSON_EXPECT_END:
        if (r->window.pos < r->window.end && c != '\n')
            return unexpected(r, "nothing behind the document", err);
        *out = JSON_END;
        return 0;
    case JSON_EXPECT_KEY_OR_END:
        if (c == '}')
            return close_container(r, out);
        /* fall through */
    case JSON_EXPECT_KEY:
        return read_key(r, skip, out, err);
    case JSON_EXPECT_VALUE_OR_END:
        if (c == ']')
            return close_container(r, out);
        /* fall through */
    case JSON_EXPECT_VALUE:
        return read_value(r, skip, out, err);
    case JSON_EXPECT_COMMA_OR_END:
        break;
    }
    bool object = in_object(r);
    if (c == (object ? '}' : ']'))
        return close_container(r, out);
    if (c != ',')
        return unexpected(r, object ? "\",\" or \"}\"" : "\",\" or \"]\"", err);
    r->window.pos++;
    rc = approach(r, err);
    if (rc < 0)
        return rc;
    r->expect = object ? JSON_EXPECT_KEY : JSON_EXPECT_VALUE;
    return object ? read_key(r, skip, out, err) : read_value(r, skip, out, err);
}

int json_next(struct json_reader *r, enum json_token *out, struct error *err)
{
    return next(r, false, out, err);
}

int json_skip_to_depth(struct json_reader *r, unsigned depth, struct error *err)
{
    enum json_token token = JSON_END;
    do {
        int rc = next(r, true, &token, err);
        if (rc < 0)
            return rc;
    } while (r->depth > depth || token == JSON_KEY);
    return 0;
}

int json_line_next(struct json_reader *r, char *first, bool *more, struct error *err)
{
    struct json_window *w = &r->window;
    while (r->in_line) {
        char *newline = memchr(w->pos, '\n', (size_t)(w->end - w->pos));
        w->pos = newline ? newline + 1 : w->end;
        r->in_line = !newline && !w->at_end;
        int rc = r->in_line ? json_window_fill(w, err) : 0;
        if (rc < 0)
            return rc;
    }
    w->document = json_window_offset(w);
    int rc = approach(r, err);
    if (rc < 0)
        return rc;
    r->depth = 0;
    r->expect = JSON_EXPECT_VALUE;
    r->in_line = *more = w->pos < w->end;
    *first = *w->pos;
    return 0;
}

int json_line_rest_has(struct json_reader *r, const char *word, bool *out, struct error *err)
{
    struct json_window *w = &r->window;
    size_t len = strlen(word);
    bool found = false;
    for (;;) {
        char *newline = memchr(w->pos, '\n', (size_t)(w->end - w->pos));
        size_t left = (size_t)((newline ? newline : w->end) - w->pos);
        found = found || memmem(w->pos, left, word, len);
        /* A word may begin in this window and end in the next. */
        w->pos += newline || w->at_end ? left : left < len ? 0 : left - (len - 1);
        if (newline || w->at_end) {
            *out = found;
            return 0;
        }
        int rc = json_window_fill(w, err);
        if (rc < 0)
            return rc;
    }
}
