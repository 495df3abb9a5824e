"""`lance-bench publish` and `import-history`: what goes in, and what a second time changes."""

import json
import os
import signal
import time
import uuid

import pytest
from store_helpers import (COMMIT, FIXTURES, Store, criterion_lines, criterion_message, pytest_document,
                           store)  # noqa: F401


@pytest.fixture
def path(store):  # noqa: F811
    return store.file("in.jsonl", criterion_lines(["a", "b", "c"]))


def test_messages_are_those_of_upstream_on_the_stream_they_belong_to(store, path):  # noqa: F811
    done = store.published(path)
    assert done.stdout == f"Successfully uploaded 3 benchmark results to {store.db}\n"
    assert f"Parsing criterion output from {path}..." in done.stderr
    quiet = store.published(path, "--quiet")
    assert quiet.stdout == "" and quiet.stderr == ""
    assert json.loads(store.published(path, "--format", "json").stdout)["results"] == 3


def test_publishing_again_changes_nothing_and_says_so(store, path):  # noqa: F811
    store.published(path)
    before = store.state()
    done = store.published(path)
    assert "3 results were there already" in done.stderr
    assert store.state() == before


@pytest.mark.parametrize("change", [
    {"bed": "other"}, {"version": "1.2.4+1234567"}, {"words": ["--dut-name", "other"]}, {"words": ["--run", "second"]},
    {"words": ["--metric", "cpu_time"]}, {"words": ["--commit", COMMIT]}])
def test_what_differs_in_one_part_of_its_key_is_another_result(store, path, change):  # noqa: F811
    store.published(path)
    words = change.pop("words", [])
    store.published(path, *words, **change)
    assert store.tables()["results"]["rows"] == 6
    ids = [row["id"] for row in store.query("SELECT id FROM results")]
    assert len(set(ids)) == 6 and all(uuid.UUID(i).version == 5 for i in ids)


def test_the_run_of_github_makes_two_jobs_of_one_output_two_runs(store, path):  # noqa: F811
    for attempt in ("1", "2", "2"):
        store.published(path, env={"GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": attempt})
    assert store.tables()["results"]["rows"] == 6
    assert {row["run"] for row in store.results()} == {"77-1", "77-2"}


def test_two_harness_outputs_of_one_run_are_both_recorded(store, path):  # noqa: F811
    other = store.file("other.jsonl", criterion_lines(["d"], seed=2))
    for p in (path, other):
        store.published(p, "--run", "shared")
    assert store.names("--run", "shared") == ["a", "b", "c", "d"]
    assert store.tables()["runs"]["rows"] == 2


