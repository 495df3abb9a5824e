#include "base/code_span.h"

#include "base/alloc.h"
#include "base/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Characters that nobody sees, or that turn the text around them: what they name would not be what
 * is read. */
static bool is_hidden(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x80, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},   {0x115f, 0x1160}, {0x17b4, 0x17b5},
        {0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},
        {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff},
    };
    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

static uint32_t code_point(const char *text, size_t step)
{
    const unsigned char *s = (const unsigned char *)text;
    uint32_t c = step == 1 ? s[0] : s[0] & (0xff >> (step + 1));
    for (size_t i = 1; i < step; i++)
        c = c << 6 | (s[i] & 0x3f);
    return c;
}

void code_span(struct strbuf *out, const char *words, size_t max)
{
    size_t len = strlen(words), start = out->len;
    strbuf_addch(out, '`');
    for (size_t i = 0; i < len;) {
        size_t step = utf8_sequence(words + i, len - i);
        uint32_t c = step ? code_point(words + i, step) : 0xfffd;
        if (out->len - start > max) {
            strbuf_addstr(out, "\xe2\x80\xa6");
            break;
        }
        if (c < 0x20 || c == 0x7f)
            strbuf_addch(out, ' ');
        else if (c == '[' && i >= 2 && words[i - 1] == '#' && words[i - 2] == '#')
            strbuf_addstr(out, " ["); /* "##[" is a command to GitHub's runner, anywhere */
        else if (c == '`')
            strbuf_addch(out, '\'');
        else if (c == '|') /* behind a backslash no escape of it is left: another bar */
            strbuf_addstr(out, i && words[i - 1] == '\\' ? "\xc2\xa6" : "\\|");
        else if (is_hidden(c))
            strbuf_addf(out, "U+%04X", c);
        else if (!step)
            strbuf_addstr(out, "\xef\xbf\xbd");
        else
            strbuf_add(out, words + i, step);
        i += step ? step : 1;
    }
    if (out->len == start + 1)
        strbuf_addch(out, ' ');
    strbuf_addch(out, '`');
}
