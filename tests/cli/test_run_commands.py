"""`run` on benchmarks that are a program: Google Benchmark built with g++, and anything that writes a known format."""

import json
import os
import pathlib

import jsonschema
import pytest

from run_helpers import ROOT, error_of, git, rows_of

RESULTS_SCHEMA = json.loads((ROOT / "docs" / "results-artifact.schema.json").read_text())

BENCH = r"""
#include <benchmark/benchmark.h>
#include <chrono>
#include <thread>

static void BM_sum(benchmark::State &state)
{
    for (auto _ : state)
        for (long i = 0; i < state.range(0); i++)
            benchmark::DoNotOptimize(i);
    state.counters["widgets"] = 3;
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_sum)->Arg(200)->Arg(5000);

static void BM_sleep(benchmark::State &state)
{
    for (auto _ : state)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
}
BENCHMARK(BM_sleep)->Iterations(20);

static void BM_threads(benchmark::State &state)
{
    for (auto _ : state)
        std::thread([] { for (long i = 0; i < 3000000; i++) benchmark::DoNotOptimize(i); }).join();
}
BENCHMARK(BM_threads)->Iterations(20);

BENCHMARK_MAIN();
"""

# What any program may print: hyperfine's JSON, of which the values are seconds.
HYPERFINE = {"results": [{"command": "noop", "mean": 0.25, "times": [0.2, 0.3]}]}

GOOGLE = {"name": "sums", "build": ["g++", "-O1", "-o", "bench", "bench.cpp", "-lbenchmark", "-lpthread"],
          "run": ["./bench", "--benchmark_format=json", "--benchmark_min_time=0.05"], "format": "google-benchmark",
          "folder": "cpp"}
WRITES = {"name": "writes", "run": ["sh", "write.sh"], "format": "hyperfine", "output": "out/result.json"}
PRINTS = {"name": "prints", "run": ["cat", "result.json"], "format": "hyperfine"}


def google(benchmark_filter):
    return {**GOOGLE, "run": [*GOOGLE["run"], f"--benchmark_filter={benchmark_filter}"]}


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    if not pathlib.Path("/usr/include/benchmark/benchmark.h").exists():
        pytest.skip("libbenchmark-dev is not installed (scripts/setup test)")
    repo = tmp_path_factory.mktemp("commands") / "programs"
    (repo / "cpp").mkdir(parents=True)
    (repo / "cpp" / "bench.cpp").write_text(BENCH)
    (repo / "result.json").write_text(json.dumps(HYPERFINE))
    (repo / "write.sh").write_text("mkdir -p out && cp result.json out/result.json\n")
    (repo / "lance-bench.json").write_text(json.dumps({"commands": [google("sum"), WRITES, PRINTS]}))
    git(repo, "init", "-q", "-b", "main")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "programs")
    return repo


@pytest.fixture
def measure(machine, target, tmp_path):
    """`run` with a configuration of the test's own."""

    def run(*commands, arguments=(), **options):
        config = tmp_path / "config.json"
        config.write_text(json.dumps({"commands": commands}))
        return machine.run(target, "--config", config, *arguments, **options)

    return run


def test_programs_are_built_run_and_stored_each_in_its_format(machine, target):
    done, said = machine.run(target)
    assert done.returncode == 0, done.stderr
    assert said["outcome"] == "complete"
    assert [part["name"] for part in said["parts"]] == ["sums", "writes", "prints"]
    rows = rows_of(machine, said)
    # Google Benchmark's own cpu_time stands beside its wall time.
    assert {name for name in rows if name.startswith("BM")} == {
        f"BM_sum/{size}{metric}" for size in (200, 5000) for metric in ("", "#cpu_time", "#widgets")}
    assert rows["BM_sum/5000"]["summary"]["mean"] > 2 * rows["BM_sum/200"]["summary"]["mean"]
    assert rows["BM_sum/200"]["throughput"]["name"] == "bytes"
    assert rows["noop"]["values"] == [2e8, 3e8]
    evidence = json.loads(rows["BM_sum/200"]["metadata"])["evidence"]
    assert evidence["cpus"] and "clock" not in evidence
    outcomes = machine.query(f"select harness, outcome from runs where run = '{said['run']}' order by harness")
    assert {row["outcome"] for row in outcomes} == {"complete"}


def test_what_there_is_and_what_would_be_done(machine, target):
    done = machine("run", target, "--list", "--format", "json")
    assert done.returncode == 0, done.stderr
    parts = {part["name"]: part["benchmarks"] for part in json.loads(done.stdout)["parts"]}
    assert parts == {"sums": ["BM_sum/200", "BM_sum/5000"], "writes": [], "prints": []}
    assert "which benchmarks writes has is not known before it has run" in done.stderr
    done = machine("run", target, "--dry-run")
    assert "build sums: g++ -O1" in done.stdout
    assert "run writes: sh write.sh, and read out/result.json as hyperfine" in done.stdout


def test_the_filter_reaches_google_benchmark_and_leaves_the_others_out(machine, measure):
    done, said = measure(GOOGLE, PRINTS, arguments=("--filter", "sum/200"))
    assert done.returncode == 0, done.stderr
    assert said["skipped"] == ["prints: --filter cannot be told to it"]
    assert {name.split("#")[0] for name in rows_of(machine, said)} == {"BM_sum/200"}


