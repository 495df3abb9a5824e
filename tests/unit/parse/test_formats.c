/* Every format of format_list.h: on what its tool really wrote (tests/fixtures/parse, the tool's
 * version is in the file's name), and on what is broken. */
#include "parse/format_list.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "collect.h"

#include <criterion/criterion.h>
#include <string.h>

#define MAX_LEN SIZE_MAX

static const struct collected *find(const struct collection *c, const char *name,
                                    const char *metric)
{
    for (size_t i = 0; i < c->count; i++)
        if (!strcmp(c->items[i].benchmark, name) &&
            (metric ? c->items[i].metric && !strcmp(c->items[i].metric, metric)
                    : !c->items[i].metric))
            return &c->items[i];
    cr_assert_fail("no %s#%s", name, metric ? metric : "");
    return NULL;
}

static void expect(const struct collection *c, const char *name, const char *metric,
                   const char *units, size_t count, double first)
{
    const struct collected *item = find(c, name, metric);
    cr_assert_str_eq(item->units, units);
    cr_assert_eq(item->value_count, count, "%s: %zu values", name, item->value_count);
    cr_assert_float_eq(item->values[0], first, 1e-6 * (first + 1e-6), "%s: %.17g", name,
                       item->values[0]);
}

static struct collection read_text(const char *text, size_t len)
{
    struct collection c = collect_text("auto", text, len);
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    return c;
}

static struct collection read_fixture(const char *path, size_t count)
{
    struct collection c = collect_path("auto", path);
    cr_assert_eq(c.rc, 0, "%s: %s", path, c.err.message);
    cr_assert_eq(c.count, count, "%s: %zu", path, c.count);
    return c;
}

Test(formats, google_benchmark_joins_repetitions_and_leaves_aggregates_out)
{
    AUTO_COLLECTION struct collection c = read_fixture("google-benchmark-1.7.1.json", 10);
    expect(&c, "BM_sum/64/repeats:3", NULL, "nanoseconds", 3, 507.26647998089902);
    expect(&c, "BM_sum/64/repeats:3", "cpu_time", "nanoseconds", 3, 22.3628);
    expect(&c, "BM_sum/64/repeats:3", "lines", "number", 3, 42);
    const struct collected *sum = find(&c, "BM_sum/64/repeats:3", NULL);
    cr_assert_str_eq(sum->throughput_name, "bytes");
    cr_assert_eq(sum->throughput, 64);
    cr_assert_eq(sum->iterations[0], 100000);
    /* Microseconds; aggregates only; a benchmark that failed. */
    expect(&c, "BM_once", NULL, "nanoseconds", 1, 17.162597399874358);
    expect(&c, "BM_agg/repeats:3", NULL, "nanoseconds", 1, 5.0327380333328614);
    cr_assert_str_eq(find(&c, "BM_once", NULL)->details, "{\"label\":\"label \\\"x\\\"\"}");
    cr_assert_eq(c.report.without_data, 1);
}

Test(formats, hyperfine_gives_every_run)
{
    AUTO_COLLECTION struct collection c = read_fixture("hyperfine-1.15.0.json", 8);
    expect(&c, "true it is", NULL, "nanoseconds", 5, 1099499);
    expect(&c, "true it is", "cpu_time", "nanoseconds", 1, 980000);
    cr_assert_str_eq(find(&c, "sleep 0.02", NULL)->details, "{\"parameters\":{\"n\":\"2\"}}");
}

Test(formats, hyperfines_commands_of_one_name_are_told_apart_by_their_parameters)
{
    static const char text[] =
        "{\"results\":[{\"command\":\"build\",\"mean\":1,\"parameters\":{\"jobs\":\"1\"}},"
        "{\"command\":\"build\",\"mean\":2,\"parameters\":{\"jobs\":\"2\",\"cc\":\"gcc\"}},"
        "{\"parameters\":{\"n\":\"2\"},\"command\":\"sleep 2\",\"mean\":3}]}";
    AUTO_COLLECTION struct collection c = read_text(text, sizeof(text) - 1);
    expect(&c, "build (jobs=1)", NULL, "nanoseconds", 1, 1e9);
    expect(&c, "build (jobs=2, cc=gcc)", NULL, "nanoseconds", 1, 2e9);
    expect(&c, "sleep 2", NULL, "nanoseconds", 1, 3e9);
}

