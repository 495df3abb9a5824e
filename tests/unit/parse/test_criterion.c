#include "base/alloc.h"
#include "base/strbuf.h"
#include "collect.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#define COMPLETE "{\"reason\":\"benchmark-complete\",\"id\":\"b\","
#define NUMBERS "\"iteration_count\":[2,4],\"measured_values\":[10.0,30.0]"

Test(criterion, a_real_stream_gives_times_per_iteration)
{
    AUTO_COLLECTION struct collection c = collect_path("criterion", "cargo-criterion-1.1.0.jsonl");
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_eq(c.count, 5);
    cr_assert_eq(c.report.other_messages, 2);
    cr_assert_eq(c.report.skipped_lines, 0);
    cr_assert_str_eq(c.items[0].benchmark, "sum/iter/16");
    cr_assert_str_eq(c.items[0].throughput_name, "elements");
    cr_assert_str_eq(c.items[0].unit_system, "decimal");
    cr_assert_eq(c.items[0].throughput, 16);
    cr_assert_eq(c.items[0].value_count, 10);
    cr_assert_null(c.items[0].metric);
    cr_assert_null(c.items[0].details);
    cr_assert_str_eq(c.items[2].throughput_name, "bytes");
    cr_assert_str_eq(c.items[2].unit_system, "binary");
    cr_assert_str_eq(c.items[4].benchmark, "plain \"quoted\" \xc3\xa9");
    cr_assert_null(c.items[4].throughput_name);
    for (size_t i = 0; i < c.items[0].value_count; i++)
        cr_assert(c.items[0].values[i] > 1 && c.items[0].values[i] < 100, "a sum of 16 numbers");
}

Test(criterion, totals_are_divided_by_their_iterations)
{
    AUTO_COLLECTION struct collection c =
        collect_text("criterion", COMPLETE NUMBERS ",\"unit\":\"ns\"}\n", SIZE_MAX);
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_eq(c.items[0].values[0], 5);
    cr_assert_eq(c.items[0].values[1], 7.5);
    cr_assert_eq(c.items[0].iterations[0], 2);
    cr_assert_eq(c.items[0].iterations[1], 4);
}

Test(criterion, units_of_time_are_converted)
{
    static const struct {
        const char *unit;
        double first;
    } cases[] = {
        {"ps", 0.005},      {"ns", 5},   {"us", 5e3}, {"\xc2\xb5s", 5e3},
        {"\xce\xbcs", 5e3}, {"ms", 5e6}, {"s", 5e9},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO_FREE char *text = xasprintf(COMPLETE NUMBERS ",\"unit\":\"%s\"}", cases[i].unit);
        AUTO_COLLECTION struct collection c = collect_text("criterion", text, SIZE_MAX);
        cr_assert_eq(c.rc, 0, "%s", c.err.message);
        cr_assert_eq(c.items[0].values[0], cases[i].first, "%s", cases[i].unit);
    }
}

Test(criterion, a_unit_that_is_not_a_time_is_an_error_that_names_benchmark_and_unit)
{
    AUTO_COLLECTION struct collection c =
        collect_text("criterion", "\n" COMPLETE NUMBERS ",\"unit\":\"cycles\"}\n", SIZE_MAX);
    assert_fails(&c, ERROR_INPUT, "input: line 2: benchmark b: its unit \"cycles\" is not a time");
}

Test(criterion, the_order_of_the_keys_does_not_matter)
{
    AUTO_COLLECTION struct collection c = collect_text(
        "criterion",
        "{\"unit\":\"ns\"," NUMBERS ",\"x\":[{}],\"id\":\"b\",\"reason\":\"benchmark-complete\"}",
        SIZE_MAX);
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_eq(c.count, 1);
}

Test(criterion, other_lines_are_skipped_and_counted)
{
    AUTO_COLLECTION struct collection c =
        collect_text("criterion",
                     "   Compiling lance v1\n\n{not json\n{\"id\":\"half a l\n"
                     "{\"reason\":\"compiler-artifact\",\"x\":1}\n{\"level\":\"info\"}\n[1,2]"
                     "\n\xff\xfe\n" COMPLETE NUMBERS "}\r\n",
                     SIZE_MAX);
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_eq(c.count, 1);
    cr_assert_eq(c.report.skipped_lines, 6);
    cr_assert_eq(c.report.other_messages, 2);
}

Test(criterion, a_broken_result_is_an_error_wherever_it_breaks)
{
    static const char *const lines[] = {
        COMPLETE "\"iteration_count\":[2,4],\"measured_val",
        COMPLETE "\"iteration_count\":[2,4],\"measured_values\":[10.0,3",
        COMPLETE NUMBERS ",\"mean\":{\"estimate\":}}",
        COMPLETE NUMBERS "} trailing",
        "{\"id\":\"b\",\"mean\":,\"reason\":\"benchmark-complete\"," NUMBERS "}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        AUTO_FREE char *text = xasprintf("noise\n%s\nnoise\n", lines[i]);
        AUTO_COLLECTION struct collection c = collect_text("criterion", text, SIZE_MAX);
        assert_fails(&c, ERROR_INPUT,
                     i == 1 ? "input: benchmark b: measured_values: line 2, byte "
                            : "input: broken benchmark-complete message: line 2, byte ");
    }
}

