#include "parse/xml_tags.h"

#include "parse/text_lines.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void xml_tags_init(struct xml_tags *xml, struct input *input)
{
    *xml = (struct xml_tags){.tag = STRBUF_INIT, .name = STRBUF_INIT, .value = STRBUF_INIT};
    json_window_init(&xml->window, input);
}

void xml_tags_release(struct xml_tags *xml)
{
    json_window_release(&xml->window);
    strbuf_release(&xml->tag);
    strbuf_release(&xml->name);
    strbuf_release(&xml->value);
}

/* The next byte, or -1 at the end. The window's limit is for one document of JSON: here every tag
 * begins one. */
static int next_byte(struct xml_tags *xml, int *out, struct error *err)
{
    struct json_window *w = &xml->window;
    if (w->pos == w->end) {
        w->document = json_window_offset(w);
        int rc = json_window_fill(w, err);
        if (rc)
            return rc;
    }
    *out = w->pos == w->end ? -1 : (unsigned char)*w->pos++;
    return 0;
}

static int fail(struct xml_tags *xml, struct error *err, const char *what)
{
    return json_window_fail(&xml->window, JSON_SYNTAX, json_window_offset(&xml->window), err, "%s",
                            what);
}

/* To behind `end`; the document may not end before. */
static int skip_to(struct xml_tags *xml, const char *end, struct error *err)
{
    char last[4] = {0};
    size_t len = strlen(end);
    for (;;) {
        int c = 0, rc = next_byte(xml, &c, err);
        if (rc)
            return rc;
        if (c < 0)
            return fail(xml, err, "the file ends within a comment or CDATA");
        memmove(last, last + 1, len - 1);
        last[len - 1] = (char)c;
        if (!memcmp(last, end, len))
            return 0;
    }
}

/* Whether the tag so far opens what is to be passed over; *end is what closes it. */
static bool opens_other(const struct strbuf *tag, const char **end)
{
    static const char *const others[][2] = {{"?", "?>"}, {"!--", "-->"}, {"![CDATA[", "]]>"}};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (!strcmp(tag->buf, others[i][0])) {
            *end = others[i][1];
            return true;
        }
    return false;
}

/* Reads to the ">" that is not within quotes. *other: it was no tag. */
static int read_tag(struct xml_tags *xml, bool *other, struct error *err)
{
    char quote = 0;
    const char *end = NULL;
    strbuf_clear(&xml->tag);
    *other = false;
    for (;;) {
        int c = 0, rc = next_byte(xml, &c, err);
        if (rc)
            return rc;
        if (c < 0)
            return fail(xml, err, "the file ends within a tag");
        if (c == '>' && !quote)
            return 0;
        if (xml->tag.len == XML_TAG_MAX)
            return fail(xml, err, "a tag of more than 1 MiB");
        if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'')
            quote = (char)c;
        strbuf_addch(&xml->tag, (char)c);
        if (xml->tag.len <= 8 && opens_other(&xml->tag, &end)) {
            *other = true;
            return skip_to(xml, end, err);
        }
    }
}

int xml_next(struct xml_tags *xml, bool *more, struct error *err)
{
    for (;;) {
        int c = 0, rc = 0;
        bool other = false;
        while (!rc && c != '<' && c >= 0)
            rc = next_byte(xml, &c, err);
        *more = c == '<';
        if (rc || !*more)
            return rc;
        rc = read_tag(xml, &other, err);
        if (rc)
            return rc;
        if (other)
            continue;
        if (*xml->tag.buf == '!')
            return fail(xml, err, "a document type, which is not read");
        text_clean(&xml->tag);
        break;
    }
    const char *tag = xml->tag.buf;
    xml->closes = *tag == '/';
    xml->empty = xml->tag.len && tag[xml->tag.len - 1] == '/';
    tag += xml->closes;
    strbuf_clear(&xml->name);
    strbuf_add(&xml->name, tag, strcspn(tag, " \t\r\n/"));
    return 0;
}

static void add_character(struct strbuf *out, unsigned long code)
{
    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        code = 0xfffd;
    if (code < 0x80) {
        strbuf_addch(out, (char)code);
        return;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    strbuf_addch(out, (char)(lead[more] | (code >> (6 * more))));
    while (more-- > 0)
        strbuf_addch(out, (char)(0x80 | ((code >> (6 * more)) & 0x3f)));
}

/* Bytes of the entity at `text`, decoded into `out`; 0 when it is none that is known. */
static size_t add_entity(struct strbuf *out, const char *text)
{
    static const char *const known[][2] = {
        {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (!strncmp(text, known[i][0], strlen(known[i][0]))) {
            strbuf_addstr(out, known[i][1]);
            return strlen(known[i][0]);
        }
    if (text[1] != '#')
        return 0;
    bool hexadecimal = text[2] == 'x';
    const char *digits = text + (hexadecimal ? 3 : 2);
    size_t len = strspn(digits, hexadecimal ? "0123456789abcdefABCDEF" : "0123456789");
    if (!len || len > 8 || digits[len] != ';')
        return 0;
    add_character(out, strtoul(digits, NULL, hexadecimal ? 16 : 10));
    return (size_t)(digits - text) + len + 1;
}

static void decode(struct strbuf *out, const char *text, size_t len)
{
    strbuf_clear(out);
    for (size_t i = 0; i < len;) {
        size_t entity = text[i] == '&' ? add_entity(out, text + i) : 0;
        if (!entity)
            strbuf_addch(out, text[i]);
        i += entity ? entity : 1;
    }
}

const struct strbuf *xml_attribute(struct xml_tags *xml, const char *name)
{
    static const char space[] = " \t\r\n";
    const char *at = xml->tag.buf + strcspn(xml->tag.buf, space);
    for (;;) {
        at += strspn(at, space);
        size_t len = strcspn(at, "= \t\r\n");
        const char *value = at + len;
        value += strspn(value, space);
        if (!len || *value != '=')
            return NULL;
        value += 1 + strspn(value + 1, space);
        const char *end = *value == '"' || *value == '\'' ? strchr(value + 1, *value) : NULL;
        if (!end)
            return NULL;
        if (strlen(name) == len && !strncmp(at, name, len)) {
            decode(&xml->value, value + 1, (size_t)(end - value - 1));
            return &xml->value;
        }
        at = end + 1;
    }
}