Test(formats, google_benchmarks_means_give_no_work_per_iteration)
{
    static const char text[] =
        "{\"context\":{},\"benchmarks\":[{\"name\":\"b_mean\",\"run_name\":\"b\","
        "\"run_type\":\"aggregate\",\"aggregate_name\":\"mean\",\"real_time\":2,"
        "\"cpu_time\":1.5,\"time_unit\":\"us\",\"items_per_second\":1000000}]}";
    AUTO_COLLECTION struct collection c = read_text(text, sizeof(text) - 1);
    expect(&c, "b", NULL, "nanoseconds", 1, 2000);
    cr_assert_eq(find(&c, "b", NULL)->throughput, 0);
}

Test(formats, criterions_text_has_long_names_changes_and_throughput)
{
    static const char *const files[] = {"criterion-text-0.8.txt", "criterion-text-0.8-change.txt"};
    static const double first[] = {1.5961, 1.0291};
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        AUTO_COLLECTION struct collection c = read_fixture(files[i], 6);
        expect(&c, "add", NULL, "nanoseconds", 1, first[i]);
        (void)find(
            &c, "a name that is much longer than the column (percent % and \"quotes\") of the text",
            NULL);
        cr_assert_eq(find(&c, "fib/12", NULL)->throughput, 12);
        cr_assert_str_eq(find(&c, "fib/12", NULL)->throughput_name, "elements");
        cr_assert_eq(find(&c, "fib/bytes", NULL)->throughput, 4096);
        cr_assert_null(find(&c, "add", NULL)->throughput_name);
    }
}

Test(formats, libtest_reads_thousands_and_decimals)
{
    AUTO_COLLECTION struct collection c = read_fixture("libtest-criterion-0.8.txt", 6);
    expect(&c, "fib/slow", NULL, "nanoseconds", 1, 1090062);
    AUTO_COLLECTION struct collection text =
        collect_text("libtest",
                     "running 2 tests\n"
                     "test a::b ... bench:   1,234,567.25 ns/iter (+/- 1,000.5) = 331 MB/s\r\n"
                     "test c ... printed by it\nbench:           7 ns/iter (+/- 0)\n"
                     "test d ... FAILED\n"
                     "test e ... ok\ntest result: ok.\n",
                     MAX_LEN);
    cr_assert_eq(text.rc, 0, "%s", text.err.message);
    cr_assert_eq(text.count, 2);
    expect(&text, "a::b", NULL, "nanoseconds", 1, 1234567.25);
    expect(&text, "c", NULL, "nanoseconds", 1, 7);
    cr_assert_str_eq(find(&text, "a::b", NULL)->details, "{\"deviation\":1000.5}");
    cr_assert_eq(text.report.without_data, 1);
}

Test(formats, divan_has_a_tree_rates_and_allocations)
{
    AUTO_COLLECTION struct collection c = read_fixture("divan-0.1.21.txt", 30);
    expect(&c, "div::add", NULL, "nanoseconds", 1, 0.776);
    expect(&c, "div::group::alloc::1000", "allocated_bytes", "bytes", 1, 1000);
    expect(&c, "div::collect::u64", "max_allocated_bytes", "bytes", 1, 812.5);
    expect(&c, "div::collect::u64", "deallocations", "allocations", 1, 1);
    expect(&c, "div::group::deep::sleep::t=2", NULL, "nanoseconds", 1, 270500);
    cr_assert_str_eq(find(&c, "div::sum", NULL)->throughput_name, "bytes");
    cr_assert_float_eq(find(&c, "div::sum", NULL)->throughput, 4096, 4);
}

Test(formats, go_keeps_packages_apart_and_counts_together)
{
    AUTO_COLLECTION struct collection c = read_fixture("go-1.26.8.txt", 46);
    expect(&c, "example.com/formats/a.BenchmarkSum-2", NULL, "nanoseconds", 2, 2855);
    expect(&c, "example.com/formats/b.BenchmarkSum-2", NULL, "nanoseconds", 2, 2941);
    expect(&c, "example.com/formats/a.BenchmarkAlloc-2", "allocated_bytes", "bytes", 2, 112);
    expect(&c, "example.com/formats/a.BenchmarkCustom-2", "rows", "rows/op", 2, 12.5);
    expect(&c, "example.com/formats/a.BenchmarkCustom-2", "recall", "recall", 2, 0.99);
    const struct collected *sub = find(&c, "example.com/formats/a.BenchmarkSub/big=1/x-2-2", NULL);
    cr_assert_eq(sub->iterations[1], 100);
    cr_assert(strstr(sub->details, "\"goarch\":\"amd64\""));
}

