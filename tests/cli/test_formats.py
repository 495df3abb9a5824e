"""`publish` of every format: what is stored is what the harness said, under its name and in its unit."""

import json
import os
import re
import resource
import shutil
import subprocess

import pytest
from store_helpers import FIXTURES, TOOLS, Store, error_line, store  # noqa: F401

DUT = ["--dut-version", "1.2.3+abcdef0", "--dut-timestamp", 1_700_000_000, "--testbed-name", "bed"]
FORMATS = TOOLS / "venv-formats" / "bin"

# Fixture, format, results, and one of them: name, units, values, the first value.
FILES = [
    ("criterion-text-0.8.txt", "criterion-text", 6, "fib/12", "nanoseconds", 1, 1978.3),
    ("libtest-criterion-0.8.txt", "libtest", 6, "fib/slow", "nanoseconds", 1, 1090062),
    ("divan-0.1.21.txt", "divan", 30, "div::collect::u64#max_allocated_bytes", "bytes", 1, 812.5),
    ("gungraun-0.20.0.jsonl", "gungraun", 66, "gun::fib_group::bench_fib::short#instructions", "instructions", 1, 1836),
    ("google-benchmark-1.7.1.json", "google-benchmark", 10, "BM_sum/64/repeats:3#cpu_time", "nanoseconds", 3, 22.3628),
    ("go-1.26.8.txt", "go", 46, "example.com/formats/b.BenchmarkCustom-2#rows", "rows/op", 2, 12.5),
    ("go-1.26.8.json", "go", 22, "example.com/formats/a.BenchmarkSum-2", "nanoseconds", 2, 2572),
    ("hyperfine-1.15.0.json", "hyperfine", 8, "true it is#cpu_time", "nanoseconds", 1, 980000),
    ("pyperf-2.10.0-memory.json", "pyperf", 2, "sum#peak_memory", "bytes", 2, 12320768),
    ("asv-0.6.6.json", "asv", 11, "b.track_recall#value", "number", 1, 0.97),
    ("jmh-1.37.json", "jmh", 8, "org.example.Sum.sum(n=10)#throughput", "operations/s", 6, 13610237.402320813),
    ("conbench-benchadapt-2024.3.20.jsonl", "conbench", 3, "copy#throughput", "B/s", 2, 1e9),
    ("bmf.json", "bmf", 6, "binary#build_time", "nanoseconds", 1, 2.5e9),
    ("github-action-benchmark.json", "github-action-benchmark", 5, "requests#throughput", "ops/sec", 1, 12345.6),
    ("junit-pytest-9.2.0.xml", "junit", 5, 'test_j::test_param[a<b>&"c"]#test_duration', "nanoseconds", 1, 18e6),
]


def rows(store):  # noqa: F811
    return {row["benchmark_name"]: row for row in store.query("SELECT * FROM results")}


def details(row):
    metadata = row["metadata"]
    return (json.loads(metadata) if isinstance(metadata, str) else metadata).get("details")


@pytest.mark.parametrize("file,name,count,benchmark,units,values,first", FILES, ids=[f[0] for f in FILES])
def test_a_real_file_is_stored_by_name_and_by_auto_alike(  # noqa: F811
        store, file, name, count, benchmark, units, values, first):  # noqa: F811
    done = store.ok("publish", name, FIXTURES / file, *DUT, "--format", "json")
    assert json.loads(done.stdout) == {"results": count}
    row = rows(store)[benchmark]
    assert row["units"] == units and len(row["values"]) == values
    assert row["values"][0] == pytest.approx(first)
    before = store.state()
    store.ok("publish", "auto", FIXTURES / file, *DUT)
    assert store.state() == before


def test_one_figure_has_a_mean_and_no_spread(store):  # noqa: F811
    store.ok("publish", "libtest", FIXTURES / "libtest-criterion-0.8.txt", *DUT)
    row = rows(store)["fib/slow"]
    assert row["summary"]["mean"] == 1090062
    assert row["summary"]["standard_deviation"] in (None, "NaN") and details(row) == {"deviation": 205928}


