#include "command/series_input.h"

#include "base/alloc.h"

#include <math.h>

static int read_items(struct json_reader *r, series_input_item *item, void *context,
                      struct error *err)
{
    bool more = false;
    int failed = json_enter(r, JSON_ARRAY_BEGIN, err);
    while (!failed && !(failed = json_next_item(r, &more, err)) && more) {
        failed = json_enter(r, JSON_OBJECT_BEGIN, err);
        if (!failed)
            failed = item(r, context, err);
    }
    return failed;
}

int series_input_read(const char *key, series_input_item *item, series_input_item *other,
                      void *context, struct error *err)
{
    AUTO_INPUT struct input *input = NULL;
    int failed = input_open("-", INPUT_MAX_DEFAULT, &input, err);
    if (failed)
        return failed;
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    bool more = false, seen = false;
    failed = json_enter(&r, JSON_OBJECT_BEGIN, err);
    while (!failed && !(failed = json_next_key(&r, &more, err)) && more) {
        if (json_text_is(&r, key)) {
            seen = true;
            failed = read_items(&r, item, context, err);
        } else {
            failed = other ? other(&r, context, err) : json_skip(&r, err);
        }
    }
    if (!failed)
        failed = json_finish(&r, err);
    if (failed)
        return error_wrap(err, "%s", input_name(input));
    if (!seen)
        return error_set(err, ERROR_INPUT, "standard input: there is no \"%s\" in it", key);
    return 0;
}

/* A list that has been entered. */
static int read_mean(struct json_reader *r, double *out, struct error *err)
{
    enum json_token token;
    double sum = 0;
    size_t count = 0;
    int failed;
    while (!(failed = json_next(r, &token, err)) && token != JSON_ARRAY_END) {
        if (token == JSON_NUMBER) {
            sum += r->number.value;
            count++;
        } else if (token != JSON_NULL) {
            return json_fail(r, err, "a number was expected, not %s", json_token_name(token));
        }
    }
    *out = count ? sum / (double)count : NAN;
    return failed;
}

int series_input_values(struct json_reader *r, struct double_list *out, struct error *err)
{
    enum json_token token;
    int failed = json_enter(r, JSON_ARRAY_BEGIN, err);
    while (!failed && !(failed = json_next(r, &token, err)) && token != JSON_ARRAY_END) {
        double value = NAN;
        if (token == JSON_NUMBER)
            value = r->number.value;
        else if (token == JSON_ARRAY_BEGIN)
            failed = read_mean(r, &value, err);
        else if (token != JSON_NULL && token != JSON_NAN && token != JSON_INFINITY &&
                 token != JSON_MINUS_INFINITY)
            failed =
                json_fail(r, err, "a number or null was expected, not %s", json_token_name(token));
        ARRAY_RESERVE(out->items, out->cap, out->count + 1);
        out->items[out->count++] = value;
    }
    return failed;
}