Test(formats, go_keeps_benchmarks_that_print_on_their_own_line_and_the_one_called_benchmark)
{
    static const char text[] = "pkg: p\n"
                               "dots BenchmarkPrint \t... ...      20\t     328.1 ns/op\n"
                               "BenchmarkPrint      \t...      20\t     282.8 ns/op\n"
                               "BenchmarkVerbose\n"
                               "... BenchmarkVerbose-2 \t     20\t     409 ns/op\t   8 B/op\n"
                               "    a_test.go:6: BenchmarkLogged \t     20\t     77 ns/op\n"
                               "Benchmark           \t      20\t     381.5 ns/op\n"
                               "BenchmarkSentinel   \t      20\t     1.5 ns/op\t  1"
                               "00000000000000000000000000000000000000000000000000"
                               "00000000000000000000000000000000000000000000000000 worst\n";
    AUTO_COLLECTION struct collection c = read_text(text, sizeof(text) - 1);
    cr_assert_eq(c.count, 6);
    expect(&c, "p.BenchmarkPrint", NULL, "nanoseconds", 2, 328.1);
    expect(&c, "p.BenchmarkVerbose-2", NULL, "nanoseconds", 1, 409);
    expect(&c, "p.BenchmarkVerbose-2", "allocated_bytes", "bytes", 1, 8);
    expect(&c, "p.Benchmark", NULL, "nanoseconds", 1, 381.5);
    expect(&c, "p.BenchmarkSentinel", "worst", "worst", 1, 1e100);
}

Test(formats, go_json_is_put_together_from_its_pieces)
{
    AUTO_COLLECTION struct collection c = read_fixture("go-1.26.8.json", 22);
    expect(&c, "example.com/formats/a.BenchmarkSum-2", NULL, "nanoseconds", 2, 2572);
    AUTO_COLLECTION struct collection failed = read_fixture("go-1.26.8-fail.txt", 10);
    cr_assert_eq(failed.report.without_data, 1);
}

Test(formats, pyperf_leaves_warmups_out_and_knows_bytes)
{
    AUTO_COLLECTION struct collection c = read_fixture("pyperf-2.10.0.json", 2);
    expect(&c, "sum", NULL, "nanoseconds", 6, 803.893999545835);
    cr_assert_eq(find(&c, "sum", NULL)->iterations[0], 500);
    AUTO_COLLECTION struct collection memory = read_fixture("pyperf-2.10.0-memory.json", 2);
    expect(&memory, "sum", "peak_memory", "bytes", 2, 12320768);
}

Test(formats, jmh_tells_its_modes_apart)
{
    AUTO_COLLECTION struct collection c = read_fixture("jmh-1.37.json", 8);
    expect(&c, "org.example.Sum.sum(n=10)", NULL, "nanoseconds", 6, 79.648891);
    expect(&c, "org.example.Sum.sum(n=10)", "throughput", "operations/s", 6, 13610237.402320813);
    expect(&c, "org.example.Sum.sampled(n=10)", "sample_time", "nanoseconds", 1,
           1435.2998999104461);
    expect(&c, "org.example.Sum.once(n=10)", "single_shot_time", "nanoseconds", 6, 3499);
}

Test(formats, jmhs_profilers_do_not_mix_the_modes)
{
#define COUNT(mode, unit, score)                                                             \
    "{\"benchmark\":\"B.b\",\"mode\":\"" mode "\",\"threads\":1,\"primaryMetric\":{"         \
    "\"score\":1,\"scoreUnit\":\"" unit "\"},\"secondaryMetrics\":{\"gc.alloc.rate.norm\":{" \
    "\"score\":" score ",\"scoreUnit\":\"B/op\"}}}"
    static const char text[] =
        "[" COUNT("thrpt", "ops/s", "48") "," COUNT("ss", "us/op", "5792") "]";
    AUTO_COLLECTION struct collection c = read_text(text, sizeof(text) - 1);
    expect(&c, "B.b", "gc.alloc.rate.norm", "bytes", 1, 48);
    expect(&c, "B.b", "ss.gc.alloc.rate.norm", "bytes", 1, 5792);
#undef COUNT
}

