#include "parse/json_member.h"

#include "base/alloc.h"
#include "base/number.h"

#include <math.h>
#include <string.h>

/* What is left of a value that began with `token`. */
static int skip_rest(struct json_reader *r, enum json_token token, struct error *err)
{
    bool open = token == JSON_OBJECT_BEGIN || token == JSON_ARRAY_BEGIN;
    return open ? json_skip_to_depth(r, r->depth - 1, err) : 0;
}

static double figure_of(const struct json_reader *r, enum json_token token)
{
    double value = NAN;
    if (token == JSON_NUMBER)
        value = r->number.value;
    else if (token == JSON_STRING && strlen(r->text.buf) == r->text.len)
        (void)parse_double(r->text.buf, &value);
    return isfinite(value) ? value : NAN;
}

int json_read_figure(struct json_reader *r, double *out, struct error *err)
{
    enum json_token token = JSON_END;
    int rc = json_next(r, &token, err);
    if (rc)
        return rc;
    if (token == JSON_OBJECT_BEGIN || token == JSON_ARRAY_BEGIN)
        return json_fail(r, err, "expected a number, found %s", json_token_name(token));
    *out = figure_of(r, token);
    return 0;
}

int json_read_figures(struct json_reader *r, struct double_list *out, struct error *err)
{
    bool is_null = false, more = false;
    out->count = 0;
    int rc = json_try_null(r, &is_null, err);
    if (rc || is_null)
        return rc;
    rc = json_enter(r, JSON_ARRAY_BEGIN, err);
    while (!rc && !(rc = json_next_item(r, &more, err)) && more) {
        double value = NAN;
        rc = json_read_figure(r, &value, err);
        if (!rc && out->count == JSON_LIST_MAX)
            rc = json_fail(r, err, "more than %zu numbers in one list", JSON_LIST_MAX);
        if (rc)
            return rc;
        ARRAY_RESERVE(out->items, out->cap, out->count + 1);
        out->items[out->count++] = value;
    }
    return rc;
}

int json_read_text_only(struct json_reader *r, struct strbuf *out, struct error *err)
{
    enum json_token token = JSON_END;
    strbuf_clear(out);
    int rc = json_next(r, &token, err);
    if (rc)
        return rc;
    if (token == JSON_STRING)
        strbuf_add(out, r->text.buf, r->text.len);
    return skip_rest(r, token, err);
}

int json_find_shape(struct input *input, enum json_shape *out, struct error *err)
{
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    int rc = json_skip_space(&r, err);
    if (rc)
        return rc;
    char first = *r.window.pos;
    if (first == '{') {
        rc = json_skip(&r, err);
        if (!rc)
            rc = json_skip_space(&r, err);
        *out = rc || r.window.pos == r.window.end ? JSON_SHAPE_OBJECT : JSON_SHAPE_LINES;
    } else {
        *out = first == '[' ? JSON_SHAPE_ARRAY : JSON_SHAPE_LINES;
    }
    return rc ? rc : input_rewind(input, err);
}
