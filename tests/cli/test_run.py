"""`run` on the sample repository: checked out, built, run, stored, twice."""

import pytest

from run_helpers import Machine, git


@pytest.fixture(scope="module")
def runs(machine, sample):
    """Both commits, measured and stored."""
    found = {}
    for revision in ("first", "second"):
        done, said = machine.run(sample, "--rev", revision)
        assert done.returncode == 0, done.stderr
        found[revision] = said
    return found


NAMES = {
    "rot13",
    "longest",
    "words/split",
    "words/unique/500",
    "words/unique/2000",
    "benchmarks/test_words.py::test_unique[500]",
    "benchmarks/test_words.py::test_unique[2000]",
    "benchmarks/test_words.py::test_most_common",
}


@pytest.mark.parametrize("revision", ["first", "second"])
def test_a_run_stores_every_benchmark_of_its_commit(machine, sample, runs, revision):
    commit = git(sample, "rev-parse", revision)
    said = runs[revision]
    assert (said["commit"], said["outcome"], said["project"]) == (commit, "complete", "wordbag")
    assert said["version"] == f"0.3.0+{commit[:7]}"
    rows = machine.query(f"select * from results where dut.version = '{said['version']}'")
    assert {row["benchmark_name"] for row in rows} == NAMES
    assert all(row["units"] == "nanoseconds" for row in rows)
    assert all(row["summary"]["min"] > 0 for row in rows)
    assert all(row["test_bed"]["name"] == "bed" for row in rows)
    assert all(row["dut"]["timestamp"] == int(git(sample, "log", "-1", "--format=%ct", revision)) for row in rows)


def test_criterion_values_are_per_iteration(machine, runs):
    rows = machine.query("select * from results where benchmark_name = 'longest'")
    assert len(rows) == 2
    for row in rows:
        assert len(row["values"]) == 20
        # Finding the longest of a thousand words: more than a nanosecond, less than a millisecond.
        assert 1 < row["summary"]["median"] < 1e6


def test_the_record_of_a_run_names_its_parts_and_the_sandbox(machine, runs):
    rows = machine.query("select * from runs")
    whole = [row for row in rows if row["harness"] == "run"]
    assert {row["run"] for row in whole} == {said["run"] for said in runs.values()}
    assert all(row["outcome"] == "complete" and row["result_count"] == len(NAMES) for row in whole)
    sessions = machine.query("select * from host_sessions")
    assert {row["id"] for row in sessions} == {row["host_session"] for row in whole}
    assert all(row["sandbox"] for row in sessions)
    commits = machine.query("select * from commits")
    assert {row["subject"] for row in commits} == {"Count the words of a text", "unique: do without a hash set"}


def test_the_same_commit_once_more_is_a_run_of_its_own(machine, sample, runs):
    done, said = machine.run(sample, "--rev", "first", "--bench", "text", "--run", "again")
    assert done.returncode == 0, done.stderr
    assert [part["name"] for part in said["parts"]] == ["wordbag/text"]
    rows = machine.query("select count(*) as n from results where benchmark_name = 'rot13'")
    assert rows == [{"n": 3}]


def test_nothing_of_a_good_run_is_left_but_caches(machine, runs):
    assert list((machine.cache / "lance-bench" / "jobs").iterdir()) == []


def test_the_second_commit_is_built_from_its_own_files(machine, runs):
    """A build cache that mixed the two commits would measure the first one twice."""
    # unique() of the second commit searches a list where the first one asks a hash set. With ten
    # times the margin of a busy machine: the lists differ in every sample.
    rows = machine.query("select * from results where benchmark_name = 'words/unique/2000'")
    by_version = {row["dut"]["version"]: row for row in rows}
    first, second = (by_version[runs[r]["version"]] for r in ("first", "second"))
    assert first["values"] != second["values"]


def test_list_names_the_benchmarks_and_stores_nothing(machine, sample, runs):
    before = machine.query("select count(*) as n from runs")
    done, said = machine.run(sample, "--rev", "first", "--list")
    assert done.returncode == 0, done.stderr
    assert {name for part in said["parts"] for name in part["benchmarks"]} == NAMES
    assert said["outcome"] is None
    assert machine.query("select count(*) as n from runs") == before


