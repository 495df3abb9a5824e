#include "base/alloc.h"
#include "base/file.h"
#include "source/python_source.h"
#include "source/rust_source.h"
#include "source/source.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char python[] = "import pytest\n"
                             "# def test_one(): a comment\n"
                             "\n"
                             "@pytest.mark.parametrize('n', [1, 2])\n"
                             "def test_one(benchmark, n):\n"
                             "    def test_two():\n"
                             "        pass\n"
                             "\n"
                             "class TestA:\n"
                             "# at the margin\n"
                             "    def test_two(self, benchmark):\n"
                             "        pass\n"
                             "class TestAB:\n"
                             "    async  def test_two (self):\n"
                             "        pass\n"
                             "def test_two_more(): pass\n"
                             "def test_two(): pass";

Test(source, a_python_test_is_where_its_definition_stands)
{
    cr_assert(eq(i64, python_definition(python, NULL, "test_one"), 5));
    cr_assert(eq(i64, python_definition(python, "TestA", "test_two"), 11));
    cr_assert(eq(i64, python_definition(python, "TestAB", "test_two"), 14));
    cr_assert(eq(i64, python_definition(python, NULL, "test_two"), 17));
    cr_assert(eq(i64, python_definition(python, "TestB", "test_two"), 0));
    cr_assert(eq(i64, python_definition(python, NULL, "test_on"), 0));
    cr_assert(eq(i64, python_definition("", NULL, "test_one"), 0));
    cr_assert(eq(i64, python_definition("def", NULL, "test_one"), 0));
}

static const char rust[] = "// c.bench_function(\"plain\", f);\n"
                           "fn benches(c: &mut Criterion) {\n"
                           "    println!(\"plain\");\n"
                           "    c.bench_function(\"plain\", |b| b.iter(f));\n"
                           "    let mut group = c.benchmark_group(\"words/en\");\n"
                           "    group.bench_function(\n"
                           "        \"split\",\n"
                           "        f);\n"
                           "    group.bench_with_input(BenchmarkId::new(\"unique\", 5), &5, f);\n"
                           "    for n in [1, 2] {\n"
                           "        group.bench_function(format!(\"made {n}\"), f);\n"
                           "    }\n"
                           "    my_bench_function(\"other\", f);\n"
                           "}\n";

static int64_t rust_line(const char *name)
{
    return rust_benchmark(rust, name).line;
}

Test(source, a_criterion_benchmark_is_where_its_name_is_given)
{
    cr_assert(eq(i64, rust_line("plain"), 4));
    cr_assert(eq(i64, rust_line("words/en/split"), 7));
    cr_assert(eq(i64, rust_line("words/en/unique/500"), 9));
    cr_assert(eq(i64, rust_line("words/en/made 1"), 5), "of its group at least");
    cr_assert(eq(i64, rust_line("words"), 0));
    cr_assert(eq(i64, rust_line("other"), 0));
    cr_assert(eq(i64, rust_line(""), 0));
    cr_assert(eq(i64, rust_line("/"), 0));
    cr_assert(eq(i64, rust_line("///"), 0));
    cr_assert(eq(sz, rust_benchmark(rust, "words/en/unique/500").matched,
                 strlen("words/en"
                        "unique")));
}

static void make_tree(void)
{
    test_folder_make();
    test_folder_put("python/benchmarks/test_a.py", python);
    test_folder_put("python/benchmarks/test_b.py", "def test_b(benchmark): pass\n");
    test_folder_put("more/benchmarks/test_b.py", "def test_b(benchmark): pass\n");
    test_folder_put("site-packages/benchmarks/test_a.py", python);
    test_folder_put("rust/one/benches/words.rs", rust);
    test_folder_put("rust/two/benches/words.rs", "fn f() { c.benchmark_group(\"words\"); }\n");
    test_folder_put("rust/two/benches/plain.rs", "fn f() { c.bench_function(\"twice\", g); }\n");
    test_folder_put("rust/one/benches/plain.rs", "fn f() { c.bench_function(\"twice\", g); }\n");
    test_folder_put("rust/one/src/lib.rs", "fn f() { c.bench_function(\"elsewhere\", g); }\n");
    test_folder_put("target/benches/words.rs", rust);
    AUTO_FREE char *link = path_join(test_folder, "python/link");
    cr_assert(eq(int, symlink("benchmarks", link), 0));
    AUTO_FREE char *pipe = path_join(test_folder, "python/pipe.py");
    cr_assert(eq(int, mkfifo(pipe, 0600), 0));
}

TestSuite(source_tree, .init = make_tree, .fini = test_folder_remove);

static void assert_at(const char *benchmark, const char *file, int64_t line)
{
    AUTO_SOURCE_TREE struct source_tree tree = {0};
    struct source_place place = {.file = "", .line = -1};
    cr_assert(eq(int, source_tree_read(test_folder, &tree, NULL), 0));
    cr_assert(source_find(&tree, benchmark, &place), "%s is not found", benchmark);
    cr_assert(eq(str, (char *)place.file, (char *)file));
    cr_assert(eq(i64, place.line, line));
}

static void assert_nowhere(const char *benchmark)
{
    AUTO_SOURCE_TREE struct source_tree tree = {0};
    struct source_place place = {.file = "", .line = -1};
    cr_assert(eq(int, source_tree_read(test_folder, &tree, NULL), 0));
    cr_assert(not(source_find(&tree, benchmark, &place)), "%s is at %s:%d", benchmark, place.file,
              (int)place.line);
    cr_assert(eq(i64, place.line, -1));
}

Test(source_tree, a_pytest_name_leads_to_its_file_and_line)
{
    assert_at("python/benchmarks/test_a.py::test_one[7]", "python/benchmarks/test_a.py", 5);
    assert_at("benchmarks/test_a.py::test_one", "python/benchmarks/test_a.py", 5);
    assert_at("test_a.py::TestA::test_two[a::b-[x]]", "python/benchmarks/test_a.py", 11);
    assert_at("more/benchmarks/test_b.py::test_b", "more/benchmarks/test_b.py", 1);
}

Test(source_tree, what_is_in_two_files_alike_is_in_neither)
{
    assert_nowhere("benchmarks/test_b.py::test_b");
    assert_nowhere("twice");
}

Test(source_tree, the_file_with_most_of_a_name_has_the_benchmark)
{
    assert_at("words/en/split", "rust/one/benches/words.rs", 7);
    assert_at("words/de/split", "rust/two/benches/words.rs", 1);
}

Test(source_tree, what_is_no_name_leads_nowhere)
{
    assert_nowhere("");
    assert_nowhere("::");
    assert_nowhere("a::");
    assert_nowhere("::test_one");
    assert_nowhere("benchmarks/test_a.py::");
    assert_nowhere("benchmarks/test_a.py::test_none");
    assert_nowhere("../../etc/test_a.py::test_one");
    assert_nowhere("elsewhere");
    assert_nowhere("pipe.py::test_one");
}

Test(source, a_folder_that_is_not_there_is_an_error)
{
    AUTO_SOURCE_TREE struct source_tree tree = {0};
    cr_assert(eq(int, source_tree_read("/nonexistent/folder", &tree, NULL), ERROR_NOT_FOUND));
}
