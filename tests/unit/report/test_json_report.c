#include "report/json_report.h"

#include "base/alloc.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <string.h>

static void expect(const char *json, enum table_format format, const char *wanted)
{
    AUTO_FREE char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    cJSON *parsed = cJSON_Parse(json);
    json_report(parsed, format, out);
    cJSON_Delete(parsed);
    fclose(out);
    cr_assert_str_eq(text, wanted);
}

Test(json_report, an_array_of_objects_is_a_table_with_all_their_keys)
{
    expect("[{\"a\": 1, \"b\": \"x\"}, {\"b\": null, \"c\": true}]", TABLE_MARKDOWN,
           "| a | b | c   |\n|--:|---|-----|\n| 1 | x |     |\n|   |   | yes |\n");
}

Test(json_report, an_object_is_its_values_and_then_its_tables)
{
    expect("{\"commit\": \"abc\", \"none\": null, \"empty\": [], \"plan\": [\"one\", \"two\"], "
           "\"parts\": [{\"name\": \"p\", \"seconds\": 1.5}]}",
           TABLE_MARKDOWN,
           "| what   | value    |\n|--------|----------|\n| commit | abc      |\n"
           "| plan   | one, two |\n\n#### parts\n\n"
           "| name | seconds |\n|------|--------:|\n| p    |     1.5 |\n");
}

Test(json_report, foreign_text_stays_text)
{
    AUTO_FREE char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    cJSON *parsed = cJSON_Parse("[{\"name\": \"<img src=x>|@everyone\\n## big\"}]");
    json_report(parsed, TABLE_MARKDOWN, out);
    cJSON_Delete(parsed);
    fclose(out);
    cr_assert_null(strstr(text, "<img"));
    cr_assert_null(strstr(text, "\n## big"));
    cr_assert_null(strstr(text, "|@everyone"));
}

Test(json_report, what_holds_nothing_prints_nothing)
{
    expect("[]", TABLE_TEXT, "");
    expect("{}", TABLE_TEXT, "");
    expect("7", TABLE_TEXT, "");
    expect("{\"a\": null}", TABLE_MARKDOWN, "");
}
