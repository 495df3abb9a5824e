#include "base/escape.h"

#include <stdint.h>
#include <string.h>

size_t utf8_sequence(const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    if (!len)
        return 0;
    if (s[0] < 0x80)
        return 1;
    size_t want = s[0] >= 0xc2 && s[0] <= 0xdf   ? 2
                  : (s[0] & 0xf0) == 0xe0        ? 3
                  : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                                 : 0;
    if (!want || want > len)
        return 0;
    for (size_t i = 1; i < want; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return want;
}

bool utf8_is_valid(const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint64_t eight = UINT64_MAX;
        if (len - i >= sizeof(eight))
            memcpy(&eight, text + i, sizeof(eight));
        /* Eight bytes of ASCII: most text that is looked at is nothing else. */
        size_t step = eight & 0x8080808080808080 ? utf8_sequence(text + i, len - i) : 8;
        if (!step)
            return false;
        i += step;
    }
    return true;
}

bool utf8_turns_direction(const char *text, size_t len)
{
    const unsigned char *c = (const unsigned char *)text;
    if (len == 2)
        return c[0] == 0xd8 && c[1] == 0x9c;
    if (len != 3 || c[0] != 0xe2)
        return false;
    return (c[1] == 0x80 && (c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xaa && c[2] <= 0xae))) ||
           (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);
}

/* The short escape of a control character, or NULL. */
static const char *short_escape(char c)
{
    switch (c) {
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

/* Controls that a terminal acts on hide in UTF-8 too: U+0080 to U+009F. */
static bool is_control(const char *text, size_t step)
{
    unsigned char c = (unsigned char)text[0];
    return step == 1 ? c < 0x20 || c == 0x7f
                     : step == 2 && c == 0xc2 && (unsigned char)text[1] < 0xa0;
}

/* GitHub's runner takes "::" for a command at the beginning of a line, behind blanks, and "##[",
 * its old notation, anywhere in it (actions/runner, ActionCommand.TryParse and TryParseV2). */
static bool begins_command(const char *text, size_t len)
{
    return len >= 3 && !memcmp(text, "##[", 3);
}

static size_t leading_colons(const char *text, size_t len)
{
    size_t blanks = 0;
    while (blanks < len && text[blanks] == ' ')
        blanks++;
    return len - blanks >= 2 && !memcmp(text + blanks, "::", 2) ? blanks : SIZE_MAX;
}

/* \u202e of a sequence of two or three bytes. */
static void add_code_point(struct strbuf *out, const char *text, size_t step)
{
    const unsigned char *c = (const unsigned char *)text;
    unsigned point = step == 2 ? (c[0] & 0x1fu) << 6 | (c[1] & 0x3fu)
                               : (c[0] & 0x0fu) << 12 | (c[1] & 0x3fu) << 6 | (c[2] & 0x3fu);
    strbuf_addf(out, "\\u%04x", point);
}

void escape_terminal(struct strbuf *out, const char *text, size_t len)
{
    size_t colons = leading_colons(text, len);
    for (size_t i = 0; i < len;) {
        size_t step = utf8_sequence(text + i, len - i);
        if (utf8_turns_direction(text + i, step)) {
            add_code_point(out, text + i, step);
            i += step;
            continue;
        }
        if (step && !is_control(text + i, step) && !begins_command(text + i, len - i) &&
            i != colons) {
            strbuf_add(out, text + i, step);
            i += step;
            continue;
        }
        const char *escaped = short_escape(text[i]);
        if (escaped)
            strbuf_addstr(out, escaped);
        else
            strbuf_addf(out, "\\x%02x", (unsigned char)text[i]);
        i++;
    }
}

void escape_json(struct strbuf *out, const char *text, size_t len)
{
    strbuf_addch(out, '"');
    for (size_t i = 0; i < len;) {
        size_t step = utf8_sequence(text + i, len - i);
        unsigned char c = (unsigned char)text[i];
        const char *escaped = short_escape(text[i]);
        if (!step)
            strbuf_addstr(out, "\xef\xbf\xbd");
        else if (step > 1)
            strbuf_add(out, text + i, step);
        else if (escaped)
            strbuf_addstr(out, escaped);
        else if (c == '"' || c == '\\')
            strbuf_addf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f || begins_command(text + i, len - i))
            strbuf_addf(out, "\\u%04x", c);
        else
            strbuf_addch(out, text[i]);
        i += step ? step : 1;
    }
    strbuf_addch(out, '"');
}

void escape_script(struct strbuf *out, const char *text, size_t len)
{
    AUTO_STRBUF struct strbuf json = STRBUF_INIT;
    escape_json(&json, text, len);
    for (size_t i = 0; i < json.len; i++) {
        const char *c = json.buf + i;
        if (strchr("<>&", *c))
            strbuf_addf(out, "\\u%04x", (unsigned char)*c);
        else if (!strncmp(c, "\xe2\x80\xa8", 3) || !strncmp(c, "\xe2\x80\xa9", 3)) {
            strbuf_addf(out, "\\u%04x", c[2] == '\xa8' ? 0x2028 : 0x2029);
            i += 2;
        } else
            strbuf_addch(out, *c);
    }
}

/* GitHub makes a link of "https://…" and of "www.…" without any mark around it. */
static bool makes_link(const char *text, size_t i, size_t len)
{
    return (text[i] == ':' && len - i > 2 && !memcmp(text + i, "://", 3)) ||
           (text[i] == '.' && i >= 3 && !strncasecmp(text + i - 3, "www", 3));
}

void escape_markdown(struct strbuf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t step = utf8_sequence(text + i, len - i);
        char c = text[i];
        if (!step || is_control(text + i, step))
            strbuf_addstr(out, step ? " " : "\xef\xbf\xbd");
        else if (step > 1 && !utf8_turns_direction(text + i, step))
            strbuf_add(out, text + i, step);
        else if (step > 1)
            ; /* left out */
        else if (strchr("<>&@|#", c) || makes_link(text, i, len))
            strbuf_addf(out, "&#%d;", c);
        else if (strchr("\\`*_{}[]()~!", c))
            strbuf_addf(out, "\\%c", c);
        else
            strbuf_addch(out, c);
        i += step ? step : 1;
    }
}

void escape_csv(struct strbuf *out, const char *text, size_t len)
{
    bool quote = false;
    for (size_t i = 0; i < len && !quote; i++)
        quote = text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r';
    if (!quote) {
        strbuf_add(out, text, len);
        return;
    }
    strbuf_addch(out, '"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            strbuf_addch(out, '"');
        strbuf_addch(out, text[i]);
    }
    strbuf_addch(out, '"');
}

void escape_sql(struct strbuf *out, const char *text, size_t len)
{
    strbuf_addch(out, '\'');
    for (size_t i = 0; i < len;) {
        size_t step = utf8_sequence(text + i, len - i);
        if (text[i] == '\'')
            strbuf_addch(out, '\'');
        strbuf_add(out, step ? text + i : "\xef\xbf\xbd", step ? step : 3);
        i += step ? step : 1;
    }
    strbuf_addch(out, '\'');
}
