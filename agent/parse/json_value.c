#include "parse/json_value.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "parse/decimal.h"

#include <math.h>
#include <string.h>

static int mismatch(struct json_reader *r, const char *expected, enum json_token found,
                    struct error *err)
{
    return json_fail(r, err, "expected %s, found %s", expected, json_token_name(found));
}

int json_enter(struct json_reader *r, enum json_token container, struct error *err)
{
    enum json_token token = JSON_END;
    int rc = json_next(r, &token, err);
    if (rc < 0)
        return rc;
    return token == container ? 0 : mismatch(r, json_token_name(container), token, err);
}

int json_next_key(struct json_reader *r, bool *more, struct error *err)
{
    enum json_token token = JSON_END;
    int rc = json_next(r, &token, err);
    if (!rc)
        *more = token == JSON_KEY;
    return rc;
}

int json_next_item(struct json_reader *r, bool *more, struct error *err)
{
    int rc = json_skip_space(r, err);
    if (rc < 0)
        return rc;
    char c = *r->window.pos;
    if (c == ']' || (c != ',' && r->expect == JSON_EXPECT_COMMA_OR_END)) {
        enum json_token token = JSON_END;
        rc = json_next(r, &token, err); /* closes, or complains */
        if (!rc)
            *more = false;
        return rc;
    }
    if (r->expect == JSON_EXPECT_COMMA_OR_END) {
        r->window.pos++;
        r->expect = JSON_EXPECT_VALUE;
    }
    *more = true;
    return 0;
}

int json_finish(struct json_reader *r, struct error *err)
{
    enum json_token token = JSON_END;
    int rc = json_next(r, &token, err);
    if (rc < 0)
        return rc;
    return token == JSON_END ? 0 : mismatch(r, "the end", token, err);
}

bool json_text_is(const struct json_reader *r, const char *s)
{
    size_t len = strlen(s);
    return r->text.len == len && !memcmp(r->text.buf, s, len);
}

int json_read_string(struct json_reader *r, struct error *err)
{
    enum json_token token = JSON_END;
    int rc = json_next(r, &token, err);
    if (rc < 0)
        return rc;
    return token == JSON_STRING ? 0 : mismatch(r, "a string", token, err);
}

int json_read_string_or_null(struct json_reader *r, bool *present, struct error *err)
{
    enum json_token token = JSON_END;
    int rc = json_next(r, &token, err);
    if (rc < 0)
        return rc;
    if (token != JSON_STRING && token != JSON_NULL)
        return mismatch(r, "a string or null", token, err);
    *present = token == JSON_STRING;
    return 0;
}

int json_read_text(struct json_reader *r, struct strbuf *out, struct error *err)
{
    bool present = false;
    int rc = json_read_string_or_null(r, &present, err);
    strbuf_clear(out);
    if (!rc && present)
        strbuf_add(out, r->text.buf, r->text.len);
    return rc;
}

int json_try_null(struct json_reader *r, bool *was_null, struct error *err)
{
    int rc = json_skip_space(r, err);
    if (!rc)
        rc = json_window_ahead(&r->window, err);
    if (rc < 0)
        return rc;
    *was_null = !strncmp(r->window.pos, "null", 4);
    enum json_token token = JSON_END;
    return *was_null ? json_next(r, &token, err) : 0;
}

int json_read_bool(struct json_reader *r, bool *out, struct error *err)
{
    enum json_token token = JSON_END;
    int rc = json_next(r, &token, err);
    if (rc < 0)
        return rc;
    if (token != JSON_TRUE && token != JSON_FALSE)
        return mismatch(r, "true or false", token, err);
    *out = token == JSON_TRUE;
    return 0;
}

static int too_large(struct json_reader *r, struct error *err)
{
    return json_fail(r, err, "%.*s is too large for a number",
                     r->number.len < 40 ? (int)r->number.len : 40, r->number.text);
}

int json_read_double(struct json_reader *r, double *out, struct error *err)
{
    enum json_token token = JSON_END;
    int rc = json_next(r, &token, err);
    if (rc < 0)
        return rc;
    if (token != JSON_NUMBER)
        return mismatch(r, "a number", token, err);
    if (!isfinite(r->number.value))
        return too_large(r, err);
    *out = r->number.value;
    return 0;
}

int json_read_u64(struct json_reader *r, uint64_t *out, struct error *err)
{
    enum json_token token = JSON_END;
    int rc = json_next(r, &token, err);
    if (rc < 0)
        return rc;
    if (token != JSON_NUMBER)
        return mismatch(r, "a whole number", token, err);
    if (!r->number.is_u64)
        return json_fail(r, err, "expected a whole number from 0 to 2^64 - 1, found %.*s",
                         r->number.len < 40 ? (int)r->number.len : 40, r->number.text);
    *out = r->number.integer;
    return 0;
}