def test_a_filter_selects_by_name(machine, sample, runs):
    done, said = machine.run(sample, "--rev", "first", "--bench", "words", "--filter", "unique", "--list")
    assert done.returncode == 0, done.stderr
    assert [name for part in said["parts"] for name in part["benchmarks"]] == [
        "words/unique/500",
        "words/unique/2000",
    ]


def test_dry_run_says_what_would_be_done_and_does_not_build(agent, tmp_path, sample):
    machine = Machine(agent, tmp_path)
    done, said = machine.run(sample, "--rev", "first", "--dry-run")
    assert done.returncode == 0, done.stderr
    plan = "\n".join(said["plan"])
    assert "compile and run wordbag: words, text" in plan
    assert "pytest==8.4.2" in plan
    assert not (machine.cache / "lance-bench" / "build").exists()
    assert not machine.db.exists()


def test_a_second_build_compiles_only_what_changed(machine, sample, runs):
    done, said = machine.run(sample, "--rev", "second", "--bench", "text", "--keep-files")
    assert done.returncode == 0, done.stderr
    logs = [*(machine.cache / "lance-bench" / "jobs").glob("*/logs/*-cargo-bench.err")]
    text = "".join(log.read_text() for log in logs)
    compiled = {line.split()[1] for line in text.splitlines() if line.strip().startswith("Compiling")}
    assert compiled <= {"wordbag"}


def test_the_cache_is_listed_and_pruned(machine, sample, runs):
    done = machine("cache", "list", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert '"build"' in done.stdout and '"commit"' in done.stdout
    assert machine("cache", "prune").returncode == 129
    done = machine("cache", "prune", "--older-than", "1d")
    assert done.returncode == 0 and "Removed 0 entries" in done.stdout


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--crate", "wordbug"], 'has no package "wordbug", did you mean "wordbag"?'),
        (["--bench", "wrds"], "did you mean words?"),
        (["--toolchain", "1.2.3"], "you ask for Rust 1.2.3, which is not installed"),
        (["--rev", "third"], "third"),
        (["--cpus", "one"], "'one' is no list of CPUs"),
        (["--min-free", "900T"], "GiB are free where"),
        (["--sandbox", "of"], "--sandbox is one of auto, require, off, not 'of'"),
        (["--pull-request", "--sandbox", "off"], "never run with --sandbox off"),
        (["--dut-name", ""], "--dut-name is empty"),
        (["--testbed-name", ""], "--testbed-name is empty"),
        (["--db", "ftp://host/x"], "ftp://host/x cannot hold the results"),
    ],
)
def test_a_wrong_wish_is_one_clear_line(machine, sample, runs, arguments, message):
    done = machine("run", sample, "--rev", "first", *arguments)
    assert done.returncode in (1, 129), done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1 and message in errors[0], done.stderr


@pytest.mark.parametrize(
    "text, message",
    [
        ('{"rust": {"crate": []}}', 'unknown key "crate" in rust, did you mean "crates"?'),
        ('{"rust": {"crates": [{"name": 3}]}}', "rust.crates[0].name has to be a string, and is a number"),
        ('{"rust": {"crates": [{"benches": ["x"]}]}}', 'rust.crates[0] has no "name"'),
        ('{"rust": ', "is not JSON: line 1"),
        ("{}", 'has neither "rust" nor "python"'),
        ('{"rust": {}, "env": {"MY_TOKEN": "x"}}', "env.MY_TOKEN: a variable of that name never reaches a benchmark"),
        ('{"rust": {"folder": "../.."}}', "leaves the target"),
        ('{"rust": {"timeout": "soon"}}', "rust.timeout has to be a time"),
    ],
)
def test_a_wrong_configuration_is_one_clear_line(machine, sample, tmp_path, text, message):
    config = tmp_path / "bench.json"
    config.write_text(text)
    done = machine("run", sample, "--rev", "first", "--config", config, "--dry-run")
    assert done.returncode == 129, done.stderr
    assert message in done.stderr