Test(formats, asv_takes_samples_and_units_from_its_names)
{
    AUTO_COLLECTION struct collection c = read_fixture("asv-0.6.6.json", 11);
    expect(&c, "b.Sums.time_sum(10, 'b')", NULL, "nanoseconds", 3, 317.050417061525);
    expect(&c, "b.Sums.peakmem_list(1000, 'a')", "peak_memory", "bytes", 1, 35975168);
    expect(&c, "b.mem_list", "memory", "bytes", 1, 856);
    expect(&c, "b.track_recall", "value", "number", 1, 0.97);
    cr_assert_eq(find(&c, "b.time_plain", NULL)->iterations[0], 1234);
    cr_assert_eq(c.report.without_data, 1);
}

Test(formats, conbench_is_read_as_an_array_and_as_lines)
{
    static const char *const files[] = {"conbench-benchadapt-2024.3.20.json",
                                        "conbench-benchadapt-2024.3.20.jsonl"};
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        AUTO_COLLECTION struct collection c = read_fixture(files[i], 3);
        expect(&c, "file-read (format=parquet, n=10)", NULL, "nanoseconds", 3, 1e8);
        expect(&c, "copy", "throughput", "B/s", 2, 1e9);
        expect(&c, "copy", NULL, "nanoseconds", 2, 5e8);
        cr_assert_eq(c.report.without_data, 1);
    }
}

Test(formats, bmf_knows_the_units_of_benchers_measures)
{
    AUTO_COLLECTION struct collection c = read_fixture("bmf.json", 6);
    expect(&c, "adapter::parse", NULL, "nanoseconds", 1, 88.5);
    expect(&c, "adapter::parse", "instructions", "instructions", 1, 1200);
    expect(&c, "binary", "build_time", "nanoseconds", 1, 2.5e9);
    expect(&c, "binary", "my measure", "number", 1, 7);
    cr_assert_str_eq(find(&c, "adapter::parse", NULL)->details,
                     "{\"lower_value\":87.25,\"upper_value\":88.75}");
}

Test(formats, github_action_benchmark_tells_times_rates_and_others_apart)
{
    AUTO_COLLECTION struct collection c = read_fixture("github-action-benchmark.json", 5);
    expect(&c, "parse", NULL, "nanoseconds", 1, 1.5e6);
    expect(&c, "parse fast", NULL, "nanoseconds", 1, 12);
    expect(&c, "requests", "throughput", "ops/sec", 1, 12345.6);
    expect(&c, "coverage", "value", "Percent", 1, 97.5);
    cr_assert_str_eq(c.items[4].benchmark, "parse", "one name twice is two measurements");
    AUTO_COLLECTION struct collection history =
        collect_path("auto", "github-action-benchmark-data.js");
    assert_fails(&history, ERROR_INPUT, "use import-history");
}

Test(formats, gungraun_counts_and_does_not_time)
{
    AUTO_COLLECTION struct collection c = read_fixture("gungraun-0.20.0.jsonl", 66);
    expect(&c, "gun::fib_group::bench_fib::short", "instructions", "instructions", 1, 1836);
    expect(&c, "gun::fib_group::bench_fib::short", "estimated_cycles", "cycles", 1, 2677);
    expect(&c, "gun::fib_group::plain", "l1_hits", "hits", 1,
           find(&c, "gun::fib_group::plain", "l1_hits")->values[0]);
    for (size_t i = 0; i < c.count; i++)
        cr_assert_not_null(c.items[i].metric);
}

Test(formats, iai_callgrind_is_read_like_gungraun)
{
    AUTO_COLLECTION struct collection c = read_fixture("iai-callgrind-0.16.1.jsonl", 66);
    expect(&c, "iai::fib_group::bench_fib::short", "data_reads", "accesses", 1, 449);
    expect(&c, "iai::fib_group::bench_fib::short", "D1MissRate", "percent", 1, 0.12391573729863693);
}

Test(formats, gungraun_of_version_six_has_the_new_run_on_the_left)
{
    AUTO_COLLECTION struct collection c = collect_text(
        "auto",
        "{\"version\":\"6\",\"benchmark_exe\":\"x\",\"module_path\":\"b::f\",\"id\":null,"
        "\"profiles\":[{\"tool\":\"DHAT\",\"summaries\":{\"total\":{\"summary\":{\"Dhat\":"
        "{\"TotalBytes\":{\"metrics\":{\"Both\":[{\"Int\":5},{\"Int\":9}]},\"diffs\":null}}}}}},"
        "{\"tool\":\"Callgrind\",\"summaries\":{\"total\":{\"summary\":{\"Callgrind\":"
        "{\"Ir\":{\"metrics\":{\"Left\":{\"Int\":7}}},\"Dr\":{\"metrics\":{\"Right\":{\"Int\":3}}}"
        "}}}}}]}",
        MAX_LEN);
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_eq(c.count, 2);
    expect(&c, "b::f", "dhat.TotalBytes", "bytes", 1, 5);
    expect(&c, "b::f", "instructions", "instructions", 1, 7);
}

