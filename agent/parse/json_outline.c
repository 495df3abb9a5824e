#include "parse/json_outline.h"

#include "base/alloc.h"
#include "parse/json_value.h"

#include <string.h>

#define KEY_MAX 128 /* bytes of a key that may be asked for */

/* Where the reader is. */
struct walk {
    struct json_outline *out;
    struct strbuf path;
};

static void note(struct walk *w)
{
    if (w->path.len && w->out->paths.count < JSON_OUTLINE_MAX)
        (void)text_pool_add(&w->out->paths, w->path.buf);
}

static int walk_value(struct walk *w, struct json_reader *r, unsigned depth);

static int walk_object(struct walk *w, struct json_reader *r, unsigned depth)
{
    bool more = false;
    int rc = 0;
    size_t before = w->path.len;
    while (!(rc = json_next_key(r, &more, NULL)) && more) {
        if (r->text.len > KEY_MAX) {
            rc = json_skip(r, NULL);
        } else {
            strbuf_addf(&w->path, "%s%s", before ? "." : "", r->text.buf);
            note(w);
            rc = walk_value(w, r, depth + 1);
            strbuf_truncate(&w->path, before);
        }
        if (rc)
            return rc;
    }
    return rc;
}

static int walk_array(struct walk *w, struct json_reader *r, unsigned depth)
{
    bool more = false;
    int rc = 0;
    size_t before = w->path.len;
    strbuf_addstr(&w->path, "[]");
    while (!rc && !(rc = json_next_item(r, &more, NULL)) && more)
        rc = walk_value(w, r, depth + 1);
    strbuf_truncate(&w->path, before);
    return rc;
}

static int walk_value(struct walk *w, struct json_reader *r, unsigned depth)
{
    enum json_token token = JSON_END;
    int rc = json_next(r, &token, NULL);
    if (rc)
        return rc;
    if (token != JSON_OBJECT_BEGIN && token != JSON_ARRAY_BEGIN)
        return 0;
    if (depth >= JSON_OUTLINE_DEPTH)
        return json_skip_to_depth(r, r->depth - 1, NULL);
    return token == JSON_OBJECT_BEGIN ? walk_object(w, r, depth) : walk_array(w, r, depth);
}

void json_outline_read(const char *head, size_t len, struct json_outline *out)
{
    *out = (struct json_outline){0};
    AUTO_INPUT struct input *input = input_from_memory("head", head, len);
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    struct walk w = {.out = out, .path = STRBUF_INIT};
    (void)walk_value(&w, &r, 0);
    strbuf_release(&w.path);
}

bool json_outline_has(const struct json_outline *outline, const char *path)
{
    for (size_t i = 0; i < outline->paths.count; i++)
        if (!strcmp(outline->paths.items[i], path))
            return true;
    return false;
}

bool json_head_has(const char *head, size_t len, const char *const *paths)
{
    if (*head != '{' && *head != '[')
        return false;
    AUTO_JSON_OUTLINE struct json_outline outline;
    json_outline_read(head, len, &outline);
    for (; *paths; paths++)
        if (!json_outline_has(&outline, *paths))
            return false;
    return true;
}

void json_outline_release(struct json_outline *outline)
{
    text_pool_release(&outline->paths);
}
