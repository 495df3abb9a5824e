"""`results`, `compare`, `invalidate`: reading back."""

import json
import pathlib
import shutil

import pytest
from store_helpers import criterion_message, error_line, store  # noqa: F401

OLD, NEW = "1.0.0+aaaaaaa", "1.1.0+bbbbbbb"


@pytest.fixture
def history(store):  # noqa: F811
    """Two commits on two machines; `slower` takes twice as long in the second, `gone` is not in it."""
    def write(name, **means):
        lines = [json.dumps(criterion_message(bench, [mean, mean + 1, mean + 2])) for bench, mean in means.items()]
        return store.file(name, "\n".join(lines) + "\n")

    old = write("old.jsonl", same=100.0, slower=50.0, gone=7.0)
    new = write("new.jsonl", same=100.0, slower=101.0, fresh=9.0)
    for bed in ("one", "two"):
        store.published(old, version=OLD, time=1_700_000_000, bed=bed)
        store.published(new, version=NEW, time=1_700_100_000, bed=bed)
    return store


def test_the_newest_commit_comes_first(history):
    assert [row["version"] for row in history.results("--test-bed", "one")] == [NEW] * 3 + [OLD] * 3


@pytest.mark.parametrize("words,count", [
    (["--commit", "aaaaaaa"], 6), (["--benchmark", "slow"], 4), (["--test-bed", "one"], 6), (["--test-bed", "on"], 0),
    (["--commit", "bbbbbbb", "--benchmark", "fresh", "--test-bed", "two"], 1), (["--project", "lance"], 12),
    (["--project", "other"], 0), (["--benchmark", "s'; DROP"], 0)])
def test_filters_choose_by_name_commit_machine_and_project(history, words, count):
    assert len(history.results(*words)) == count


def test_the_limit_is_said_when_it_cuts(history):
    done = history.ok("results", "--limit", "5", "--format", "json")
    assert len(json.loads(done.stdout)) == 5 and "7 more" in done.stderr


def test_text_shows_times_for_people_and_markdown_is_a_table(history):
    text = history.ok("results", "--benchmark", "slower").stdout
    assert "102 ns" in text and "51 ns" in text
    lines = history.ok("results", "--benchmark", "slower", "--format", "markdown").stdout.splitlines()
    assert len(lines) == 6 and all(line.startswith("|") and line.endswith("|") for line in lines)


def test_no_result_is_exit_code_3(history, tmp_path):
    assert "matches" in error_line(history.run("results", "--benchmark", "nothing"), 3)
    assert "no results" in error_line(history.run("results", db=tmp_path / "empty"), 3)
    assert not (tmp_path / "empty").exists(), "reading makes nothing"


def compare(store, *words):  # noqa: F811
    return json.loads(store.ok("compare", *words, "--format", "json").stdout)


def test_compare_sets_medians_of_the_same_machine_side_by_side(history):
    rows = compare(history, "aaaaaaa", "bbbbbbb")
    assert {(row["benchmark"], row["test_bed"]) for row in rows} == {
        (name, bed) for name in ("same", "slower") for bed in ("one", "two")}
    for row in rows:
        assert row["ratio"] == pytest.approx(2.0 if row["benchmark"] == "slower" else 1.0)
    assert [row["ratio"] for row in compare(history, "bbbbbbb", "aaaaaaa", "--test-bed", "one", "--benchmark", "slower")] == [
        pytest.approx(0.5)]


def test_compare_takes_the_median_of_a_commit_that_was_measured_more_than_once(history):
    for i, mean in enumerate((1000.0, 57.0)):
        lines = json.dumps(criterion_message("slower", [mean, mean + 1, mean + 2])) + "\n"
        history.published(history.file(f"again {i}.jsonl", lines), version=OLD, time=1_700_000_000, bed="one")
    (row,) = compare(history, "aaaaaaa", "bbbbbbb", "--test-bed", "one", "--benchmark", "slower")
    assert row["median_a"] == pytest.approx(58.0) and row["ratio"] == pytest.approx(102 / 58)


def test_compare_names_the_commit_that_has_no_results(history):
    assert "ccccccc" in error_line(history.run("compare", "aaaaaaa", "ccccccc"), 3)


def test_compare_of_what_no_machine_has_in_common_is_exit_code_5(history):
    lines = json.dumps(criterion_message("elsewhere", [1.0, 2.0])) + "\n"
    history.published(history.file("x.jsonl", lines), version="1+ccccccc", bed="three")
    error_line(history.run("compare", "aaaaaaa", "ccccccc"), 5)


def test_compare_says_what_stands_in_its_way(history):
    """One machine measured the one commit, another the other; or its processor was changed."""
    lines = json.dumps(criterion_message("same", [1.0, 2.0])) + "\n"
    history.published(history.file("x.jsonl", lines), version="1+ccccccc", bed="three")
    line = error_line(history.run("compare", "ccccccc", "bbbbbbb", "--test-bed", "three"), 3)
    assert "bbbbbbb" in line
    line = error_line(history.run("compare", "ccccccc", "bbbbbbb"), 5)
    assert "same was measured on three and on " in line
    assert all(row["comparable"] is True and row["notes"] == [] for row in compare(history, "aaaaaaa", "bbbbbbb"))