Test(formats, gungrauns_second_tool_does_not_mix_with_the_first)
{
    AUTO_COLLECTION struct collection c = collect_text(
        "gungraun",
        "{\"version\":\"7\",\"module_path\":\"b::f\",\"profiles\":["
        "{\"data\":{\"total\":{\"metrics\":{\"Ir\":{\"values\":{\"old\":1,\"new\":2}}}}},"
        "\"tool\":\"Callgrind\"},"
        "{\"data\":{\"total\":{\"metrics\":{\"Ir\":{\"values\":{\"new\":3}}}}},"
        "\"tool\":\"Cachegrind\"}]}",
        MAX_LEN);
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    expect(&c, "b::f", "instructions", "instructions", 1, 2);
    expect(&c, "b::f", "cachegrind.Ir", "events", 1, 3);
}

Test(formats, junit_gives_whole_tests_durations_and_no_wall_time)
{
    AUTO_COLLECTION struct collection c = read_fixture("junit-pytest-9.2.0.xml", 5);
    expect(&c, "test_j::test_param[a<b>&\"c\"]", "test_duration", "nanoseconds", 1, 18e6);
    cr_assert_str_eq(c.items[0].details, "{\"whole_test\":true}");
    cr_assert_eq(c.report.without_data, 1);
}

/* --- what is broken, mixed or looks alike ------------------------------------------------- */

Test(formats, junit_is_known_by_a_suite_without_attributes_and_comments_are_no_tests)
{
    static const char text[] =
        "<testsuite><!-- <testcase name=\"no\" time=\"9\"/> -->\n"
        "<testcase classname=\"c\" name=\"a&lt;\" time=\"1,234.5\"><system-out><![CDATA["
        "<testcase name=\"no\" time=\"9\"/>]]></system-out></testcase></testsuite>";
    AUTO_COLLECTION struct collection c = read_text(text, sizeof(text) - 1);
    cr_assert_eq(c.count, 1);
    expect(&c, "c::a<", "test_duration", "nanoseconds", 1, 1234.5e9);
}