def test_cpu_time_is_stored_under_its_own_name_and_nothing_else(machine, measure):
    done, said = measure(google("sum"), arguments=("--clock", "cpu"))
    assert done.returncode == 0, done.stderr
    rows = rows_of(machine, said)
    # Not the program's own cpu_time, and not its counters.
    assert sorted(rows) == ["BM_sum/200#cpu_time", "BM_sum/5000#cpu_time"]
    clock = json.loads(rows["BM_sum/200#cpu_time"]["metadata"])["evidence"]["clock"]
    assert clock["source"] == "thread CPU time"
    assert clock["cpu_s"] > 0.01 and clock["read_ns"] > 10


STATIC = {**PRINTS, "name": "static", "build": ["sh", "-c", "echo 'int main(void) {}' | gcc -static -x c -o static -"],
          "run": ["./static"]}


@pytest.mark.parametrize("command, reason", [
    (google("sleep"), "the program sleeps or waits: "),
    (google("threads"), "the program has work done by other threads: "),
    (STATIC, "statically linked"),
    ({**WRITES, "run": ["./write.sh"]}, "a script"),
    (WRITES, "does its work in other processes"),
], ids=lambda value: value if isinstance(value, str) else value["name"])
def test_the_cpu_clock_refuses_what_it_does_not_fit(measure, command, reason):
    done, said = measure(command, arguments=("--clock", "cpu"))
    assert done.returncode == 4
    assert reason in error_of(done)
    assert said["outcome"] == "failed"


@pytest.mark.parametrize("change, reason", [
    ({"build": ["false"]}, "build-prints exited with code 1"),
    ({"build": ["no-such-compiler"]}, "prints: there is no program no-such-compiler"),
    ({"run": ["false"]}, "exited with code 1"),
    ({"run": ["true"]}, "prints ended well and wrote nothing to standard output"),
    ({"output": "nowhere.json"}, "ended well and left no plain file"),
    ({"run": ["ln", "-sf", "/etc/passwd", "link"], "output": "link"}, "ended well and left no plain file"),
    ({"run": ["sleep", "100"], "timeout": "1s"}, "ran longer than the limit"),
    ({"format": "libtest"}, "No benchmark results found"),
    ({"format": "pyperf"}, "prints: "),
], ids=str)
def test_programs_that_fail_say_how(machine, measure, change, reason):
    done, said = measure({**PRINTS, **change})
    assert done.returncode == 4
    assert reason in error_of(done)
    assert said["outcome"] == "failed" and not rows_of(machine, said)


def test_what_an_attempt_before_wrote_does_not_count(machine, measure):
    """The file of the commit itself stands where the program should write, and it does not."""
    done, _ = measure({**PRINTS, "run": ["true"], "output": "result.json"})
    assert done.returncode == 4 and "left no plain file" in error_of(done)


def test_a_format_that_nobody_knows_is_named_with_a_suggestion(measure):
    done, _ = measure({**PRINTS, "format": "hyperfin"})
    assert done.returncode == 129
    assert 'no format is called "hyperfin", did you mean "hyperfine"?' in error_of(done)


def test_programs_run_pinned_and_without_secrets(machine, measure, tmp_path):
    cpu = max(os.sched_getaffinity(0))
    script = (f"import json, os; json.dump({HYPERFINE!r} | {{'results': [{HYPERFINE!r}['results'][0] | "
              "{'command': f'{sorted(os.sched_getaffinity(0))} {os.environ.get(\"GITHUB_TOKEN\")}'}]}, open('r.json', 'w'))")
    command = {"name": "looks", "run": ["python3", "-c", script], "format": "hyperfine", "output": "r.json"}
    done, said = measure(command, arguments=("--cpus", str(cpu)), env={"GITHUB_TOKEN": "secret"})
    assert done.returncode == 0, done.stderr
    assert list(rows_of(machine, said)) == [f"[{cpu}] None"]


@pytest.mark.parametrize("clock, stored", [
    ("wall", ["BM_sum/200", "BM_sum/200#cpu_time", "BM_sum/200#widgets", "noop"]),
    ("cpu", ["BM_sum/200#cpu_time"]),
])
def test_what_one_job_measures_another_publishes(machine, measure, tmp_path, clock, stored):
    folder, commands = tmp_path / "left", [google("sum/200")] + ([WRITES] if clock == "wall" else [])
    done, said = measure(*commands, arguments=("--clock", clock, "--results-dir", folder))
    assert done.returncode == 0, done.stderr
    jsonschema.validate(json.loads((folder / "manifest.json").read_text()), RESULTS_SCHEMA)
    published = machine("--db", tmp_path / "db", "publish", "--artifact", folder, "--expect-commit", said["commit"],
                        "--testbed-name", "bed")
    assert published.returncode == 0, published.stderr
    rows = machine("--db", tmp_path / "db", "query", "--format", "json", "select benchmark_name from results_pr order by 1")
    assert [row["benchmark_name"] for row in json.loads(rows.stdout)] == stored
