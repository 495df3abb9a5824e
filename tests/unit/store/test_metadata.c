#include "store/metadata.h"

#include "store/database.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <string.h>

static void written(const struct metadata *metadata, const char *want)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    strbuf_addstr(&out, "what was there before");
    metadata_write(metadata, &out);
    cr_assert_str_eq(out.buf, want);
    cJSON *json = cJSON_Parse(out.buf);
    cr_assert(cJSON_IsObject(json));
    cJSON_Delete(json);
}

Test(metadata, leaves_out_what_is_not_known)
{
    written(&(struct metadata){0}, "{\"schema\":1}");
    written(&(struct metadata){.harness = "pytest", .run = "a\"b"},
            "{\"schema\":1,\"harness\":\"pytest\",\"run\":\"a\\\"b\"}");
    written(&(struct metadata){.details = "{\"group\":null}"},
            "{\"schema\":1,\"details\":{\"group\":null}}");
    written(&(struct metadata){.evidence = "{\"cpus\":\"1\"}"},
            "{\"schema\":1,\"evidence\":{\"cpus\":\"1\"}}");
}

static void iterations(const uint64_t *counts, size_t count, const char *want)
{
    AUTO_STRBUF struct strbuf all = STRBUF_INIT;
    strbuf_addf(&all, "{\"schema\":1,\"iterations\":%s}", want);
    written(&(struct metadata){.iterations = counts, .iteration_count = count}, all.buf);
}

Test(metadata, keeps_iteration_counts_in_the_shortest_of_three_ways)
{
    iterations((const uint64_t[]){20}, 1, "20");
    iterations((const uint64_t[]){20, 20, 20}, 3, "20");
    iterations((const uint64_t[]){100, 150, 200, 250}, 4, "{\"start\":100,\"step\":50}");
    iterations((const uint64_t[]){1, 2, 4, 8}, 4, "[1,2,4,8]");
    iterations((const uint64_t[]){30, 20, 10}, 3, "[30,20,10]");
    iterations((const uint64_t[]){UINT64_MAX - 1, UINT64_MAX}, 2,
               "{\"start\":18446744073709551614,\"step\":1}");
}

static struct metadata_facts read(const char *text)
{
    struct metadata_facts facts;
    metadata_read(text, strlen(text), &facts);
    return facts;
}

Test(metadata, reads_back_what_it_wrote)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    metadata_write(&(struct metadata){.harness = "criterion", .commit = "abc", .run = "r\n1"},
                   &text);
    struct metadata_facts facts = read(text.buf);
    cr_assert_eq(facts.schema, DATABASE_SCHEMA);
    cr_assert_str_eq(facts.commit, "abc");
    cr_assert_str_eq(facts.run, "r\n1");
    cr_assert_null(facts.iteration_count);
    metadata_facts_release(&facts);
}

static void flags(const char *evidence, const char *want, bool beyond_limit)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    metadata_write(&(struct metadata){.host_session = "s", .evidence = evidence}, &text);
    struct metadata_facts facts = read(text.buf);
    cr_assert_str_eq(facts.host_session, "s");
    cr_assert_eq(facts.flags == NULL, want == NULL, "%s", evidence);
    if (want)
        cr_assert_str_eq(facts.flags, want);
    cr_assert_eq(facts.beyond_limit, beyond_limit);
    metadata_facts_release(&facts);
}

Test(metadata, tells_undisturbed_rows_from_those_of_which_nothing_is_known)
{
    flags(NULL, NULL, false);
    flags("{\"machine\":{}}", NULL, false);
    flags("{\"flags\":\"loaded\"}", NULL, false);
    flags("{\"flags\":[],\"beyond_limit\":false}", "", false);
    flags("{\"flags\":[\"stolen\",7,\"loaded\"],\"beyond_limit\":true}", "stolen,loaded", true);
}

Test(metadata, knows_the_rows_of_upstream_by_what_they_carry)
{
    struct metadata_facts facts =
        read("{\"reason\":\"benchmark-complete\",\"iteration_count\":[10,20,30]}");
    cr_assert_eq(facts.schema, 0);
    cr_assert_eq(facts.iteration_count_len, 3);
    cr_assert_eq(facts.iteration_count[2], 30);
    cr_assert_not(facts.has_stats);
    metadata_facts_release(&facts);
    facts = read("{\"fullname\":\"t\",\"stats\":{\"mean\":1}}");
    cr_assert(facts.has_stats);
    cr_assert_null(facts.iteration_count);
    metadata_facts_release(&facts);
}

Test(metadata, makes_nothing_of_text_that_is_no_object_or_counts_that_are_none)
{
    static const char *const texts[] = {
        "",
        "null",
        "[]",
        "\"x\"",
        "{",
        "{\"iteration_count\":[1,0]}",
        "{\"iteration_count\":[1,-1]}",
        "{\"iteration_count\":[1,null]}",
        "{\"iteration_count\":7}",
        "{\"schema\":\"1\"}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct metadata_facts facts = read(texts[i]);
        cr_assert_eq(facts.schema, 0, "%s", texts[i]);
        cr_assert_null(facts.iteration_count, "%s", texts[i]);
        cr_assert_null(facts.run, "%s", texts[i]);
        metadata_facts_release(&facts);
    }
    struct metadata_facts facts;
    metadata_read(NULL, 0, &facts);
    cr_assert_eq(facts.schema, 0);
    metadata_facts_release(&facts);
}
