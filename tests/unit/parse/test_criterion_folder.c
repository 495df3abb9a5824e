#include "base/alloc.h"
#include "base/file.h"
#include "collect.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BENCHMARK "{\"group_id\":\"g\",\"function_id\":null,\"value_str\":null,\"full_id\":\"g\"}"
#define SAMPLE "{\"sampling_mode\":\"Linear\",\"iters\":[1.0,2.0],\"times\":[3.0,4.0]}"
#define ESTIMATES "{\"mean\":{\"point_estimate\":2.0}}"

static void put_result(const char *folder, const char *benchmark, const char *sample,
                       const char *estimates)
{
    AUTO_FREE char *b = path_join(folder, "benchmark.json");
    AUTO_FREE char *s = path_join(folder, "sample.json");
    AUTO_FREE char *e = path_join(folder, "estimates.json");
    test_folder_put(b, benchmark);
    test_folder_put(s, sample);
    test_folder_put(e, estimates);
}

Test(criterion_folder, the_folder_of_criterion_0_8_is_read_in_order)
{
    AUTO_COLLECTION struct collection c = collect_path("criterion", "criterion-0.8.2");
    static const char *const names[] = {"plain \"quoted\" \xc3\xa9",
                                        "sum/both",
                                        "sum/bytes",
                                        "sum/flat",
                                        "sum/iter/16",
                                        "sum/iter/256"};
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_eq(c.count, ARRAY_SIZE(names));
    for (size_t i = 0; i < c.count; i++)
        cr_assert_str_eq(c.items[i].benchmark, names[i]);
    cr_assert_str_eq(c.items[1].throughput_name, "elements");
    cr_assert_str_eq(c.items[1].details,
                     "{\"group_id\":\"sum\",\"function_id\":\"both\",\"sampling_mode\":\"Linear\","
                     "\"more_throughput\":[{\"per_iteration\":80,\"unit\":\"bytes\"}]}");
    cr_assert_str_eq(c.items[2].throughput_name, "bytes");
    cr_assert_eq(c.items[2].throughput, 4096);
    cr_assert_eq(c.items[1].iterations[0], 1056336);
    cr_assert_eq(c.items[1].values[0], 1926506.0 / 1056336);
}

Test(criterion_folder, the_folders_of_older_criterions_are_read)
{
    static const char *const folders[] = {"criterion-0.3.0", "criterion-0.5.1"};
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
        AUTO_COLLECTION struct collection c = collect_path("auto", folders[i]);
        cr_assert_eq(c.rc, 0, "%s", c.err.message);
        cr_assert_eq(c.count, 1);
        cr_assert_str_eq(c.items[0].benchmark, "sum/bytes");
        cr_assert_eq(c.items[0].value_count, 10);
        cr_assert_eq(c.items[0].throughput, 4096);
    }
}

Test(criterion_folder, base_change_report_and_symbolic_links_are_no_results,
     .init = test_folder_make, .fini = test_folder_remove)
{
    put_result("g/new", BENCHMARK, SAMPLE, ESTIMATES);
    put_result("g/base", BENCHMARK, SAMPLE, ESTIMATES);
    test_folder_put("g/change/estimates.json", ESTIMATES);
    test_folder_put("g/report/index.html", "<html>");
    AUTO_FREE char *link = path_join(test_folder, "g/loop");
    cr_assert_eq(symlink("..", link), 0);
    AUTO_COLLECTION struct collection c = collect_path("criterion", test_folder);
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_eq(c.count, 1);
    cr_assert_eq(c.items[0].values[1], 2);
}

Test(criterion_folder, one_result_can_be_named_itself)
{
    AUTO_COLLECTION struct collection c = collect_path("auto", "criterion-0.8.2/sum/bytes/base");
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_eq(c.count, 1);
    cr_assert_str_eq(c.items[0].benchmark, "sum/bytes");
}

Test(criterion_folder, a_benchmark_may_itself_be_called_new_or_base, .init = test_folder_make,
     .fini = test_folder_remove)
{
    put_result("new/new", BENCHMARK, SAMPLE, ESTIMATES);
    put_result("base/new", BENCHMARK, SAMPLE, ESTIMATES);
    AUTO_COLLECTION struct collection c = collect_path("criterion", test_folder);
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_eq(c.count, 2);
}