Test(formats, broken_files_are_told_with_their_place)
{
    static const struct {
        const char *format, *text, *words;
    } cases[] = {
        {"libtest", "x\ntest a ... bench:   1.234,5 ns/iter (+/- 1)\n",
         "line 2: benchmark a: \"bench:   1.234,5 ns/iter (+/- 1)\" is not"},
        {"libtest", "test a ... bench:   1,2", "line 1: benchmark a"},
        {"criterion-text", "add   time:   [1.0 ns 2.0 ns", "line 1: benchmark add"},
        {"criterion-text", "add   time:   [1 cycles 2 cycles 3 cycles]\n",
         "its unit \"cycles\" is not a time"},
        {"criterion-text", "      time:   [1 ns 2 ns 3 ns]\n", "without a benchmark's name"},
        {"go", "BenchmarkA-8  100  12.5 ns/op  3\n", "\"3 \" is no value with its unit"},
        {"go", "BenchmarkA-8  100  -5 ns/op\n", "is no time"},
        {"go", "BenchmarkA-8  100  NaN ns/op\n", "is no time"},
        {"go", "BenchmarkA-8  100  1 ns/op 3 x-ns\nBenchmarkA-8  100  1 ns/op 3 x\n",
         "line 2: benchmark BenchmarkA-8: x is in x here and in nanoseconds above"},
        {"divan", "p  fastest │ slowest │ median │ mean │ samples │ iters\n╰─ a  1 ns │ 2 ns\n",
         "is no time in a row of 6 columns"},
        {"hyperfine", "{\"results\":[{\"command\":\"a\",\"mean\":1,\"times\":[1,", "line 1, byte"},
        {"hyperfine", "{\"results\":[{\"command\":\"a\"}]}", "neither times nor a mean"},
        {"hyperfine", "{\"results\":[{\"command\":\"\",\"mean\":1}]}", "name is empty"},
        {"google-benchmark",
         "{\"benchmarks\":[{\"name\":\"a\",\"real_time\":1,\"time_unit\":\"h\"}]}",
         "benchmark a: its time_unit \"h\" is not a time"},
        {"google-benchmark", "{\"benchmarks\":[{\"name\":\"a\"}]}", "real_time is missing"},
        {"pyperf", "{\"benchmarks\":[{\"runs\":[{\"values\":[1]}]}]}", "name is empty"},
        {"asv", "{\"result_columns\":[\"x\"],\"results\":{}}", "no \"result\""},
        {"asv", "{\"version\":1}", "in version 1; this program reads 2"},
        {"asv", "{\"result_columns\":[\"result\",\"params\"],\"results\":{\"a\":[[1,2],[]]}}",
         "2 results for 1 combinations"},
        {"bmf", "{\"a\":{\"latency\":{\"value\":-1}}}", "-1 is no time"},
        {"junit", "<testsuite><testcase name=\"a\" time=\"1,5\"/></testsuite>", "is no number"},
        {"junit", "<testsuite><testcase name=\"a\" time=\"0,018\"/></testsuite>", "is no number"},
        {"junit", "<testsuite><testcase name=\"a\" time=\"1,234\"/></testsuite>", "is no number"},
        {"criterion-text", "a  time:   [1,404 ns 1,596 ns 1,897 ns]\n", "is not"},
        {"junit", "<testsuite><testcase name=\"a\" time=\"1.5\"/>", "the file ends before"},
        {"junit", "<!DOCTYPE x [<!ENTITY a \"b\">]><testsuite/>", "document type"},
        {"gungraun", "{\"version\":\"9\"}", "reads 6 and 7"},
        {"jmh",
         "[{\"benchmark\":\"a\",\"mode\":\"avgt\",\"primaryMetric\":{\"score\":1,"
         "\"scoreUnit\":\"ops/s\"}}]",
         "is not a time"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO_COLLECTION struct collection c = collect_text(cases[i].format, cases[i].text, MAX_LEN);
        assert_fails(&c, ERROR_INPUT, cases[i].words);
    }
}

Test(formats, a_file_without_results_is_no_data)
{
    static const char *const texts[][2] = {{"go", "PASS\nok x 1s\n"},
                                           {"libtest", "running 0 tests\n"},
                                           {"criterion-text", "nothing\n"},
                                           {"divan", "nothing\n"},
                                           {"hyperfine", "{\"results\":[]}"},
                                           {"google-benchmark", "{\"benchmarks\":[]}"},
                                           {"pyperf", "{\"benchmarks\":[]}"},
                                           {"bmf", "{}"},
                                           {"junit", "<testsuites></testsuites>"},
                                           {"github-action-benchmark", "[]"},
                                           {"jmh", "[]"},
                                           {"conbench", "[]"}};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        AUTO_COLLECTION struct collection c = collect_text(texts[i][0], texts[i][1], MAX_LEN);
        assert_fails(&c, ERROR_NO_DATA, "No benchmark results found");
        AUTO_COLLECTION struct collection empty = collect_text(texts[i][0], "", MAX_LEN);
        assert_fails(&empty, ERROR_NO_DATA, "is empty");
    }
}

/* What every real file gives once more with a byte order mark and other line ends. */
Test(formats, byte_order_marks_and_crlf_change_nothing)
{
    static const char *const files[] = {
        "go-1.26.8.txt",  "go-1.26.8.json",     "divan-0.1.21.txt",      "criterion-text-0.8.txt",
        "bmf.json",       "jmh-1.37.json",      "hyperfine-1.15.0.json", "junit-pytest-9.2.0.xml",
        "asv-0.6.6.json", "pyperf-2.10.0.json", "gungraun-0.20.0.jsonl"};
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        AUTO_COLLECTION struct collection plain = collect_path("auto", files[i]);
        AUTO_STRBUF struct strbuf text = STRBUF_INIT;
        AUTO_FREE char *path = xasprintf("%s/parse/%s", FIXTURES, files[i]);
        FILE *file = fopen(path, "re");
        cr_assert_not_null(file);
        strbuf_addstr(&text, "\xef\xbb\xbf");
        for (int c; (c = getc(file)) != EOF;) {
            if (c == '\n')
                strbuf_addch(&text, '\r');
            strbuf_addch(&text, (char)c);
        }
        (void)fclose(file);
        AUTO_COLLECTION struct collection other = collect_text("auto", text.buf, text.len);
        cr_assert_eq(other.rc, 0, "%s: %s", files[i], other.err.message);
        cr_assert_eq(other.count, plain.count, "%s", files[i]);
        for (size_t k = 0; k < plain.count; k++) {
            cr_assert_str_eq(other.items[k].benchmark, plain.items[k].benchmark);
            cr_assert_eq(other.items[k].values[0], plain.items[k].values[0]);
        }
    }
}