def test_throughput_is_work_per_iteration(store):  # noqa: F811
    store.ok("publish", "auto", FIXTURES / "google-benchmark-1.7.1.json", FIXTURES / "criterion-text-0.8.txt", *DUT)
    found = rows(store)
    assert found["BM_sum/64/repeats:3"]["throughput"] == {"multiplier": 64, "name": "bytes", "unit_system": "binary"}
    assert found["fib/12"]["throughput"] == {"multiplier": 12, "name": "elements", "unit_system": "decimal"}
    assert found["add"]["throughput"] is None


def test_what_failed_is_warned_of_and_left_out(store):  # noqa: F811
    done = store.ok("publish", "auto", FIXTURES / "google-benchmark-1.7.1.json", FIXTURES / "go-1.26.8-fail.txt",
                    FIXTURES / "asv-0.6.6.json", FIXTURES / "junit-pytest-9.2.0.xml", *DUT)
    for words in ("BM_fail did not run (no such device)", "a.BenchmarkFail failed", "b.time_fails", "test_fail failed"):
        assert words in done.stderr
    assert not [name for name in rows(store) if "fail" in name.lower()]


def test_a_history_of_github_action_benchmark_is_imported_with_its_commits(store):  # noqa: F811
    path = FIXTURES / "github-action-benchmark-data.js"
    assert "Imported 5 results" in store.ok("import-history", path).stdout
    found = {(r["dut"]["version"], r["benchmark_name"]): r for r in store.query("SELECT * FROM results")}
    assert found["1111111", "fib_10"]["values"] == [135]
    assert found["1111111", "fib_10"]["dut"]["timestamp"] == 1_699_996_400
    assert found["2222222", "Go/BenchmarkFib10"]["units"] == "nanoseconds"
    assert found["2222222", "Go/BenchmarkFib10 - allocs/op#value"]["units"] == "allocs/op"
    before = store.state()
    store.ok("import-history", path)
    assert store.state() == before
    plain = store.file("history.json", path.read_text().split("=", 1)[1])
    assert "Imported 5 results" in store.ok("import-history", plain, "--testbed-name", "other").stdout
    assert "use import-history" in error_line(store.run("publish", "auto", path, *DUT))


def test_two_formats_in_one_log_are_for_the_user_to_choose(store):  # noqa: F811
    both = store.file("both.txt", (FIXTURES / "criterion-text-0.8.txt").read_text()
                      + (FIXTURES / "libtest-criterion-0.8.txt").read_text())
    line = error_line(store.run("publish", "auto", both, *DUT))
    assert "fits 2 formats; choose 'publish criterion-text'" in line and "'publish libtest'" in line
    assert store.tables() == {}
    assert json.loads(store.ok("publish", "libtest", both, *DUT, "--format", "json").stdout) == {"results": 6}
    assert json.loads(store.ok("publish", "criterion-text", both, *DUT, "--format", "json").stdout) == {"results": 6}


def test_a_broken_file_stores_nothing_and_says_where(store):  # noqa: F811
    path = store.file("cut.txt", (FIXTURES / "go-1.26.8.txt").read_text() + "BenchmarkCut-8  100  12.5\n")
    line = error_line(store.run("publish", "go", path, *DUT))
    assert re.search(r"cut\.txt: line 53: .*BenchmarkCut-8: \"12\.5 \" is no value with its unit", line), line
    assert store.tables().get("results", {"rows": 0})["rows"] == 0


def test_help_completion_and_usage_know_every_format(store):  # noqa: F811
    text = store.ok("help").stdout
    for name in {row[1] for row in FILES}:
        assert f"publish {name} " in text
        assert f"lance-bench publish {name} FILE…" in store.ok("help", "publish", name).stdout