static int list_is_full(struct json_reader *r, struct error *err)
{
    return json_window_fail(&r->window, JSON_LIMIT, json_window_offset(&r->window), err,
                            "a list may have %zu numbers at most", JSON_LIST_MAX);
}

/*
 * The bulk loops. One number after another while they come as a number and a comma; whatever else
 * there is goes to the token reader, which takes it or words the complaint. `text` walks the
 * window and is given back to it before every call that looks there.
 */
int json_read_doubles(struct json_reader *r, struct double_list *out, struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_ARRAY_BEGIN, err);
    out->count = 0;
    while (!rc && !(rc = json_next_item(r, &more, err)) && more) {
        bool lines = r->mode == JSON_LINES;
        char *text = r->window.pos;
        struct decimal d;
        while (r->window.end - text >= 2 * JSON_AHEAD && out->count < JSON_LIST_MAX) {
            text = json_space_in(text, lines);
            const char *end = decimal_scan(text, &d);
            if (!end || *end != ',' || end - text >= JSON_AHEAD)
                break;
            double value = decimal_value(&d, text);
            if (!isfinite(value))
                break;
            ARRAY_RESERVE(out->items, out->cap, out->count + 1);
            out->items[out->count++] = value;
            text += end + 1 - text;
            r->expect = JSON_EXPECT_VALUE;
        }
        r->window.pos = text;
        if (out->count == JSON_LIST_MAX)
            return list_is_full(r, err);
        double last = 0;
        rc = json_read_double(r, &last, err);
        if (!rc) {
            ARRAY_RESERVE(out->items, out->cap, out->count + 1);
            out->items[out->count++] = last;
        }
    }
    return rc;
}

int json_read_u64s(struct json_reader *r, struct u64_list *out, struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_ARRAY_BEGIN, err);
    out->count = 0;
    while (!rc && !(rc = json_next_item(r, &more, err)) && more) {
        bool lines = r->mode == JSON_LINES;
        char *text = r->window.pos;
        struct decimal d;
        while (r->window.end - text >= 2 * JSON_AHEAD && out->count < JSON_LIST_MAX) {
            text = json_space_in(text, lines);
            const char *end = decimal_scan(text, &d);
            if (!end || *end != ',' || end - text >= JSON_AHEAD || !d.integer || d.negative)
                break;
            ARRAY_RESERVE(out->items, out->cap, out->count + 1);
            out->items[out->count++] = d.mantissa;
            text += end + 1 - text;
            r->expect = JSON_EXPECT_VALUE;
        }
        r->window.pos = text;
        if (out->count == JSON_LIST_MAX)
            return list_is_full(r, err);
        uint64_t last = 0;
        rc = json_read_u64(r, &last, err);
        if (!rc) {
            ARRAY_RESERVE(out->items, out->cap, out->count + 1);
            out->items[out->count++] = last;
        }
    }
    return rc;
}

int json_skip(struct json_reader *r, struct error *err)
{
    return json_skip_to_depth(r, r->depth, err);
}

static void copy_token(struct json_reader *r, enum json_token token, struct strbuf *out)
{
    switch (token) {
    case JSON_OBJECT_BEGIN:
        strbuf_addch(out, '{');
        break;
    case JSON_OBJECT_END:
        strbuf_addch(out, '}');
        break;
    case JSON_ARRAY_BEGIN:
        strbuf_addch(out, '[');
        break;
    case JSON_ARRAY_END:
        strbuf_addch(out, ']');
        break;
    case JSON_KEY:
    case JSON_STRING:
        escape_json(out, r->text.buf, r->text.len);
        if (token == JSON_KEY)
            strbuf_addch(out, ':');
        break;
    case JSON_NUMBER:
        strbuf_add(out, r->number.text, r->number.len);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        strbuf_addstr(out, token == JSON_TRUE ? "true" : "false");
        break;
    default:
        strbuf_addstr(out, "null");
        break;
    }
}

int json_copy(struct json_reader *r, struct strbuf *out, size_t max, struct error *err)
{
    unsigned depth = r->depth;
    size_t start = out->len;
    enum json_token token = JSON_END;
    do {
        int rc = json_next(r, &token, err);
        if (rc < 0)
            return rc;
        char before = out->len > start ? out->buf[out->len - 1] : '[';
        bool closes = token == JSON_OBJECT_END || token == JSON_ARRAY_END;
        if (!closes && !strchr("{[:", before))
            strbuf_addch(out, ',');
        copy_token(r, token, out);
        if (out->len - start > max)
            return json_window_fail(&r->window, JSON_LIMIT, r->token_offset, err,
                                    "a value has more than %zu bytes", max);
    } while (r->depth > depth || token == JSON_KEY);
    return 0;
}