/* Cut anywhere, a file is an error or gives a part of what it held; never another name. */
Test(formats, a_cut_file_gives_no_more_than_the_whole_one)
{
    static const char *const files[][2] = {
        {"go", "go-1.26.8-fail.txt"},
        {"libtest", "libtest-criterion-0.8.txt"},
        {"hyperfine", "hyperfine-1.15.0.json"},
        {"junit", "junit-pytest-9.2.0.xml"},
        {"bmf", "bmf.json"},
        {"github-action-benchmark", "github-action-benchmark.json"}};
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        AUTO_COLLECTION struct collection whole = collect_path(files[i][0], files[i][1]);
        AUTO_FREE char *path = xasprintf("%s/parse/%s", FIXTURES, files[i][1]);
        AUTO_FREE char *text = xcalloc(1, 1 << 16);
        FILE *file = fopen(path, "re");
        cr_assert_not_null(file);
        size_t len = fread(text, 1, (1 << 16) - 1, file);
        (void)fclose(file);
        for (size_t cut = 0; cut + 2 < len; cut += 37) {
            AUTO_COLLECTION struct collection c = collect_text(files[i][0], text, cut);
            cr_assert(c.count <= whole.count);
            bool json = *text == '{' || *text == '[' || *text == '<';
            cr_assert(!json || c.rc < 0, "%s cut at %zu", files[i][1], cut);
        }
    }
}

static bool is_one_of(const char *units)
{
    return !strcmp(units, "nanoseconds") || !strcmp(units, "rows/op") || !strcmp(units, "bytes") ||
           !strcmp(units, "allocations");
}

Test(formats, a_unit_that_was_cut_off_is_no_other_metric)
{
    static const char whole[] = "BenchmarkA-2 \t 100\t 33.10 ns/op\t 12.50 rows/op\t 1144.87 MB/s\t"
                                " 53 B/op\t 7 allocs/op";
    static const char bench[] = "test a ... bench:  12 ns/iter (+/- 3) = 1234 MB/s";
    for (size_t len = 1; len < sizeof(whole); len++) {
        AUTO_COLLECTION struct collection c = collect_text("go", whole, len);
        for (size_t i = 0; !c.rc && i < c.count; i++)
            cr_assert(is_one_of(c.items[i].units), "%.*s", (int)len, whole);
    }
    for (size_t len = strlen("test a ... bench:  12 ns/iter (+/- 3) ="); len < sizeof(bench) - 1;
         len++) {
        AUTO_COLLECTION struct collection c = collect_text("libtest", bench, len);
        cr_assert(c.rc < 0, "%.*s", (int)len, bench);
    }
    AUTO_COLLECTION struct collection c = collect_text("go", whole, sizeof(whole) - 1);
    cr_assert_eq(c.count, 4, "%s", c.err.message);
}

Test(formats, indented_lines_are_read_under_the_same_names)
{
    static const char text[] = "  test a::b ... bench:          12 ns/iter (+/- 3)\n"
                               "  c/d                     time:   [1 ns 2 ns 3 ns]\n"
                               "  a long name\n"
                               "                          time:   [1 ns 4 ns 5 ns]\n";
    AUTO_COLLECTION struct collection bench = collect_text("libtest", text, sizeof(text) - 1);
    expect(&bench, "a::b", NULL, "nanoseconds", 1, 12);
    AUTO_COLLECTION struct collection c = collect_text("criterion-text", text, sizeof(text) - 1);
    expect(&c, "c/d", NULL, "nanoseconds", 1, 2);
    expect(&c, "a long name", NULL, "nanoseconds", 1, 4);
}

Test(formats, colours_bad_bytes_and_long_lines_do_no_harm)
{
    AUTO_COLLECTION struct collection c =
        collect_text("criterion-text",
                     "\x1b[1ma\xff\x1b[0m   \x1b[32mtime:   [1 ns 2 ns 3 ns]\x1b[0m\n", MAX_LEN);
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    expect(&c, "a\xef\xbf\xbd", NULL, "nanoseconds", 1, 2);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < 3000000; i++)
        strbuf_addch(&text, 'x');
    strbuf_addstr(&text, "\nBenchmarkA 5 7 ns/op\n");
    AUTO_COLLECTION struct collection go = collect_text("go", text.buf, text.len);
    cr_assert_eq(go.rc, 0, "%s", go.err.message);
    expect(&go, "BenchmarkA", NULL, "nanoseconds", 1, 7);
}