Test(criterion, wrong_values_are_errors_that_name_the_benchmark)
{
    static const struct {
        const char *line, *words;
    } cases[] = {
        {COMPLETE "\"iteration_count\":[1]}", "benchmark b: measured_values is missing or empty"},
        {COMPLETE "\"measured_values\":[1]}", "benchmark b: iteration_count is missing or empty"},
        {COMPLETE "\"iteration_count\":[],\"measured_values\":[]}",
         "benchmark b: measured_values is missing or empty"},
        {COMPLETE "\"iteration_count\":[1,2,3],\"measured_values\":[1,2]}",
         "benchmark b: iteration_count has 3 entries and measured_values 2"},
        {COMPLETE "\"iteration_count\":[1,0],\"measured_values\":[1,2]}",
         "benchmark b: iteration_count[1] is 0"},
        {COMPLETE "\"iteration_count\":[1,1],\"measured_values\":[1,-2]}",
         "benchmark b: measured_values[1] is -2, which is no time"},
        {COMPLETE "\"iteration_count\":[1],\"measured_values\":[NaN]}",
         "benchmark b: measured_values: line 1, byte 82: expected a number, found NaN"},
        {COMPLETE "\"iteration_count\":[1],\"measured_values\":[Infinity]}",
         "expected a number, found Infinity"},
        {COMPLETE "\"iteration_count\":[1],\"measured_values\":[null]}",
         "expected a number, found null"},
        {COMPLETE "\"iteration_count\":[1],\"measured_values\":null}",
         "expected an array, found null"},
        {COMPLETE "\"iteration_count\":[1.5],\"measured_values\":[1]}",
         "iteration_count: line 1, byte 60: expected a whole number"},
        {COMPLETE "\"iteration_count\":[1],\"measured_values\":[1e308],\"unit\":\"s\"}",
         "measured_values[0] is too large"},
        {"{\"reason\":\"benchmark-complete\",\"id\":\"\"," NUMBERS "}", "name is empty"},
        {"{\"reason\":\"benchmark-complete\"," NUMBERS "}", "name is empty"},
        {"{\"reason\":\"benchmark-complete\",\"id\":\"a\\u0000b\"," NUMBERS "}", "NUL"},
        {"{\"reason\":\"benchmark-complete\",\"id\":7," NUMBERS "}",
         "id: line 1, byte 37: expected a string or null, found a number"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO_COLLECTION struct collection c = collect_text("criterion", cases[i].line, SIZE_MAX);
        assert_fails(&c, ERROR_INPUT, cases[i].words);
        cr_assert_eq(c.count, 0);
    }
}

Test(criterion, a_time_of_zero_is_accepted)
{
    AUTO_COLLECTION struct collection c = collect_text(
        "criterion", COMPLETE "\"iteration_count\":[1,1],\"measured_values\":[0,-0.0]}", SIZE_MAX);
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_eq(c.items[0].values[0], 0);
}

Test(criterion, of_several_throughputs_the_first_counts_and_the_others_are_details)
{
    AUTO_COLLECTION struct collection c = collect_text(
        "criterion",
        COMPLETE NUMBERS ",\"throughput\":[{\"per_iteration\":10,\"unit\":\"elements\"},"
                         "{\"per_iteration\":80,\"unit\":\"bytes\"}]}\n" COMPLETE NUMBERS
                         ",\"throughput\":null}\n" COMPLETE NUMBERS ",\"throughput\":[]}\n",
        SIZE_MAX);
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_str_eq(c.items[0].throughput_name, "elements");
    cr_assert_eq(c.items[0].throughput, 10);
    cr_assert_str_eq(c.items[0].details,
                     "{\"more_throughput\":[{\"per_iteration\":80,\"unit\":\"bytes\"}]}");
    cr_assert_null(c.items[1].throughput_name);
    cr_assert_null(c.items[1].details);
    cr_assert_null(c.items[2].throughput_name);
}

Test(criterion, names_may_hold_anything_but_nul_up_to_64_kib)
{
    AUTO_COLLECTION struct collection odd = collect_text(
        "criterion",
        "{\"reason\":\"benchmark-complete\",\"id\":\"a'\\\"\\n%s | <b> \\ud83d\\ude00\"," NUMBERS
        "}",
        SIZE_MAX);
    cr_assert_eq(odd.rc, 0, "%s", odd.err.message);
    cr_assert_str_eq(odd.items[0].benchmark, "a'\"\n%s | <b> \xf0\x9f\x98\x80");
    for (size_t extra = 0; extra < 2; extra++) {
        size_t len = BENCHMARK_NAME_MAX + extra;
        AUTO_FREE char *name = xmalloc(len + 1);
        memset(name, 'n', len);
        name[len] = '\0';
        AUTO_FREE char *text =
            xasprintf("{\"reason\":\"benchmark-complete\",\"id\":\"%s\"," NUMBERS "}", name);
        AUTO_COLLECTION struct collection c = collect_text("criterion", text, SIZE_MAX);
        if (extra)
            assert_fails(&c, ERROR_INPUT, "its name has 65537 bytes, 65536 are allowed");
        else
            cr_assert_eq(c.rc, 0, "%s", c.err.message);
    }
}

Test(criterion, duplicate_names_are_two_measurements)
{
    AUTO_COLLECTION struct collection c =
        collect_text("criterion", COMPLETE NUMBERS "}\n" COMPLETE NUMBERS "}\n", SIZE_MAX);
    cr_assert_eq(c.rc, 0);
    cr_assert_eq(c.count, 2);
}

Test(criterion, nothing_found_is_no_data_in_upstreams_words)
{
    static const char *const texts[] = {
        "", "\n\n", "no json\n", "{\"reason\":\"group-complete\"}\n", "[]", "null"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        AUTO_COLLECTION struct collection c = collect_text("criterion", texts[i], SIZE_MAX);
        assert_fails(&c, ERROR_NO_DATA, "No benchmark results found in the input file (input");
    }
}

Test(criterion, where_nothing_is_found_the_lines_that_are_not_json_are_told)
{
    AUTO_COLLECTION struct collection c = collect_text("criterion", "error\nfailed\n", SIZE_MAX);
    assert_fails(&c, ERROR_NO_DATA,
                 "No benchmark results found in the input file (input: 2 lines that are not JSON)");
}

Test(criterion, nesting_beyond_the_limit_is_one_clear_error)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    strbuf_addstr(&text, "{\"a\":");
    for (int i = 0; i < 10000; i++)
        strbuf_addch(&text, '[');
    AUTO_COLLECTION struct collection c = collect_text("criterion", text.buf, text.len);
    assert_fails(&c, ERROR_INPUT, "input: line 1, byte 517: nested more than 512 deep");
}

