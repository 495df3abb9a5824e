#include "base/alloc.h"
#include "base/file.h"
#include "parse/json_value.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Reads `text` to its end and writes it compactly; the message where it is no JSON. */
static char *rewrite(const char *text, size_t len)
{
    AUTO_INPUT struct input *input = input_from_memory("input", text, len);
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    AUTO_JSON_READER struct json_reader r;
    struct error err = ERROR_INIT;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    int rc = json_copy(&r, &out, SIZE_MAX, &err);
    if (!rc)
        rc = json_finish(&r, &err);
    return rc < 0 ? xstrdup(err.message) : strbuf_detach(&out);
}

static void rewrites(const char *text, const char *expected)
{
    AUTO_FREE char *got = rewrite(text, strlen(text));
    cr_assert_str_eq(got, expected, "%s gives %s", text, got);
    /* Skipping accepts and refuses the same texts. */
    AUTO_INPUT struct input *input = input_from_memory("input", text, strlen(text));
    AUTO_JSON_READER struct json_reader r;
    struct error err = ERROR_INIT;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    int rc = json_skip(&r, &err);
    if (!rc)
        rc = json_finish(&r, &err);
    if (rc < 0)
        cr_assert_str_eq(err.message, expected, "skipping says \"%s\"", err.message);
    else
        cr_assert(!strstr(got, "line "), "skipping takes %s", text);
}

Test(json_reader, documents_come_out_as_they_went_in)
{
    rewrites("{}", "{}");
    rewrites("[]", "[]");
    rewrites(" [ 1 , -2.50e+3 , \"a\" , true , false , null ] \r\n",
             "[1,-2.50e+3,\"a\",true,false,null]");
    rewrites("{\"a\" : {\"b\":[[],{}]}, \"c\":\"d\"}", "{\"a\":{\"b\":[[],{}]},\"c\":\"d\"}");
    rewrites("\"only a string\"", "\"only a string\"");
    rewrites("0", "0");
    rewrites("\xef\xbb\xbf[1]", "[1]");
}

Test(json_reader, escapes_and_surrogate_pairs_are_decoded)
{
    rewrites("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\"");
    rewrites("\"\\u0041\\u00fc\\u20ac\\ud83d\\ude00\"",
             "\"A\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\"");
    rewrites("\"\xc3\xbc\"", "\"\xc3\xbc\"");
}

Test(json_reader, a_lone_surrogate_becomes_the_replacement_character)
{
    rewrites("\"a\\ud800b\"", "\"a\xef\xbf\xbd"
                              "b\"");
    rewrites("\"\\udcff\"", "\"\xef\xbf\xbd\"");
    rewrites("\"\\ud800\\u0041\"", "\"\xef\xbf\xbd"
                                   "A\"");
    rewrites("\"\\ud800\\ud83d\\ude00\"", "\"\xef\xbf\xbd\xf0\x9f\x98\x80\"");
}

Test(json_reader, nan_and_infinity_are_values_of_their_own_and_copied_as_null)
{
    rewrites("[NaN, Infinity, -Infinity]", "[null,null,null]");
    AUTO_INPUT struct input *input = input_from_memory("input", "NaN", 3);
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    enum json_token token = JSON_END;
    cr_assert_eq(json_next(&r, &token, NULL), 0);
    cr_assert_eq(token, JSON_NAN);
}

Test(json_reader, broken_documents_are_refused_with_line_and_byte)
{
    rewrites("", "line 1, byte 1: expected a value, found the end of the file");
    rewrites("{\"a\":1", "line 1, byte 7: expected \",\" or \"}\", found the end of the file");
    rewrites("[1,\n 2,\n x]", "line 3, byte 10: expected a value, found \"x\"");
    rewrites("[1 2]", "line 1, byte 4: expected \",\" or \"]\", found \"2\"");
    rewrites("[1,]", "line 1, byte 4: expected a value, found \"]\"");
    rewrites("{\"a\":1,}", "line 1, byte 8: expected a key, found \"}\"");
    rewrites("{1:2}", "line 1, byte 2: expected a key or \"}\", found \"1\"");
    rewrites("{\"a\" 1}", "line 1, byte 6: expected \":\" behind a key, found \"1\"");
    rewrites("[1]]", "line 1, byte 4: expected nothing behind the document, found \"]\"");
    rewrites("[\"abc", "line 1, byte 6: expected the rest of a string, found the end of the file");
    rewrites("[\"a\nb\"]",
             "line 1, byte 4: expected the rest of a string, found the end of the line");
    rewrites("[\"\\x\"]", "line 1, byte 3: expected an escape sequence of JSON, found \"\\\"");
    rewrites("[\"\\u12g4\"]",
             "line 1, byte 3: expected four hexadecimal digits behind \\u, found \"\\\"");
    rewrites("[01]", "line 1, byte 2: expected a number, found \"0\"");
    rewrites("[nul]", "line 1, byte 2: expected a value, found \"n\"");
    rewrites("[\x01]", "line 1, byte 2: expected a value, found the byte 0x01");
    rewrites("]", "line 1, byte 1: expected a value, found \"]\"");
    rewrites("[}", "line 1, byte 2: expected a value, found \"}\"");
}