/* As the log archive of a run has it, as `gh run view --log` prints it, and coloured. */
Test(formats, what_a_log_puts_in_front_of_each_line_does_no_harm)
{
    static const char *const fixtures[] = {"criterion-text-0.8.txt", "libtest-criterion-0.8.txt",
                                           "divan-0.1.21.txt", "go-1.26.8.txt"};
    static const char *const fronts[] = {"2026-11-22T04:05:06.1234567Z ",
                                         "bench\tRun cargo bench\t2026-11-22T04:05:06.1234567Z ",
                                         "\x1b[36;1m"};
    for (size_t i = 0; i < ARRAY_SIZE(fixtures) * ARRAY_SIZE(fronts); i++) {
        AUTO_COLLECTION struct collection plain = collect_path("auto", fixtures[i / 3]);
        AUTO_STRBUF struct strbuf text = STRBUF_INIT;
        AUTO_STRBUF struct strbuf log = STRBUF_INIT;
        AUTO_FREE char *path = xasprintf("%s/parse/%s", FIXTURES, fixtures[i / 3]);
        cr_assert_eq(file_read(path, 1 << 20, &text, NULL), 0);
        strbuf_addstr(&log, "\xef\xbb\xbf");
        for (const char *line = text.buf, *end; *line; line = *end ? end + 1 : end) {
            end = line + strcspn(line, "\n");
            strbuf_addf(&log, "%s%.*s\n", fronts[i % 3], (int)(end - line), line);
        }
        AUTO_COLLECTION struct collection c = collect_text("auto", log.buf, log.len);
        cr_assert_eq(c.rc, 0, "%s: %s", fixtures[i / 3], c.err.message);
        cr_assert_eq(c.count, plain.count);
        for (size_t k = 0; k < c.count; k++)
            expect(&c, plain.items[k].benchmark, plain.items[k].metric, plain.items[k].units,
                   plain.items[k].value_count, plain.items[k].values[0]);
    }
}

Test(formats, what_fits_two_formats_is_not_guessed)
{
    AUTO_COLLECTION struct collection c = collect_text("auto",
                                                       "add   time:   [1 ns 2 ns 3 ns]\n"
                                                       "test a ... bench:   1 ns/iter (+/- 1)\n",
                                                       MAX_LEN);
    assert_fails(&c, ERROR_INPUT,
                 "input fits 2 formats; choose 'publish criterion-text' (what Criterion prints for "
                 "people) or 'publish libtest'");
}

Test(formats, a_metric_that_is_no_number_is_left_out_and_counted)
{
    AUTO_COLLECTION struct collection c =
        collect_text("go", "BenchmarkA 5 7 ns/op NaN a 1 b#c -3 d\n", MAX_LEN);
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_eq(c.count, 2);
    expect(&c, "BenchmarkA", "b_c", "b#c", 1, 1);
    cr_assert_eq(c.report.without_data, 2);
}

Test(formats, google_benchmarks_of_one_name_stay_two)
{
    AUTO_COLLECTION struct collection c =
        collect_text("google-benchmark",
                     "{\"context\":{},\"benchmarks\":["
                     "{\"name\":\"a\",\"family_index\":0,\"real_time\":1,\"time_unit\":\"s\"},"
                     "{\"name\":\"a\",\"family_index\":1,\"real_time\":2,\"time_unit\":\"us\"},"
                     "{\"name\":\"a\",\"family_index\":0,\"real_time\":3,\"time_unit\":\"ms\"}]}",
                     MAX_LEN);
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_eq(c.count, 2);
    cr_assert_eq(c.items[0].value_count, 2, "and its units may change");
    cr_assert_eq(c.items[0].values[1], 3e6);
    cr_assert_eq(c.items[1].values[0], 2e3);
}

Test(formats, the_list_and_the_table_agree)
{
#define IN_TABLE(ident, word, harness)                      \
    {                                                       \
        bool found = false;                                 \
        for (size_t i = 0; i < parse_format_count; i++)     \
            found |= !strcmp(parse_formats[i]->name, word); \
        cr_assert(found, "%s", word);                       \
    }
    PARSE_FORMAT_LIST(IN_TABLE)
#undef IN_TABLE
}
