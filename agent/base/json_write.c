#include "base/json_write.h"

#include "base/escape.h"

#include <inttypes.h>
#include <string.h>

static void add_comma(struct strbuf *out)
{
    char last = out->len ? out->buf[out->len - 1] : '{';
    if (last != '{' && last != '[')
        strbuf_addch(out, ',');
}

static void add_value(struct strbuf *out, const char *value)
{
    if (value)
        escape_json(out, value, strlen(value));
    else
        strbuf_addstr(out, "null");
}

void json_key(struct strbuf *out, const char *key)
{
    add_comma(out);
    strbuf_addf(out, "\"%s\":", key);
}

void json_text(struct strbuf *out, const char *key, const char *value)
{
    json_key(out, key);
    add_value(out, value);
}

void json_list(struct strbuf *out, const char *key, const struct strlist *list)
{
    json_key(out, key);
    strbuf_addch(out, '[');
    for (size_t i = 0; i < list->count; i++)
        json_item(out, list->items[i]);
    strbuf_addch(out, ']');
}

void json_integer(struct strbuf *out, const char *key, int64_t value)
{
    json_key(out, key);
    strbuf_addf(out, "%" PRId64, value);
}

void json_bool(struct strbuf *out, const char *key, bool value)
{
    json_key(out, key);
    strbuf_addstr(out, value ? "true" : "false");
}

void json_raw(struct strbuf *out, const char *key, const char *json)
{
    json_key(out, key);
    strbuf_addstr(out, json ? json : "null");
}

void json_item(struct strbuf *out, const char *text)
{
    add_comma(out);
    add_value(out, text);
}