def test_two_outputs_of_one_run_may_have_benchmarks_of_one_name(store, path):  # noqa: F811
    """As two crates have that are measured in one job: neither takes the other's place."""
    other = store.file("other.jsonl", criterion_lines(["a", "d"], seed=2))
    for p in (path, other, path, other):
        store.published(p, env={"GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "1"})
    assert store.names("--run", "77-1") == ["a", "a", "b", "c", "d"]
    assert sorted(r["result_count"] for r in store.query("SELECT result_count FROM runs")) == [2, 3]


def test_a_row_says_what_was_measured_where_and_when(store):  # noqa: F811
    message = criterion_message("full", [100.0, 104.0, 102.0, 110.0], throughput=2048)
    store.published(store.file("in.jsonl", json.dumps(message) + "\n"), "--commit", COMMIT)
    (row,) = store.query("SELECT * FROM results")
    assert row["dut"] == {"name": "lance", "version": "1.2.3+abcdef0", "timestamp": 1_700_000_000}
    assert row["test_bed"]["name"] == "bed" and row["test_bed"]["os"].startswith("Linux ")
    assert row["test_bed"]["cpu"] not in (None, "", "x86_64")
    assert row["values"] == pytest.approx([100.0, 104.0, 102.0, 110.0])
    assert row["summary"]["q1"] == pytest.approx(101.5) and row["summary"]["q3"] == pytest.approx(105.5)
    assert row["throughput"] == {"multiplier": 2048.0, "name": "bytes", "unit_system": "binary"}
    metadata = json.loads(row["metadata"])
    assert metadata["schema"] == 1 and metadata["harness"] == "criterion" and metadata["commit"] == COMMIT
    assert metadata["iterations"] == {"start": 10, "step": 10}
    (run,) = store.query("SELECT * FROM runs")
    assert run["outcome"] == "complete" and run["result_count"] == 1 and run["commit"] == COMMIT


def test_the_test_bed_was_created_once(store, path):  # noqa: F811
    store.published(path)
    store.published(path, "--run", "later")
    assert len(store.query("SELECT DISTINCT test_bed['created_at'] AS t FROM results")) == 1


def test_the_test_bed_is_named_by_its_file_or_by_the_host_with_a_warning(store, path):  # noqa: F811
    words = ["publish", "criterion", path, "--dut-version", "1", "--dut-timestamp", "1"]
    assert "warning" in store.ok(*words).stderr
    bed = store.file("testbed", "rack 7\n")
    assert "warning" not in store.ok(*words, env={"LANCE_BENCH_TESTBED_FILE": str(bed)}).stderr
    assert {row["test_bed"] for row in store.results()} == {"rack 7", os.uname().nodename}


def test_pytest_results_take_commit_and_time_from_the_file(store):  # noqa: F811
    path = store.file("p.json", json.dumps(pytest_document({"t.py::test[1]": [1e-6, 2e-6, 3e-6]})))
    store.ok("publish", "pytest", path, "--testbed-name", "bed")
    (row,) = store.results()
    assert row["version"] == COMMIT[:7] and row["commit_time"] == "2026-11-21T12:00:00Z"
    assert row["median"] == pytest.approx(2000.0) and row["standard_deviation"] == pytest.approx(1000.0)
    (stored,) = store.query("SELECT metadata FROM results")
    assert json.loads(stored["metadata"])["commit"] == COMMIT


def test_auto_tells_the_formats_apart(store):  # noqa: F811
    flags = ["--dut-version", "1", "--dut-timestamp", "1", "--testbed-name", "bed"]
    store.ok("publish", "auto", FIXTURES / "cargo-criterion-1.1.0.jsonl", FIXTURES / "criterion-0.8.2",
             FIXTURES / "pytest-benchmark-5.3.1.json", *flags)
    harnesses = store.query("SELECT harness, result_count FROM runs ORDER BY harness")
    assert [h["harness"] for h in harnesses] == ["criterion", "criterion", "pytest-benchmark"]
    assert sum(h["result_count"] for h in harnesses) == store.tables()["results"]["rows"]


def test_json_lines_and_the_folder_of_one_run_agree(store):  # noqa: F811
    """The folder that every Criterion run leaves has the same samples as cargo-criterion's messages."""
    store.ok("publish", "criterion", FIXTURES / "criterion-0.8.2", "--dut-version", "1", "--dut-timestamp", "1",
             "--testbed-name", "bed")
    assert {"sum/flat", "sum/bytes", "sum/both", "sum/iter/16", "sum/iter/256"} <= set(store.names())


def test_standard_input_is_a_file_like_any_other(store, path):  # noqa: F811
    with open(path) as lines:
        store.published("-", stdin=lines)
    before = store.state()
    store.published(path)
    assert store.state() == before


def test_pull_requests_stay_out_of_the_default_history(store, path):  # noqa: F811
    store.published(path, "--pull-request")
    assert store.results() == []
    assert store.names("--pull-request") == ["a", "b", "c"]
    assert "results" not in store.tables()


def test_a_relative_database_and_a_file_uri_are_the_same_place(store, path):  # noqa: F811
    store.published(path, db="here/db")
    assert store.names(db=f"file://{store.folder}/here/db") == ["a", "b", "c"]
    assert store.names(db=f"{store.folder}/here/db/") == ["a", "b", "c"]


def test_a_folder_with_a_colon_in_its_name_is_a_folder(store, path):  # noqa: F811
    store.published(path, db="2026-11-21T12:00/db")
    store.published(path, db="db:1")
    assert store.names(db=f"{store.folder}/2026-11-21T12:00/db") == store.names(db="db:1") == ["a", "b", "c"]


def test_a_commit_is_stored_as_git_writes_it(store, path):  # noqa: F811
    commit = "0123456789abcdef" * 2 + "abcdef01"
    store.published(path, "--commit", commit.upper())
    (run,) = store.query("SELECT commit FROM runs")
    assert run["commit"] == commit


def test_the_environment_names_the_database_where_nothing_else_does(agent, tmp_path):
    import subprocess
    s = Store(agent, tmp_path)
    path = s.file("in.jsonl", criterion_lines(["a"]))
    words = [agent, "publish", "criterion", str(path), "--dut-version", "1", "--dut-timestamp", "1", "--testbed-name", "b"]
    subprocess.run(words, env={**s.env, "LANCE_BENCH_URI": str(tmp_path / "env-db")}, check=True, capture_output=True)
    assert s.names(db=tmp_path / "env-db") == ["a"]
    subprocess.run(words, env=s.env, check=True, capture_output=True)
    assert s.names(db=tmp_path / "home" / ".lance-bench") == ["a"]


def test_eight_publishers_at_once_lose_nothing_and_store_nothing_twice(store):  # noqa: F811
    words = ["--dut-version", "1", "--dut-timestamp", "1", "--testbed-name", "bed"]
    paths = [store.file(f"{i}.jsonl", criterion_lines([f"p{i}/{j}" for j in range(50)], seed=i)) for i in range(4)]
    started = [store.start("publish", "criterion", p, *words) for p in paths * 2]
    for process in started:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    assert store.names() == sorted(f"p{i}/{j}" for i in range(4) for j in range(50))
    assert store.tables()["runs"]["rows"] == 4


def test_a_publisher_that_sleeps_while_another_makes_the_table_takes_nothing_from_it(store):  # noqa: F811
    words = ["--dut-version", "1", "--dut-timestamp", "1", "--testbed-name", "bed", "--quiet"]
    slow, quick = (store.file(f"{name}.jsonl", criterion_lines([name])) for name in ("slow", "quick"))
    for moment in range(60):
        store.db = store.folder / f"stopped-at-{moment}"
        stopped = store.start("publish", "criterion", slow, *words)
        time.sleep(moment * 0.0005)
        stopped.send_signal(signal.SIGSTOP)
        store.ok("publish", "criterion", quick, *words)
        stopped.send_signal(signal.SIGCONT)
        _, err = stopped.communicate(timeout=120)
        assert stopped.returncode == 0, err
        assert store.names() == ["quick", "slow"], f"stopped after {moment / 2} ms"


def test_a_history_becomes_means_without_the_rest_of_a_summary(store):  # noqa: F811
    done = store.ok("import-history", FIXTURES / "history.json")
    items = json.loads((FIXTURES / "history.json").read_text())
    assert f"Imported {len(items)} results" in done.stdout
    rows = {(row["benchmark_name"], row["dut"]["version"]): row for row in store.query("SELECT * FROM results")}
    assert len(rows) == len(items)
    for item in items:
        row = rows[item["name"], item["commit"][:7]]
        assert row["values"] == [item["mean_duration_ns"]]
        assert row["summary"]["mean"] == item["mean_duration_ns"] and row["summary"]["median"] is None
        assert json.loads(row["metadata"])["commit"] == item["commit"]
        assert row["test_bed"]["memory_gb"] is None and row["test_bed"]["created_at"] is None
    before = store.state()
    store.ok("import-history", FIXTURES / "history.json")
    assert store.state() == before


def test_an_imported_history_can_be_invalidated_as_a_whole(store, path):  # noqa: F811
    store.published(path)
    store.ok("import-history", FIXTURES / "history.json", "--testbed-name", "old")
    run = store.results("--test-bed", "old")[0]["run"]
    store.ok("invalidate", run)
    assert store.names() == ["a", "b", "c"]
