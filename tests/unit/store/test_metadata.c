#include "store/metadata.h"

#include "base/alloc.h"
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

static struct metadata_facts read_text(const char *text)
{
    struct metadata_facts facts = {0};
    metadata_read(text, strlen(text), &facts);
    return facts;
}

Test(metadata, reads_back_what_it_wrote)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    metadata_write(&(struct metadata){.harness = "criterion", .commit = "abc", .run = "r\n1"},
                   &text);
    struct metadata_facts facts = read_text(text.buf);
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
    struct metadata_facts facts = read_text(text.buf);
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
        read_text("{\"reason\":\"benchmark-complete\",\"iteration_count\":[10,20,30]}");
    cr_assert_eq(facts.schema, 0);
    cr_assert_eq(facts.iteration_count_len, 3);
    cr_assert_eq(facts.iteration_count[2], 30);
    cr_assert_not(facts.has_stats);
    metadata_facts_release(&facts);
    facts = read_text("{\"fullname\":\"t\",\"stats\":{\"mean\":1}}");
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
        struct metadata_facts facts = read_text(texts[i]);
        cr_assert_eq(facts.schema, 0, "%s", texts[i]);
        cr_assert_null(facts.iteration_count, "%s", texts[i]);
        cr_assert_null(facts.run, "%s", texts[i]);
        metadata_facts_release(&facts);
    }
    struct metadata_facts facts = {0};
    metadata_read(NULL, 0, &facts);
    cr_assert_eq(facts.schema, 0);
    metadata_facts_release(&facts);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* An object that begins with another key than "schema" is read as a tree. */
static void check_both_ways(const char *members)
{
    AUTO_STRBUF struct strbuf first = STRBUF_INIT, other = STRBUF_INIT;
    strbuf_addf(&first, "{\"schema\":1%s", members);
    strbuf_addf(&other, "{\"x\":\"\",\"schema\":1%s", members);
    struct metadata_facts a = read_text(first.buf), b = read_text(other.buf);
    cr_assert_eq(a.schema, b.schema, "%s", members);
    cr_assert(same_text(a.commit, b.commit), "%s: %s, %s", members, a.commit, b.commit);
    cr_assert(same_text(a.run, b.run), "%s: %s, %s", members, a.run, b.run);
    cr_assert(same_text(a.host_session, b.host_session), "%s", members);
    cr_assert(same_text(a.flags, b.flags), "%s: %s, %s", members, a.flags, b.flags);
    cr_assert_eq(a.beyond_limit, b.beyond_limit, "%s", members);
    metadata_facts_release(&a);
    metadata_facts_release(&b);
}

Test(metadata, rows_read_in_one_pass_say_what_their_tree_says)
{
    static const char *const members[] = {
        "}",
        " , \"run\" : \"r\" }",
        ",\"commit\":\"abc\",\"run\":\"r\",\"host_session\":\"s\",\"iterations\":[1,2.5,-3e+4]}",
        ",\"run\":\"a\\nb\"}",
        ",\"run\":\"first\",\"run\":\"second\"}",
        ",\"run\":7}",
        ",\"run\":null,\"commit\":\"c\"}",
        ",\"schema\":2}",
        ",\"details\":{\"a\":[true,false,null,{\"b\":\"\\\"}\"}]},\"run\":\"r\"}",
        ",\"details\":{\"run\":\"inner\"},\"run\":\"r\"}",
        ",\"details\":{\"a\":tru},\"run\":\"r\"}",
        ",\"details\":{\"a\":\"\\q\"},\"run\":\"r\"}",
        ",\"details\":{\"a\":\"\\u00e9\"},\"run\":\"\\u00e9\"}",
        ",\"details\":{\"a\":1.},\"run\":\"r\"}",
        ",\"details\":{\"a\":-},\"run\":\"r\"}",
        ",\"details\":{},\"run\":\"r\"} and more",
        ",\"run\":\"r\"",
        ",\"run\":\"r",
        ",\"run\":\"r\",}",
        ",}",
        "",
        "5}",
        "e3}",
        ",\"evidence\":{}}",
        ",\"evidence\":7}",
        ",\"evidence\":{\"flags\":[]}}",
        ",\"evidence\":{\"flags\":[\"a\",\"b\"],\"beyond_limit\":true}}",
        ",\"evidence\":{\"beyond_limit\":true,\"counters\":{\"x\":[1]},\"flags\":[\"a\"]}}",
        ",\"evidence\":{\"beyond_limit\":true}}",
        ",\"evidence\":{\"beyond_limit\":\"true\",\"flags\":[\"a\"]}}",
        ",\"evidence\":{\"flags\":[\"a\",7,\"b\"]}}",
        ",\"evidence\":{\"flags\":[\"a\"]},\"evidence\":{\"flags\":[\"b\"]}}",
        ",\"evidence\":{\"flags\":[\"a\",]}}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        check_both_ways(members[i]);
}

Test(metadata, facts_can_be_filled_again)
{
    static const char *const texts[] = {
        "{\"schema\":1,\"run\":\"a long name of a run\",\"evidence\":{\"flags\":[\"x\"]}}",
        "{\"iteration_count\":[1,2]}",
        "{\"schema\":1,\"commit\":\"c\"}",
    };
    struct metadata_facts facts = {0};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        metadata_read(texts[i], strlen(texts[i]), &facts);
    cr_assert_str_eq(facts.commit, "c");
    cr_assert_null(facts.run);
    cr_assert_null(facts.flags);
    cr_assert_null(facts.iteration_count);
    metadata_facts_release(&facts);
}