Test(json_reader, a_nul_byte_and_text_that_is_not_utf8_are_refused)
{
    AUTO_FREE char *nul = rewrite("[1,\0]", 5);
    cr_assert_str_eq(nul, "line 1, byte 4: expected a value, found the byte 0x00");
    AUTO_FREE char *latin = rewrite("[\"a\xfc\"]", 6);
    cr_assert_str_eq(latin, "line 1, byte 2: a string that is not UTF-8");
    AUTO_FREE char *overlong = rewrite("[\"\xc0\xaf\"]", 6);
    cr_assert_str_eq(overlong, "line 1, byte 2: a string that is not UTF-8");
}

Test(json_reader, nesting_has_a_limit)
{
    char text[20001];
    memset(text, '[', 10000);
    memset(text + 10000, ']', 10000);
    AUTO_FREE char *deep = rewrite(text, 20000);
    cr_assert_str_eq(deep, "line 1, byte 513: nested more than 512 deep");
    AUTO_FREE char *allowed = rewrite(text + 10000 - 512, 1024);
    cr_assert_eq(strlen(allowed), 1024);
}

Test(json_reader, a_string_and_a_number_have_a_limit)
{
    size_t len = JSON_STRING_MAX + 3;
    AUTO_FREE char *text = xmalloc(len);
    memset(text, 'a', len);
    text[0] = text[len - 1] = '"';
    AUTO_FREE char *string = rewrite(text, len);
    cr_assert_str_eq(string, "line 1, byte 1: a string may have 1048576 bytes at most");
    memset(text, '1', len);
    AUTO_FREE char *number = rewrite(text, len);
    cr_assert_str_eq(number, "line 1, byte 1: a number may have 1023 characters at most");
    AUTO_FREE char *long_number = rewrite(text, 1023);
    cr_assert_eq(strlen(long_number), 1023);
}

/* The window is 256 KiB: `pad` spaces move every token across its edge. */
Test(json_reader, tokens_that_lie_across_the_edge_of_the_window_are_whole)
{
    static const char document[] =
        "{\"key\\u00fc\":[1.25,-17e-2,true,false,null,\"\\ud83d\\ude00\xe2\x82\xac\"],\"b\":{}}";
    AUTO_FREE char *expected = rewrite(document, strlen(document));
    size_t edge = (size_t)256 << 10, len = strlen(document);
    AUTO_FREE char *text = xmalloc(edge + len);
    for (size_t before = 0; before <= len; before++) {
        memset(text, ' ', edge - before);
        memcpy(text + edge - before, document, len);
        AUTO_FREE char *got = rewrite(text, edge - before + len);
        cr_assert_str_eq(got, expected, "%zu bytes in front of the edge: %s", before, got);
    }
}

Test(json_reader, lists_of_numbers_are_read_whole_however_they_are_written)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    const size_t count = 100000;
    strbuf_addch(&text, '[');
    static const char *const gaps[] = {"", " ", "\n            ", "\t"};
    for (size_t i = 0; i < count; i++)
        strbuf_addf(&text, "%s%.17g%s", gaps[i % 4], (double)i / 7, i + 1 < count ? "," : " ]");
    AUTO_INPUT struct input *input = input_from_memory("input", text.buf, text.len);
    AUTO_JSON_READER struct json_reader r;
    struct error err = ERROR_INIT;
    struct double_list list = {0};
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    cr_assert_eq(json_read_doubles(&r, &list, &err), 0, "%s", err.message);
    cr_assert_eq(json_finish(&r, &err), 0, "%s", err.message);
    cr_assert_eq(list.count, count);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(list.items[i], (double)i / 7);
    free(list.items);
}

static char *doubles_error(const char *text)
{
    AUTO_INPUT struct input *input = input_from_memory("input", text, strlen(text));
    AUTO_JSON_READER struct json_reader r;
    struct error err = ERROR_INIT;
    struct double_list list = {0};
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    int rc = json_read_doubles(&r, &list, &err);
    free(list.items);
    return rc < 0 ? xstrdup(err.message) : xstrdup("fine");
}

static char *u64s_error(const char *text)
{
    AUTO_INPUT struct input *input = input_from_memory("input", text, strlen(text));
    AUTO_JSON_READER struct json_reader r;
    struct error err = ERROR_INIT;
    struct u64_list list = {0};
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    int rc = json_read_u64s(&r, &list, &err);
    free(list.items);
    return rc < 0 ? xstrdup(err.message) : xstrdup("fine");
}

