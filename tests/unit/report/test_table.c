#include "report/table.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The same few rows in any format, as text. */
static char *printed(enum table_format format, bool with_rows)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    cr_assert(out);
    struct table *table = table_new(format, out);
    table_column(table, "name", false);
    table_column(table, "time", true);
    table_column(table, "ok", false);
    if (with_rows) {
        table_text(table, "a|b, \"c\"\n\x1b[31m");
        table_shown(table, 12345.678, "12.35 µs");
        table_bool(table, true);
        table_end_row(table);
        table_text(table, NULL);
        table_shown(table, NAN, "never");
        table_json(table, "{\"k\": [1]}");
        table_end_row(table);
        table_text_len(table, "漢é", 5);
        table_integer(table, -7);
        table_null(table);
        table_end_row(table);
    }
    table_finish(table);
    table_free(table);
    fclose(out);
    return text;
}

static void prints(enum table_format format, const char *want)
{
    char *text = printed(format, true);
    cr_assert_str_eq(text, want, "printed:\n%s", text);
    free(text);
}

Test(table, aligns_text_by_characters_and_numbers_to_the_right)
{
    prints(TABLE_TEXT, "name                    time  ok\n"
                       "a|b, \"c\"\\n\\x1b[31m  12.35 µs  true\n"
                       "                              {\"k\": [1]}\n"
                       "漢é                        -7  \n");
}

Test(table, markdown_is_a_table_whatever_the_cells_hold)
{
    prints(TABLE_MARKDOWN, "| name                 |     time | ok             |\n"
                           "|----------------------|---------:|----------------|\n"
                           "| a&#124;b, \"c\"  \\[31m | 12.35 µs | true           |\n"
                           "|                      |          | \\{\"k\": \\[1\\]\\} |\n"
                           "| 漢é                   |       -7 |                |\n");
}

Test(table, csv_has_the_numbers_themselves)
{
    prints(TABLE_CSV, "name,time,ok\n"
                      "\"a|b, \"\"c\"\"\n\x1b[31m\",12345.678,true\n"
                      ",,\"{\"\"k\"\": [1]}\"\n"
                      "漢é,-7,\n");
}

Test(table, json_is_an_array_of_objects)
{
    char *text = printed(TABLE_JSON, true);
    cJSON *rows = cJSON_Parse(text);
    cr_assert_eq(cJSON_GetArraySize(rows), 3, "%s", text);
    const cJSON *first = cJSON_GetArrayItem(rows, 0), *second = cJSON_GetArrayItem(rows, 1);
    cr_assert_str_eq(cJSON_GetObjectItem(first, "name")->valuestring, "a|b, \"c\"\n\x1b[31m");
    cr_assert_eq(cJSON_GetObjectItem(first, "time")->valuedouble, 12345.678);
    cr_assert(cJSON_IsTrue(cJSON_GetObjectItem(first, "ok")));
    cr_assert(cJSON_IsNull(cJSON_GetObjectItem(second, "name")));
    cr_assert(cJSON_IsNull(cJSON_GetObjectItem(second, "time")));
    cr_assert(cJSON_IsObject(cJSON_GetObjectItem(second, "ok")));
    cJSON_Delete(rows);
    free(text);
}

Test(table, without_rows_still_is_what_its_format_says)
{
    static const char *const want[] = {
        [TABLE_TEXT] = "name  time  ok\n",
        [TABLE_MARKDOWN] = "| name | time | ok |\n|------|-----:|----|\n",
        [TABLE_CSV] = "name,time,ok\n",
        [TABLE_JSON] = "[]\n",
    };
    for (int format = TABLE_TEXT; format <= TABLE_JSON; format++) {
        char *text = printed((enum table_format)format, false);
        cr_assert_str_eq(text, want[format]);
        free(text);
    }
}

Test(table, numbers_read_back_as_the_same_double)
{
    static const double numbers[] = {
        0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -2.5, 1e21, 123456789012345680.0};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        AUTO_STRBUF struct strbuf text = STRBUF_INIT;
        format_double(&text, numbers[i]);
        cr_assert_eq(strtod(text.buf, NULL), numbers[i], "%s", text.buf);
    }
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    format_double(&text, 0.1);
    strbuf_addch(&text, ' ');
    format_double(&text, -INFINITY);
    strbuf_addch(&text, ' ');
    format_double(&text, NAN);
    cr_assert_str_eq(text.buf, "0.1 -Infinity NaN");
}

Test(table, times_and_sizes_are_shown_in_the_unit_that_fits)
{
    static const struct {
        double ns;
        const char *text;
    } times[] = {{0, "0 ns"},         {0.5, "500 ps"},   {1, "1 ns"},         {999.9, "999.9 ns"},
                 {12345, "12.35 µs"}, {2.5e6, "2.5 ms"}, {7.25e10, "72.5 s"}, {-1500, "-1.5 µs"}};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        AUTO_STRBUF struct strbuf text = STRBUF_INIT;
        format_nanoseconds(&text, times[i].ns);
        cr_assert_str_eq(text.buf, times[i].text);
    }
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    format_bytes(&text, 1023);
    strbuf_addch(&text, '|');
    format_bytes(&text, (uint64_t)3 << 29);
    cr_assert_str_eq(text.buf, "1023 B|1.5 GiB");
}