Test(criterion, a_sample_list_of_ten_million_is_read)
{
    const size_t count = 10000000;
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    strbuf_addstr(&text, COMPLETE "\"iteration_count\":[");
    for (size_t i = 0; i < count; i++)
        strbuf_addstr(&text, i ? ",2" : "2");
    strbuf_addstr(&text, "],\"measured_values\":[");
    for (size_t i = 0; i < count; i++)
        strbuf_addstr(&text, i ? ",7.5" : "7.5");
    strbuf_addstr(&text, "]}\n");
    AUTO_COLLECTION struct collection c = collect_text("criterion", text.buf, text.len);
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_eq(c.items[0].value_count, count);
    cr_assert_eq(c.items[0].values[count - 1], 3.75);
}

Test(criterion, a_list_or_line_beyond_the_limits_is_refused)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    strbuf_addstr(&text, COMPLETE "\"iteration_count\":[");
    for (size_t i = 0; i < ((size_t)1 << 24) + 1; i++)
        strbuf_addstr(&text, i ? ",2" : "2");
    strbuf_addstr(&text, "]}");
    AUTO_COLLECTION struct collection list = collect_text("criterion", text.buf, text.len);
    assert_fails(&list, ERROR_INPUT, "a list may have 16777216 numbers at most");

    size_t len = ((size_t)257 << 20);
    AUTO_FREE char *line = xmalloc(len);
    memset(line, 'x', len);
    AUTO_COLLECTION struct collection long_line = collect_text("criterion", line, len);
    assert_fails(&long_line, ERROR_INPUT,
                 "line 1, byte 1: one document or line may have 256 MiB at most");
}

static int refuse(void *context, const struct measurement *m, struct error *err)
{
    (void)context;
    (void)m;
    return error_set(err, ERROR_CONFLICT, "the sink has had enough");
}

Test(criterion, an_error_of_the_sink_ends_the_parsing_with_its_code)
{
    static const char text[] = COMPLETE NUMBERS "}\n";
    AUTO_INPUT struct input *input = input_from_memory("input", text, strlen(text));
    const struct measurement_sink sink = {refuse, NULL};
    struct parse_report report = PARSE_REPORT_INIT;
    const struct parse_format *format = NULL;
    struct error err = ERROR_INIT;
    cr_assert_eq(format_select("criterion", input, &format, &err), 0);
    cr_assert_eq(format_parse(format, input, &sink, &report, &err), ERROR_CONFLICT);
    cr_assert_str_eq(err.message, "the sink has had enough");
    cr_assert_eq(report.found, 0);
}
