#include "artifact/manifest.h"

#include "base/alloc.h"
#include "base/strbuf.h"

#include <criterion/criterion.h>
#include <string.h>

#define SHA "0123456789abcdef0123456789abcdef01234567"
#define HEAD                                                                                \
    "\"lance_bench_results\": 1, \"commit\": \"" SHA "\", \"version\": \"1.2.3+0123456\", " \
    "\"outcome\": \"complete\", \"commit_time\": 1, \"started_at\": 2, \"ended_at\": 3"
#define PART "\"name\": \"a/b\", \"format\": \"criterion\", \"expected\": [\"x\"]"

static int parse(const char *text, struct manifest *out, struct error *err)
{
    return manifest_parse(text, strlen(text), out, err);
}

static void expect_refusal(const char *text, const char *why)
{
    AUTO_MANIFEST struct manifest manifest = {0};
    struct error err = ERROR_INIT;
    cr_expect_eq(parse(text, &manifest, &err), ERROR_INPUT, "%s", text);
    cr_expect(strstr(err.message, why), "'%s' names %s: %s", text, why, err.message);
    cr_expect_null(manifest.commit, "the out parameter is untouched");
}

Test(manifest, reads_back_what_it_writes)
{
    AUTO_MANIFEST struct manifest m = {
        .commit = xstrdup(SHA),
        .version = xstrdup("14.0.2+0123456"),
        .metric = xstrdup("cpu_time"),
        .outcome = xstrdup("partial"),
        .reason = xstrdup("it broke"),
        .commit_time = 1700000000,
        .started_at = 1700000001,
        .ended_at = 1700000002,
    };
    struct manifest_part *part = manifest_add_part(&m);
    part->name = xstrdup("lance-io/scheduler");
    part->format = xstrdup("criterion");
    part->evidence = xstrdup("{\"flags\":[]}");
    strlist_push(&part->expected, "a \"quoted\"\nname");
    AUTO_FREE char *text = manifest_print(&m);
    AUTO_MANIFEST struct manifest read = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(parse(text, &read, &err), 0, "%s", err.message);
    cr_expect_str_eq(read.version, m.version);
    cr_expect_str_eq(read.metric, "cpu_time");
    cr_expect_str_eq(read.reason, "it broke");
    cr_expect_null(read.toolchain);
    cr_assert_eq(read.part_count, 1);
    cr_expect_str_eq(read.parts[0].evidence, "{\"flags\":[]}");
    cr_expect_str_eq(read.parts[0].expected.items[0], "a \"quoted\"\nname");
    cr_expect_eq(read.ended_at, 1700000002);
}

Test(manifest, refuses_what_it_does_not_know_by_its_field)
{
    expect_refusal("", "JSON");
    expect_refusal("[]", "JSON");
    expect_refusal("{}", "lance_bench_results");
    expect_refusal("{\"lance_bench_results\": 2}", "lance_bench_results");
    expect_refusal("{\"lance_bench_results\": 1, \"commit\": \"0123456\"}", "commit");
    expect_refusal("{\"lance_bench_results\": 1, \"commit\": 7}", "commit");
    expect_refusal("{" HEAD ", \"parts\": {}}", "parts");
    expect_refusal("{" HEAD "}", "parts");
    expect_refusal("{" HEAD ", \"parts\": [1]}", "parts");
    expect_refusal("{" HEAD ", \"parts\": [{" PART ", \"evidence\": []}]}", "evidence");
    expect_refusal("{" HEAD ", \"parts\": [{\"name\": \"a b\"}]}", "name");
    expect_refusal("{" HEAD ", \"parts\": [{\"name\": \"a\", \"format\": \"history\"}]}", "format");
    expect_refusal("{" HEAD ", \"metric\": \"peak_memory\", \"parts\": []}", "metric");
    expect_refusal("{" HEAD ", \"reason\": 1, \"parts\": []}", "reason");
    expect_refusal("{\"lance_bench_results\": 1, \"commit\": \"" SHA
                   "\", \"version\": \"1\", \"outcome\": \"complete\", \"commit_time\": -1}",
                   "commit_time");
    expect_refusal("{\"lance_bench_results\": 1, \"commit\": \"" SHA
                   "\", \"version\": \"$(id)\", \"outcome\": \"complete\"}",
                   "version");
    expect_refusal("{" HEAD ", \"reason\": \"\xff\", \"parts\": []}", "UTF-8");
}

Test(manifest, keeps_a_reason_on_one_line)
{
    AUTO_MANIFEST struct manifest m = {0};
    cr_assert_eq(
        parse("{" HEAD ", \"reason\": \"a\\n::error::b\\u001b[1m\", \"parts\": []}", &m, NULL), 0);
    cr_expect_str_eq(m.reason, "a ::error::b [1m");
}

Test(manifest, refuses_more_parts_than_there_can_be)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    strbuf_addstr(&text, "{" HEAD ", \"parts\": [");
    for (size_t i = 0; i <= MANIFEST_PARTS_MAX; i++)
        strbuf_addstr(&text, i ? ", {" PART "}" : "{" PART "}");
    strbuf_addstr(&text, "]}");
    expect_refusal(text.buf, "parts");
}

Test(manifest, knows_the_places_of_the_layout)
{
    static const struct {
        const char *path;
        enum layout_kind kind;
        size_t part;
    } cases[] = {
        {"manifest.json", LAYOUT_MANIFEST, 0},
        {"parts/0.json", LAYOUT_PYTEST, 0},
        {"parts/17.json", LAYOUT_PYTEST, 17},
        {"parts/18.out", LAYOUT_OUTPUT, 18},
        {"parts/18.text", LAYOUT_NONE, 0},
        {"parts/3/000000/new/sample.json", LAYOUT_CRITERION, 3},
        {"parts/999/123456/new/benchmark.json", LAYOUT_CRITERION, 999},
        {"parts/3/000000/new/estimates.json", LAYOUT_CRITERION, 3},
        {"Manifest.json", LAYOUT_NONE, 0},
        {"parts/00.json", LAYOUT_NONE, 0},
        {"parts/1000.json", LAYOUT_NONE, 0},
        {"parts/-1.json", LAYOUT_NONE, 0},
        {"parts/1.json.gz", LAYOUT_NONE, 0},
        {"parts/1/00000/new/sample.json", LAYOUT_NONE, 0},
        {"parts/1/0000000/new/sample.json", LAYOUT_NONE, 0},
        {"parts/1/000000/new/tukey.json", LAYOUT_NONE, 0},
        {"parts/1/000000/old/sample.json", LAYOUT_NONE, 0},
        {"parts/1/000000/new/../sample.json", LAYOUT_NONE, 0},
        {"/manifest.json", LAYOUT_NONE, 0},
        {"", LAYOUT_NONE, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        size_t part = 0;
        cr_expect_eq(layout_kind_of(cases[i].path, &part), cases[i].kind, "%s", cases[i].path);
        if (cases[i].kind > LAYOUT_MANIFEST)
            cr_expect_eq(part, cases[i].part, "%s", cases[i].path);
    }
}
