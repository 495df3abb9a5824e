#include "base/escape.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

typedef void escape_func(struct strbuf *out, const char *text, size_t len);

static void becomes(escape_func *escape, const char *text, const char *want)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    escape(&out, text, strlen(text));
    cr_assert_str_eq(out.buf, want, "\"%s\" became \"%s\", not \"%s\"", text, out.buf, want);
}

Test(escape, leaves_plain_text_alone_for_every_sink)
{
    becomes(escape_terminal, "decode/case 1 é 漢", "decode/case 1 é 漢");
    becomes(escape_markdown, "decode/case 1 é 漢", "decode/case 1 é 漢");
    becomes(escape_csv, "decode/case 1 é 漢", "decode/case 1 é 漢");
    becomes(escape_json, "decode/case 1 é 漢", "\"decode/case 1 é 漢\"");
    becomes(escape_sql, "decode/case 1 é 漢", "'decode/case 1 é 漢'");
}

Test(escape, shows_controls_on_a_terminal_instead_of_obeying_them)
{
    becomes(escape_terminal, "a\nb\tc\rd", "a\\nb\\tc\\rd");
    becomes(escape_terminal, "\x1b[31mred\x07", "\\x1b[31mred\\x07");
    becomes(escape_terminal, "\x7f", "\\x7f");
    becomes(escape_terminal,
            "\xc2\x9b"
            "31m",
            "\\xc2\\x9b31m");
    becomes(escape_terminal, "bad \xff utf8 \xc3(", "bad \\xff utf8 \\xc3(");
}

Test(escape, breaks_what_a_runner_takes_for_a_command)
{
    becomes(escape_terminal, "::error::x", "\\x3a:error::x");
    becomes(escape_terminal, "  ::x", "  \\x3a:x");
    becomes(escape_terminal, "a::b :: c", "a::b :: c");
    becomes(escape_terminal, ":", ":");
    becomes(escape_terminal, "a ##[error]b", "a \\x23#[error]b");
    becomes(escape_terminal, "###[x", "#\\x23#[x");
    becomes(escape_terminal, "## [x] ##", "## [x] ##");
    becomes(escape_json, "a##[error]b", "\"a\\u0023#[error]b\"");
}

Test(escape, writes_a_nul_for_a_terminal_and_for_json)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    escape_terminal(&out, "a\0b", 3);
    escape_json(&out, "a\0b", 3);
    cr_assert_str_eq(out.buf, "a\\x00b\"a\\u0000b\"");
}

Test(escape, writes_json_that_a_parser_reads_back)
{
    static const char *const names[] = {
        "quote\" back\\slash / slash",
        "new\nline\ttab\rreturn",
        "\x01\x02\x1f\x7f",
        "%s %n",
        "é漢🦀",
        "",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        AUTO_STRBUF struct strbuf out = STRBUF_INIT;
        escape_json(&out, names[i], strlen(names[i]));
        cJSON *json = cJSON_Parse(out.buf);
        cr_assert(cJSON_IsString(json), "%s", out.buf);
        cr_assert_str_eq(json->valuestring, names[i]);
        cJSON_Delete(json);
    }
    becomes(escape_json,
            "a\xff"
            "b",
            "\"a\xef\xbf\xbd"
            "b\"");
}

Test(escape, shows_what_turns_the_direction_of_text)
{
    becomes(escape_terminal, "a\u202eb\u061c\u2013", "a\\u202eb\\u061c\u2013");
}

Test(escape, leaves_nothing_in_markdown_that_renders)
{
    becomes(escape_markdown, "a|b", "a&#124;b");
    becomes(escape_markdown, "<img src=x>", "&#60;img src=x&#62;");
    becomes(escape_markdown, "@somebody #12 &amp;", "&#64;somebody &#35;12 &#38;amp;");
    becomes(escape_markdown, "`x` [y](z) *b* _i_ ~s~ !",
            "\\`x\\` \\[y\\]\\(z\\) \\*b\\* \\_i\\_ \\~s\\~ \\!");
    becomes(escape_markdown, "two\nlines\r", "two lines ");
    becomes(escape_markdown, "https://a.b www.c WWW.d std::io:// wwwx.y",
            "https&#58;//a.b www&#46;c WWW&#46;d std::io&#58;// wwwx.y");
    becomes(escape_markdown, "a\u202eb\u2066c\u061cd", "abcd");
    becomes(escape_markdown, "\\|", "\\\\&#124;");
}

Test(escape, quotes_csv_where_rfc_4180_asks_for_it)
{
    becomes(escape_csv, "a,b", "\"a,b\"");
    becomes(escape_csv, "say \"x\"", "\"say \"\"x\"\"\"");
    becomes(escape_csv, "two\nlines", "\"two\nlines\"");
    becomes(escape_csv, "", "");
}

Test(escape, doubles_quotes_in_sql)
{
    becomes(escape_sql, "it's", "'it''s'");
    becomes(escape_sql, "rack \xe9 7", "'rack \xef\xbf\xbd 7'");
    becomes(escape_sql, "'; DROP TABLE results; --", "'''; DROP TABLE results; --'");
    becomes(escape_sql, "\\'", "'\\'''");
}

/* RFC 3629 said in another way: decode, then check what came out. */
static size_t sequence_by_value(const unsigned char *s, size_t len)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (!n || n > len)
        return 0;
    uint32_t value = n == 1 ? s[0] : s[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (s[i] >> 6 != 2)
            return 0;
        value = value << 6 | (s[i] & 0x3f);
    }
    bool surrogate = value >= 0xd800 && value <= 0xdfff;
    return value < least[n] || value > 0x10ffff || surrogate ? 0 : n;
}

Test(escape, knows_every_utf8_sequence_of_three_bytes_and_the_edges_of_four)
{
    unsigned char s[4] = {0};
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++)
            for (unsigned c = 0; c < 256; c += 5) {
                s[0] = (unsigned char)a;
                s[1] = (unsigned char)b;
                s[2] = (unsigned char)c;
                s[3] = 0xbf;
                for (size_t len = 1; len <= 4; len++)
                    cr_assert_eq(utf8_sequence((char *)s, len), sequence_by_value(s, len),
                                 "%02x %02x %02x bf, %zu bytes", a, b, c, len);
            }
    cr_assert_eq(utf8_sequence("", 0), 0);
    cr_assert(utf8_is_valid("", 0));
    cr_assert_not(utf8_is_valid("ok \xed\xa0\x80", 6), "a surrogate");
}