def test_rows_without_evidence_have_no_flags(history):
    assert {(row["flags"], row["canary"]) for row in history.results()} == {(None, None)}


def test_an_invalidated_run_is_kept_and_no_longer_shown(history):
    run = history.results("--commit", "bbbbbbb", "--test-bed", "one")[0]["run"]
    history.ok("invalidate", run, "--test-bed", "one", "--reason", "the fan stood still")
    assert len(history.results()) == 9
    assert len(history.results("--all")) == 12
    assert history.tables()["results"]["rows"] == 12
    (row,) = history.query("SELECT reason, test_bed FROM runs WHERE outcome = 'invalidated'")
    assert row == {"reason": "the fan stood still", "test_bed": "one"}
    assert [row["test_bed"] for row in compare(history, "aaaaaaa", "bbbbbbb", "--benchmark", "slower")] == ["two"]
    error_line(history.run("invalidate", "no-such-run"), 3)


def test_results_whose_run_was_never_recorded_can_be_invalidated(history):
    """Their publisher was killed in front of its last commit."""
    run = history.results("--commit", "bbbbbbb", "--test-bed", "one")[0]["run"]
    shutil.rmtree(pathlib.Path(history.db) / "runs.lance")
    history.ok("invalidate", run, "--test-bed", "one", "--reason", "killed")
    assert len(history.results()) == 9
    (row,) = history.query("SELECT outcome, reason, test_bed FROM runs")
    assert row == {"outcome": "invalidated", "reason": "killed", "test_bed": "one"}
    history.ok("invalidate", run, "--test-bed", "two")
    assert len(history.results()) == 6


def test_publishing_an_invalidated_run_again_does_not_bring_it_back(history):
    run = history.results("--commit", "bbbbbbb", "--test-bed", "one")[0]["run"]
    history.ok("invalidate", run, "--test-bed", "one")
    done = history.published(history.folder / "new.jsonl", version=NEW, time=1_700_100_000, bed="one")
    assert len(history.results()) == 9
    (warning,) = [line for line in done.stderr.splitlines() if line.startswith("warning:")]
    assert f"run {run} of one is invalidated" in warning
    other = history.published(history.folder / "new.jsonl", version=NEW, time=1_700_100_000, bed="two")
    assert "warning:" not in other.stderr


def test_what_comes_into_an_invalidated_run_later_is_not_shown_either(history):
    """The second output of one workflow run: its outcome must not count where its results do not."""
    path = history.file("late.jsonl", json.dumps(criterion_message("late", [1.0, 2.0])) + "\n")
    for name in ("old.jsonl", "late.jsonl"):
        done = history.published(history.folder / name, "--run", "77-1", version="2+ccccccc", bed="one")
        if name == "old.jsonl":
            history.ok("invalidate", "77-1", "--reason", "hot")
    assert "warning: " + str(path) + ": run 77-1 of one is invalidated" in done.stderr
    assert history.results("--commit", "ccccccc") == []
    assert len(history.results("--commit", "ccccccc", "--all")) == 4
    rows = history.query("SELECT outcome, reason FROM runs WHERE run = '77-1' ORDER BY reason NULLS LAST")
    assert rows == [{"outcome": "invalidated", "reason": "hot"}, {"outcome": "invalidated", "reason": None}]


def test_a_commit_is_found_when_the_version_does_not_name_it(history):
    path = history.folder / "new.jsonl"
    history.published(path, "--commit", "c0ffee0" + "1" * 33, version="v7", bed="one")
    assert [r["version"] for r in history.results("--commit", "c0ffee0")] == ["v7"] * 3
    assert len(history.results("--commit", "C0FFEE01")) == 3
    assert len(compare(history, "aaaaaaa", "c0ffee0")) == 2


def test_the_beginning_of_two_commits_is_not_compared_as_one(history):
    for end in "12":
        history.published(history.folder / "new.jsonl", "--commit", "c0ffee0" + end * 33, version=f"{end}+c0ffee0")
    line = error_line(history.run("compare", "aaaaaaa", "c0ffee0"), 129)
    assert "c0ffee0" + "1" * 33 in line and "c0ffee0" + "2" * 33 in line
    assert error_line(history.run("compare", "aaaaaaa", "c0ffee02"), 5)


def test_invalidating_again_keeps_the_reason(history):
    run = history.results("--test-bed", "one")[0]["run"]
    history.ok("invalidate", run, "--reason", "the fan stood still")
    history.ok("invalidate", run)
    reasons = history.query(f"SELECT DISTINCT reason FROM runs WHERE run = '{run}'")
    assert reasons == [{"reason": "the fan stood still"}]
