#include "pipeline/bisect/bisect_scope.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect(const char *harness, const char *benchmark, const char *filter, bool rust,
                   bool python, bool commands)
{
    struct run_request request = {0};
    AUTO_FREE char *made = NULL;
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    strlist_split(&names, benchmark, '\n');
    bisect_scope(harness, &names, &request, &made);
    cr_assert(filter ? made && !strcmp(made, filter) : !made, "%s: %s", benchmark, made);
    cr_assert_eq(request.filter, made);
    cr_assert(request.rust_only == rust && request.python_only == python &&
              request.commands_only == commands);
}

Test(bisect_scope, criterion_is_asked_for_one_name_and_no_other)
{
    expect("criterion", "scan/f32 (dim=8)", "^scan/f32 \\(dim=8\\)$", true, false, false);
    expect("criterion", "a.b+c#cpu_time", "^a\\.b\\+c$", true, false, false);
}

Test(bisect_scope, a_rust_bench_is_asked_for_by_its_name)
{
    expect("libtest", "bench_scan#peak_memory", "bench_scan", true, false, false);
}

Test(bisect_scope, pytest_is_asked_for_the_function)
{
    expect("pytest-benchmark", "tests/test_a.py::TestRead::test_b[1-2]#cpu_time", "test_b", false,
           true, false);
    expect("pytest-benchmark", "test_b", "test_b", false, true, false);
}

Test(bisect_scope, of_programs_google_benchmark_alone_takes_a_filter)
{
    expect("google-benchmark", "BM_scan/8", "^BM_scan/8$", false, false, true);
    expect("hyperfine", "scan", NULL, false, false, true);
}

Test(bisect_scope, what_is_not_known_or_asked_for_otherwise_is_left_alone)
{
    expect(NULL, "scan", NULL, false, false, false);
    struct run_request request = {.filter = "mine"};
    AUTO_FREE char *made = NULL;
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    strlist_push(&names, "scan");
    bisect_scope("criterion", &names, &request, &made);
    cr_assert(!made && !strcmp(request.filter, "mine") && !request.rust_only);
}

Test(bisect_scope, all_names_that_it_had_are_asked_for)
{
    expect("criterion", "scan#cpu_time\ntable.scan", "^scan$|^table\\.scan$", true, false, false);
    expect("google-benchmark", "BM_a\nBM_b", "^BM_a$|^BM_b$", false, false, true);
    expect("pytest-benchmark", "t.py::test_a[1]\nt.py::test_b", "test_a or test_b", false, true,
           false);
    expect("libtest", "a\nb", NULL, true, false, false);
}

Test(bisect_scope, without_names_the_harness_alone_is_asked_for)
{
    expect("criterion", "", NULL, true, false, false);
    expect("pytest-benchmark", "", NULL, false, true, false);
    expect("libtest", "", NULL, true, false, false);
}
