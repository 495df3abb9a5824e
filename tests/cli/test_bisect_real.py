"""`bisect` on a crate with Criterion and on a Python suite with pytest-benchmark: built and measured for real.

What is measured is CPU time, so that other work on this machine has little part in it, and the change is large."""

import json
import shutil

import pytest
from checkout_servers import git
from run_helpers import SAMPLE

QUICK = ["--", "--retakes", "0", "--tune", "off", "--clock", "cpu"]
BENCH = """use criterion::{{criterion_group, criterion_main, Criterion}};
use std::{{hint::black_box, time::Duration}};

fn text(c: &mut Criterion) {{
    let text = wordbag::sample_text(1_000, 300);
    let list = wordbag::words(&text);
    c.bench_function("{name}", |b| b.iter(|| wordbag::unique(black_box(&list))));
    c.bench_function("{name}/more", |b| b.iter(|| wordbag::longest(black_box(&list))));
}}

criterion_group! {{
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(100));
    targets = text
}}
criterion_main!(benches);
"""
RUST = {"project": "wordbag", "rust": {"crates": [{"name": "wordbag", "benches": ["text"]}]},
        "aliases": {"unique": ["words_unique"]}}
SUITE = """import pytest


@pytest.mark.parametrize("count", [20, 40])
def {name}(benchmark, count):
    benchmark(lambda: sum(i * i for i in range({factor} * count * 1000)))


def test_other(benchmark):
    benchmark(lambda: sorted(range(1000)))
"""
PYTHON = {"project": "line", "aliases": {"tests/test_a.py::test_sum[*]": ["tests/test_a.py::test_total[*]"]},
          "python": {"suite": "tests", "build": "none", "requirements": ["pytest==8.4.2", "pytest-benchmark==5.1.0"]}}
OPTIONS = "--benchmark-max-time=0.05 --benchmark-min-rounds=5 --benchmark-warmup=off"


def commit(repo, number):
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--allow-empty", "-m", f"commit {number}", when=1_770_000_000 + 3600 * number)


def bisect(bench, repo, benchmark, *words):
    done = bench("bisect", "first", "main", "--repo", repo, "--benchmark", benchmark, "--metric", "cpu_time",
                 "--test-bed", "bed", "--disturbed", "--format", "json", *words, *QUICK)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["answer"] == "found", said
    subjects = [git(repo, "log", "-1", "--format=%s", said[key]) for key in ("first", "last")]
    return said, [int(subject.split()[1]) for subject in subjects]


def measured(bench):
    found = bench.query("select benchmark_name as b, count(*) as n from results group by b")
    return {row["b"].split("#")[0]: row["n"] for row in found}


@pytest.fixture
def crate(workshop):
    """Where Criterion is compiled for it once. Eight commits: from 5 on the slow `unique`, 4 does not build, before 4
    the benchmark had another name."""
    repo = workshop / "renamed" / "wordbag"
    shutil.rmtree(repo, ignore_errors=True)
    shutil.copytree(SAMPLE / "first", repo)
    git(repo, "init", "-q", "-b", "main")
    for unused in ("benches/words.rs", "lance-bench.json", "pyproject.toml"):
        (repo / unused).unlink()
    manifest = (repo / "Cargo.toml").read_text()
    library = (repo / "src" / "lib.rs").read_text()
    slow = (SAMPLE / "second" / "src" / "lib.rs").read_text()
    for number in range(8):
        (repo / "lance-bench.json").write_text(json.dumps(RUST))
        (repo / "Cargo.toml").write_text(without_bench(manifest, "words"))
        (repo / "benches" / "text.rs").write_text(BENCH.format(name="unique" if number > 3 else "words_unique"))
        text = (slow if number >= 5 else library) + f"// {number}\n"
        (repo / "src" / "lib.rs").write_text(text + ("fn broken() -> u32 { missing }\n" if number == 4 else ""))
        commit(repo, number)
    git(repo, "tag", "first", "main~7")
    return repo


def without_bench(manifest, name):
    return "[[bench]]".join(part for part in manifest.split("[[bench]]") if f'name = "{name}"' not in part)


def test_a_criterion_benchmark_that_was_renamed(bench, crate):
    said, place = bisect(bench, crate, "unique")
    assert place == [4, 5] and [row["subject"] for row in said["commits"] if row["problem"]] == ["commit 4"]
    assert said["benchmark"] == "unique#cpu_time"
    assert said["change"] > 1 and said["units"] == "nanoseconds"
    # Once it is known what writes the results, that benchmark alone is run, by either name.
    runs = measured(bench)
    assert runs["unique"] + runs["words_unique"] == said["runs"] - 1, "the one that does not build has none"
    assert runs.get("unique/more", 0) + runs.get("words_unique/more", 0) == 1


@pytest.fixture
def suite(tmp_path):
    """Ten commits: from 4 on the function takes five times as long; from 6 on it has another name."""
    repo = tmp_path / "line"
    (repo / "tests").mkdir(parents=True)
    git(repo, "init", "-q", "-b", "main")
    (repo / "pyproject.toml").write_text(f'[tool.pytest.ini_options]\naddopts = "{OPTIONS}"\n')
    (repo / "lance-bench.json").write_text(json.dumps(PYTHON))
    for number in range(10):
        text = SUITE.format(name="test_sum" if number >= 6 else "test_total", factor=5 if number >= 4 else 1)
        (repo / "tests" / "test_a.py").write_text(text)
        commit(repo, number)
    git(repo, "tag", "first", "main~9")
    return repo


def test_a_pytest_benchmark_that_was_renamed(bench, suite):
    said, place = bisect(bench, suite, "tests/test_a.py::test_sum[40]")
    assert place == [4, 4] and 2 < said["change"] < 8
    runs = measured(bench)
    name = "tests/test_a.py::{}[40]"
    assert runs[name.format("test_sum")] + runs[name.format("test_total")] == said["runs"]
    assert runs.get("tests/test_a.py::test_other", 0) == 1
