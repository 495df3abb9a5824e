/* Every value of a lance-bench.json in turn replaced by one of each other type. */
#include "config/policy.h"

#include "base/alloc.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <string.h>

static const char whole[] =
    "{\"project\": \"p\","
    " \"rust\": {\"crates\": [{\"name\": \"a\", \"benches\": [\"b\"], \"features\": [\"f\"]}]},"
    " \"python\": {\"suite\": \"t\", \"build\": \"none\", \"requirements\": [\"x==1\"]},"
    " \"commands\": [{\"name\": \"c\", \"run\": [\"x\"], \"format\": \"hyperfine\"}],"
    " \"verdicts\": {\"alpha\": 0.05, \"matters\": \"5%\", \"minimum_effect\": \"0%\", \"rules\": ["
    "  {\"benchmark\": \"a\", \"metric\": \"m\", \"test_bed\": \"t\", \"matters\": \"3%\","
    "   \"minimum_effect\": \"1%\", \"direction\": \"higher\", \"exact\": true, \"ignore\": "
    "true}]},"
    " \"aliases\": {\"a\": [\"b\"], \"c\": \"d\", \"e/*\": \"f/*\"}}";

static const char *const others[] = {
    "null",   "true",  "false", "0",         "-1",
    "1e308",  "1e999", "\"\"",  "\"x\"",     "[]",
    "[null]", "[[]]",  "{}",    "{\"x\":1}", "\"\\ud83d\\ude00\"",
};

static size_t parsed, refused;

static void parse(const cJSON *document)
{
    AUTO_POLICY struct policy policy = {0};
    struct error err = ERROR_INIT;
    char *text = cJSON_PrintUnformatted(document);
    int failed = policy_parse(text, strlen(text), "the file", &policy, &err);
    cr_assert(!failed || failed == ERROR_USAGE, "%s: %d", text, failed);
    if (failed)
        cr_assert(strstr(err.message, "the file") && !strchr(err.message, '\n'), "%s: %s", text,
                  err.message);
    parsed++;
    refused += failed != 0;
    free(text);
}

/* `item` is somewhere in `document`, which is left as it was. */
static void replace_each(const cJSON *document, cJSON *item)
{
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        const cJSON kept = *item;
        cJSON *other = cJSON_Parse(others[i]);
        cr_assert_not_null(other, "%s", others[i]);
        item->type = other->type;
        item->child = other->child;
        item->valuestring = other->valuestring;
        item->valuedouble = other->valuedouble;
        parse(document);
        *item = kept;
        cJSON_Delete(other);
    }
    for (cJSON *child = item->child; child; child = child->next)
        replace_each(document, child);
}

Test(config, a_value_of_a_wrong_type_is_one_clear_line)
{
    cJSON *document = cJSON_Parse(whole);
    cr_assert_not_null(document);
    parse(document);
    cr_assert_eq(refused, 0);
    replace_each(document, document);
    cJSON_Delete(document);
    cr_assert_gt(parsed, 500);
    cr_assert(refused > 0.8 * (double)parsed && refused < parsed);
}