def test_a_large_file_needs_no_more_memory_than_a_small_one(store):  # noqa: F811
    """60 MB of hyperfine's JSON with 400 commands, under a limit that holds none of its lists twice."""
    times = ", ".join(["0.0123456789"] * 10_000)
    path = store.folder / "large.json"
    with open(path, "w", encoding="utf-8") as out:
        out.write('{"results": [')
        for i in range(400):
            out.write(f'{"," if i else ""}{{"command": "c{i}", "mean": 1, "times": [{times}]}}\n')
        out.write("]}")
    done = subprocess.run([store.agent, "--db", store.db, "publish", "auto", path, *map(str, DUT)], env=store.env,
                          capture_output=True, encoding="utf-8", check=False)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert done.returncode == 0, done.stderr
    assert "400 benchmark results" in done.stdout
    assert peak < 1_000_000, f"{peak} KiB"


# --- what the tools write here and now ---------------------------------------------------------


def tool(name, part=None):
    path = shutil.which(name, path=str(part) if part else os.environ["PATH"])
    if not path:
        pytest.skip(f"{name} is not here: run scripts/{'test-tools formats' if part else 'setup test'}")
    return path


def wrote(store, *words, **options):  # noqa: F811
    done = subprocess.run(list(map(str, words)), cwd=store.folder, capture_output=True, encoding="utf-8", timeout=300,
                          check=False, **options)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_hyperfine_here(store):  # noqa: F811
    wrote(store, tool("hyperfine"), "-N", "--runs", 4, "-n", "nothing", "true", "--export-json", "out.json")
    store.ok("publish", "auto", store.folder / "out.json", *DUT)
    assert len(rows(store)["nothing"]["values"]) == 4


def test_pyperf_here(store):  # noqa: F811
    wrote(store, tool("python", FORMATS), "-m", "pyperf", "timeit", "--name", "sum", "-p", 2, "-n", 3, "-l", 200,
          "-w", 1, "-o", "out.json", "sum(range(10))", env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    store.ok("publish", "auto", store.folder / "out.json", *DUT)
    row = rows(store)["sum"]
    assert len(row["values"]) == 6 and 1 < row["values"][0] < 1e7 and row["units"] == "nanoseconds"


def test_conbenchs_own_client_here(store):  # noqa: F811
    (store.folder / "write.py").write_text(
        "import json\nfrom benchadapt import BenchmarkResult\n"
        "r = BenchmarkResult(stats={'data': [1.5, 2.5], 'unit': 'ms', 'times': [],\n"
        "    'time_unit': 's', 'iterations': 2},\n"
        "    tags={'name': 'read', 'n': 3}, github={'commit': 'a' * 40, 'repository': 'https://github.com/o/r'})\n"
        "print(json.dumps(r.to_publishable_dict(), default=str, indent=1))\n")
    out = wrote(store, tool("python", FORMATS), "write.py")
    store.ok("publish", "auto", store.file("out.json", out), *DUT)
    assert rows(store)["read (n=3)"]["values"] == [1.5e6, 2.5e6]


def test_pytests_junit_here(store):  # noqa: F811
    store.file("test_it.py", "def test_one(): pass\ndef test_two(): assert 0\n")
    subprocess.run([tool("python", TOOLS / "venv-new" / "bin"), "-m", "pytest", "-q", "-p", "no:cacheprovider",
                    "--junit-xml=out.xml", "test_it.py"], cwd=store.folder, capture_output=True,
                   check=False, timeout=120)
    store.ok("publish", "auto", store.folder / "out.xml", *DUT)
    assert list(rows(store)) == ["test_it::test_one#test_duration"]


def test_google_benchmark_here(store):  # noqa: F811
    if not os.path.exists("/usr/include/benchmark/benchmark.h"):
        pytest.skip("Google Benchmark is not here: run scripts/setup test")
    store.file("b.cc", "#include <benchmark/benchmark.h>\n"
               "static void empty(benchmark::State &s) { for (auto _ : s) benchmark::DoNotOptimize(1); }\n"
               "BENCHMARK(empty)->Iterations(1000)->Repetitions(3);\nBENCHMARK_MAIN();\n")
    wrote(store, tool("g++"), "b.cc", "-o", "b", "-lbenchmark", "-lpthread")
    out = wrote(store, "./b", "--benchmark_format=json")
    store.ok("publish", "auto", store.file("out.json", out), *DUT)
    row = rows(store)["empty/iterations:1000/repeats:3"]
    assert len(row["values"]) == 3
