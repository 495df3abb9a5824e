#include "parse/pytest_benchmark.h"
#include "parse/json_reader.h"

#include "base/alloc.h"
#include "collect.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>

#define ENTRY(fields) "{\"benchmarks\":[{" fields "}]}"
#define STATS "\"stats\":{\"data\":[0.5,0.25],\"iterations\":3,\"rounds\":2}"

Test(pytest, a_real_file_gives_nanoseconds_and_details)
{
    AUTO_COLLECTION struct collection c = collect_path("pytest", "pytest-benchmark-5.3.1.json");
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_eq(c.count, 6);
    cr_assert_str_eq(c.items[0].benchmark, "test_tiny.py::test_sum[10]");
    cr_assert_eq(c.items[0].value_count, 4);
    cr_assert_eq(c.items[0].iterations[3], 5);
    cr_assert(c.items[0].values[0] > 10 && c.items[0].values[0] < 1e6, "a sum of ten numbers");
    cr_assert(strstr(c.items[0].details,
                     "{\"group\":\"sum\",\"params\":{\"n\":10},\"param\":\"10\","
                     "\"extra_info\":{\"rows\":10,\"ratio\":null},\"options\":{"));
    cr_assert(strstr(c.items[0].details, "\"timer\":\"perf_counter\""));
    cr_assert(c.items[2].values[0] > 1e6, "it slept for a millisecond");
    cr_assert_str_eq(c.items[3].benchmark, "test_tiny.py::test_names[quote\"d]");
}

Test(pytest, the_name_stands_in_for_a_missing_fullname)
{
    AUTO_COLLECTION struct collection c =
        collect_text("pytest", ENTRY("\"fullname\":null,\"name\":\"n\"," STATS), SIZE_MAX);
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_str_eq(c.items[0].benchmark, "n");
    cr_assert_eq(c.items[0].values[0], 5e8);
    cr_assert_eq(c.items[0].values[1], 2.5e8);
    cr_assert_eq(c.items[0].iterations[1], 3);
    cr_assert_null(c.items[0].details);
}

Test(pytest, a_timer_of_pythons_time_module_says_what_the_values_are)
{
    static const struct {
        const char *timer, *metric;
        double first;
    } cases[] = {
        {"perf_counter", NULL, 5e8},
        {"monotonic", NULL, 5e8},
        {"time", NULL, 5e8},
        {"default_timer", NULL, 5e8},
        {"time.perf_counter", NULL, 5e8},
        {"perf_counter_ns", NULL, 0.5},
        {"process_time", "cpu_time", 5e8},
        {"thread_time", "cpu_time", 5e8},
        {"thread_time_ns", "cpu_time", 0.5},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO_FREE char *text = xasprintf(
            ENTRY("\"name\":\"n\",\"options\":{\"timer\":\"%s\"}," STATS), cases[i].timer);
        AUTO_COLLECTION struct collection c = collect_text("pytest", text, SIZE_MAX);
        cr_assert_eq(c.rc, 0, "%s", c.err.message);
        cr_assert_eq(c.items[0].values[0], cases[i].first, "%s", cases[i].timer);
        cr_assert_eq(!c.items[0].metric, !cases[i].metric, "%s", cases[i].timer);
        if (cases[i].metric)
            cr_assert_str_eq(c.items[0].metric, cases[i].metric);
    }
}

Test(pytest, a_custom_timer_is_refused)
{
    static const char *const timers[] = {"iops_timer", "tm", "perf_counter2", "_ns", "time."};
    for (size_t i = 0; i < ARRAY_SIZE(timers); i++) {
        AUTO_FREE char *text =
            xasprintf(ENTRY(STATS ",\"name\":\"n\",\"options\":{\"timer\":\"%s\"}"), timers[i]);
        AUTO_FREE char *words =
            xasprintf("input: benchmark n: measured with the custom timer \"%s\"", timers[i]);
        AUTO_COLLECTION struct collection c = collect_text("pytest", text, SIZE_MAX);
        assert_fails(&c, ERROR_INPUT, words);
    }
}

Test(pytest, a_benchmark_without_data_is_skipped_and_counted)
{
    AUTO_COLLECTION struct collection c = collect_text(
        "pytest",
        "{\"benchmarks\":[{\"name\":\"a\"},{\"name\":\"b\",\"stats\":null},"
        "{\"name\":\"c\",\"stats\":{}},{\"name\":\"d\",\"stats\":{\"data\":[],\"rounds\":0}},"
        "{\"name\":\"e\",\"stats\":{\"data\":null}},{\"name\":\"f\"," STATS "}]}",
        SIZE_MAX);
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_eq(c.count, 1);
    cr_assert_eq(c.report.without_data, 5);
    cr_assert_str_eq(c.items[0].benchmark, "f");
}

Test(pytest, nothing_found_is_no_data)
{
    static const char *const texts[] = {
        "", "{\"benchmarks\":[]}", ENTRY("\"name\":\"z\",\"stats\":{\"data\":[],\"rounds\":0}")};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        AUTO_COLLECTION struct collection c = collect_text("pytest", texts[i], SIZE_MAX);
        assert_fails(&c, ERROR_NO_DATA, "No benchmark results found in the input file (input");
    }
}