Test(json_reader, lists_take_numbers_only)
{
    static const struct {
        char *(*read)(const char *);
        const char *text, *expected;
    } cases[] = {
        {doubles_error, "[]", "fine"},
        {doubles_error, "null", "line 1, byte 1: expected an array, found null"},
        {doubles_error, "[1,null]", "line 1, byte 4: expected a number, found null"},
        {doubles_error, "[1, NaN]", "line 1, byte 5: expected a number, found NaN"},
        {doubles_error, "[-Infinity]", "line 1, byte 2: expected a number, found -Infinity"},
        {doubles_error, "[1e999]", "line 1, byte 2: 1e999 is too large for a number"},
        {doubles_error, "[\"1\"]", "line 1, byte 2: expected a number, found a string"},
        {doubles_error, "[1,]", "line 1, byte 4: expected a value, found \"]\""},
        {doubles_error, "[1 2]", "line 1, byte 4: expected \",\" or \"]\", found \"2\""},
        {doubles_error, "[1,2",
         "line 1, byte 5: expected \",\" or \"]\", found the end of the file"},
        {u64s_error, "[0,18446744073709551615]", "fine"},
        {u64s_error, "[1.5]",
         "line 1, byte 2: expected a whole number from 0 to 2^64 - 1, found 1.5"},
        {u64s_error, "[-1]",
         "line 1, byte 2: expected a whole number from 0 to 2^64 - 1, found -1"},
        {u64s_error, "[18446744073709551616]",
         "line 1, byte 2: expected a whole number from 0 to 2^64 - 1, found 18446744073709551616"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO_FREE char *got = cases[i].read(cases[i].text);
        cr_assert_str_eq(got, cases[i].expected, "%s: %s", cases[i].text, got);
    }
}

Test(json_reader, lines_are_documents_of_their_own_and_the_rest_of_one_can_be_searched)
{
    static const char text[] = "[1]\n\n  text\r\n{\"a\": broken needle\n[2]";
    AUTO_INPUT struct input *input = input_from_memory("input", text, strlen(text));
    AUTO_JSON_READER struct json_reader r;
    struct error err = ERROR_INIT;
    json_reader_init(&r, input, JSON_LINES);
    char first = 0;
    bool more = false, found = false;
    static const char firsts[] = "[\nt{[";
    for (size_t i = 0; i < strlen(firsts); i++) {
        cr_assert_eq(json_line_next(&r, &first, &more, &err), 0);
        cr_assert(more);
        cr_assert_eq(first, firsts[i]);
        if (first == '[') {
            cr_assert_eq(json_skip(&r, &err), 0, "%s", err.message);
            cr_assert_eq(json_finish(&r, &err), 0, "%s", err.message);
        }
        if (first == '{') {
            cr_assert_lt(json_skip(&r, &err), 0);
            cr_assert_str_eq(err.message, "line 4, byte 20: expected a value, found \"b\"");
            cr_assert_eq(json_line_rest_has(&r, "needle", &found, &err), 0);
            cr_assert(found);
        }
    }
    cr_assert_eq(json_line_next(&r, &first, &more, &err), 0);
    cr_assert_not(more);
}

Test(json_reader, a_word_is_found_across_the_edge_of_the_window)
{
    size_t edge = (size_t)256 << 10;
    AUTO_FREE char *text = xmalloc(edge + 32);
    for (size_t before = 0; before < 8; before++) {
        memset(text, 'x', edge + 32);
        text[0] = '{';
        memcpy(text + edge - before, "needle", 6);
        AUTO_INPUT struct input *input = input_from_memory("input", text, edge + 32);
        AUTO_JSON_READER struct json_reader r;
        json_reader_init(&r, input, JSON_LINES);
        char first = 0;
        bool more = false, found = false;
        cr_assert_eq(json_line_next(&r, &first, &more, NULL), 0);
        cr_assert_eq(json_line_rest_has(&r, "needle", &found, NULL), 0);
        cr_assert(found, "%zu bytes in front of the edge", before);
    }
}

static void same_as_cjson(const char *name)
{
    AUTO_FREE char *path = xasprintf("%s/parse/%s", FIXTURES, name);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    struct error err = ERROR_INIT;
    cr_assert_eq(file_read(path, 1 << 20, &text, &err), 0, "%s", err.message);
    /* cJSON knows no NaN. */
    for (char *nan = text.buf; (nan = strstr(nan, ": NaN"));)
        memcpy(nan, ":   0", 5);
    AUTO_FREE char *ours = rewrite(text.buf, text.len);
    cJSON *from_text = cJSON_Parse(text.buf), *from_ours = cJSON_Parse(ours);
    cr_assert(from_text && from_ours, "%s: %s", name, ours);
    cr_assert(cJSON_Compare(from_text, from_ours, true), "%s", name);
    cJSON_Delete(from_text);
    cJSON_Delete(from_ours);
}

Test(json_reader, it_reads_what_cjson_reads)
{
    same_as_cjson("pytest-benchmark-5.3.1.json");
    same_as_cjson("history.json");
    same_as_cjson("criterion-0.8.2/sum/flat/new/benchmark.json");
    same_as_cjson("criterion-0.8.2/sum/flat/new/sample.json");
    same_as_cjson("criterion-0.8.2/sum/flat/new/estimates.json");
    same_as_cjson("criterion-0.3.0/sum/bytes/new/sample.json");
}