Test(criterion_folder, a_result_with_a_file_missing_is_an_error, .init = test_folder_make,
     .fini = test_folder_remove)
{
    test_folder_put("g/new/benchmark.json", BENCHMARK);
    test_folder_put("g/new/estimates.json", ESTIMATES);
    AUTO_COLLECTION struct collection c = collect_path("criterion", test_folder);
    assert_fails(&c, ERROR_INPUT, "g/new has no sample.json");
}

Test(criterion_folder, an_empty_result_is_an_error, .init = test_folder_make,
     .fini = test_folder_remove)
{
    AUTO_FREE char *folder = path_join(test_folder, "g/new");
    cr_assert_eq(dir_make(folder, NULL), 0);
    AUTO_COLLECTION struct collection c = collect_path("criterion", test_folder);
    assert_fails(&c, ERROR_INPUT, "g/new has no benchmark.json");
}

Test(criterion_folder, broken_files_are_errors_that_name_the_file, .init = test_folder_make,
     .fini = test_folder_remove)
{
    static const struct {
        const char *benchmark, *sample, *estimates, *words;
    } cases[] = {
        {"", SAMPLE, ESTIMATES, "g/new/benchmark.json: line 1, byte 1: expected a value"},
        {"{}", SAMPLE, ESTIMATES, "g/new/benchmark.json: a benchmark's name is empty"},
        {"{\"full_id\":\"g\",\"throughput\":{\"Lines\":1}}", SAMPLE, ESTIMATES,
         "unknown throughput \"Lines\""},
        {BENCHMARK, "{\"iters\":[1.0],\"times\":[1.0,2.0]}", ESTIMATES,
         "g/new/sample.json: iters has 1 entries and times 2"},
        {BENCHMARK, "{\"iters\":[1.5],\"times\":[1.0]}", ESTIMATES,
         "g/new/sample.json: iters[0] is 1.5, which is no count"},
        {BENCHMARK, "{\"iters\":[0.0],\"times\":[1.0]}", ESTIMATES, "iters[0] is 0"},
        {BENCHMARK, "{\"iters\":[1.0],\"times\":[-1.0]}", ESTIMATES, "times[0] is -1"},
        {BENCHMARK, "{\"iters\":[1.0],\"times\":[null]}", ESTIMATES,
         "expected a number, found null"},
        {BENCHMARK, "{}", ESTIMATES, "times is missing or empty"},
        {BENCHMARK, "[[1.0],[2.0],[3.0]]", ESTIMATES, "expected two lists, found more"},
        {BENCHMARK, "7", ESTIMATES, "expected an object, found a number"},
        {BENCHMARK, SAMPLE, "{\"mean\":", "g/new/estimates.json: line 1, byte 9: "},
        {BENCHMARK, SAMPLE, "{}", "g/new/estimates.json: it has no mean"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        put_result("g/new", cases[i].benchmark, cases[i].sample, cases[i].estimates);
        AUTO_COLLECTION struct collection c = collect_path("criterion", test_folder);
        assert_fails(&c, ERROR_INPUT, cases[i].words);
        cr_assert_eq(c.count, 0);
    }
}

Test(criterion_folder, a_folder_without_results_is_no_data, .init = test_folder_make,
     .fini = test_folder_remove)
{
    AUTO_COLLECTION struct collection c = collect_path("auto", test_folder);
    assert_fails(&c, ERROR_NO_DATA, "No benchmark results found in the input file");
}

static void digest(char out[SHA256_HEX_SIZE])
{
    AUTO_INPUT struct input *input = NULL;
    cr_assert_eq(input_open(test_folder, INPUT_MAX_DEFAULT, &input, NULL), 0);
    cr_assert_eq(input_sha256(input, out, NULL), 0);
}

Test(criterion_folder, its_digest_changes_with_a_result_and_with_nothing_else,
     .init = test_folder_make, .fini = test_folder_remove)
{
    char first[SHA256_HEX_SIZE], second[SHA256_HEX_SIZE], third[SHA256_HEX_SIZE];
    put_result("g/new", BENCHMARK, SAMPLE, ESTIMATES);
    digest(first);
    test_folder_put("g/report/index.html", "<html>");
    digest(second);
    cr_assert_str_eq(first, second);
    test_folder_put("g/new/sample.json", "{\"iters\":[1.0],\"times\":[1.0]}");
    digest(third);
    cr_assert_str_neq(first, third);
}