Test(pytest, wrong_values_are_errors_that_name_the_benchmark)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {ENTRY("\"name\":\"n\",\"stats\":{\"data\":[1,-0.5]}"),
         "input: benchmark n: stats.data[1] is -0.5, which is no time"},
        {ENTRY("\"name\":\"n\",\"stats\":{\"data\":[NaN]}"),
         "input: benchmark n: line 1, byte 45: expected a number, found NaN"},
        {ENTRY("\"name\":\"n\",\"stats\":{\"data\":[1,null]}"), "expected a number, found null"},
        {ENTRY("\"name\":\"n\",\"stats\":{\"data\":[1e300]}"), "stats.data[0] is too large"},
        {ENTRY("\"name\":\"n\",\"stats\":{\"data\":[1],\"iterations\":0}"),
         "stats.iterations is 0"},
        {ENTRY("\"name\":\"n\",\"stats\":{\"data\":[1],\"iterations\":-1}"),
         "expected a whole number"},
        {ENTRY("\"name\":\"n\",\"stats\":[]"), "stats: expected an object, found an array"},
        {ENTRY("\"name\":\"\"," STATS), "name is empty"},
        {ENTRY(STATS), "name is empty"},
        {"{\"machine_info\":{}}", "no \"benchmarks\" in it"},
        {"[]", "line 1, byte 1: expected an object, found an array"},
        {"{\"benchmarks\":[{\"name\":\"n\"," STATS "}]", "found the end of the file"},
        {"{\"benchmarks\":[{\"name\":\"n\"," STATS, "found the end of the file"},
        {"{\"benchmarks\":[{\"name\":\"\xff\"," STATS "}]}", "a string that is not UTF-8"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO_COLLECTION struct collection c = collect_text("pytest", cases[i].text, SIZE_MAX);
        assert_fails(&c, ERROR_INPUT, cases[i].words);
    }
}

Test(pytest, details_have_a_limit)
{
    size_t len = JSON_STRING_MAX - 100;
    AUTO_FREE char *long_text = xmalloc(len + 1);
    memset(long_text, 'x', len);
    long_text[len] = '\0';
    AUTO_FREE char *text = xasprintf(ENTRY("\"name\":\"n\",\"extra_info\":[\"%s\",\"%s\"]," STATS),
                                     long_text, long_text);
    AUTO_COLLECTION struct collection c = collect_text("pytest", text, SIZE_MAX);
    assert_fails(&c, ERROR_INPUT, "a value has more than 1048576 bytes");
}

static struct pytest_commit read_commit(const char *text)
{
    AUTO_INPUT struct input *input = input_from_memory("input", text, strlen(text));
    struct pytest_commit commit = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(pytest_commit_read(input, &commit, &err), 0, "%s", err.message);
    cr_assert_eq(input_position(input), 0);
    return commit;
}

Test(pytest, the_commit_is_found_wherever_it_stands)
{
    AUTO_PYTEST_COMMIT struct pytest_commit commit = read_commit(
        "{\"benchmarks\":[{\"commit_info\":{\"id\":\"no\"}," STATS "}],\"commit_info\":{"
        "\"author_time\":\"2026-07-09T18:02:48-07:00\",\"time\":\"2026-07-09T18:02:50-07:00\","
        "\"id\":\"5ba1e20acfcbf862fc4926d10f1ec537d8e58d40\",\"dirty\":true,\"project\":\"repo\","
        "\"branch\":\"main\",\"more\":[1]}}");
    cr_assert_str_eq(commit.id, "5ba1e20acfcbf862fc4926d10f1ec537d8e58d40");
    cr_assert_str_eq(commit.project, "repo");
    cr_assert_str_eq(commit.branch, "main");
    cr_assert(commit.dirty && commit.has_time);
    cr_assert_eq(commit.time, 1783645370);
}

Test(pytest, the_authors_time_stands_in_for_the_commits)
{
    AUTO_PYTEST_COMMIT struct pytest_commit commit = read_commit(
        "{\"commit_info\":{\"time\":null,\"author_time\":\"2026-07-09T18:02:48-07:00\"}}");
    cr_assert(commit.has_time);
    cr_assert_eq(commit.time, 1783645368);
    cr_assert_null(commit.id);
}

Test(pytest, outside_git_there_is_no_time)
{
    AUTO_PYTEST_COMMIT struct pytest_commit commit =
        read_commit("{\"commit_info\":{\"id\":\"unversioned\",\"time\":null,\"author_time\":null,"
                    "\"dirty\":false,\"branch\":\"(unknown)\"}}");
    cr_assert_str_eq(commit.id, "unversioned");
    cr_assert_not(commit.has_time);
    AUTO_PYTEST_COMMIT struct pytest_commit none = read_commit("{\"commit_info\":null}");
    cr_assert_null(none.id);
    AUTO_PYTEST_COMMIT struct pytest_commit missing = read_commit("{}");
    cr_assert_null(missing.id);
}

Test(pytest, a_broken_file_has_no_commit)
{
    static const char text[] = "{\"machine_info\":{";
    AUTO_INPUT struct input *input = input_from_memory("input", text, strlen(text));
    struct pytest_commit commit = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(pytest_commit_read(input, &commit, &err), ERROR_INPUT);
    cr_assert(strstr(err.message, "input: line 1, byte 18: "), "%s", err.message);
}
