"""`bisect`: the commit that changed a benchmark is found by measuring few of them here."""

import json
import random
import signal
import subprocess

import pytest
from bisect_helpers import FIRST_TIME, PROGRAM, Line, bisect, number_of, publish, runs_of, words_for
from checkout_servers import git


def test_the_culprit_is_found_by_few_runs_and_the_next_call_makes_none(bench, tmp_path):
    line = Line(tmp_path / "line", 24, 17)
    said, err = bisect(bench, line)
    assert said["answer"] == "found", said
    assert said["first"] == said["last"] == line.id(17)
    assert said["probability"] > 0.95
    assert said["runs"] <= 20 and said["stored"] == 0
    assert said["change_low"] < 0.3 < said["change_high"] or abs(said["change"] - 0.3) < 0.03
    assert said["units"] == "nanoseconds" and 0.09e9 < said["before"] < 0.11e9 < said["after"]
    roles = {number_of(line, row["commit"]): row["role"] for row in said["commits"] if row["role"]}
    assert roles == {0: "good", 17: "culprit", 23: "bad"}
    assert sum(runs_of(bench).values()) == said["runs"]
    again, _ = bisect(bench, line)
    assert (again["answer"], again["first"], again["runs"]) == ("found", line.id(17), 0)
    assert again["stored"] == said["runs"]
    text = bench(*[word for word in words_for(line) if word not in ("--format", "json")])
    assert f"{line.id(17)} is the first commit on the new level" in text.stdout
    assert "commit 17" in text.stdout and " ms -> 1" in text.stdout
    # One benchmark of a commit is not all that is due there, and nobody set out to measure the rest.
    due = bench("schedule", "--repo", line.folder, "--test-bed", "bed", "--format", "json", "--since-commit",
                line.id(20))
    assert {row["state"] for row in json.loads(due.stdout)} == {"missing"}, due.stdout


def test_what_is_stored_is_used_before_anything_is_measured(bench, tmp_path):
    line = Line(tmp_path / "line", 32, 20)
    publish(bench, line, range(3, 32, 4), tmp_path)
    said, _ = bisect(bench, line, "--dry-run", ends=(line.id(15), line.id(27)))
    assert said["answer"] == "unsure" and said["runs"] == 0 and said["stopped"]
    # Three older runs are a history; the one behind BAD is not.
    assert said["stored"] == 7 and said["outside"] == 3
    said, _ = bisect(bench, line, ends=(line.id(15), line.id(27)))
    assert (said["answer"], said["first"]) == ("found", line.id(20))
    assert said["stored"] == 7 and said["runs"] <= 10


def test_killed_at_any_moment_it_goes_on_where_it_was(bench, tmp_path):
    line = Line(tmp_path / "line", 20, 5)
    rng = random.Random(3)
    kills, before = 0, {}
    for _ in range(6):
        process = bench.start(*words_for(line))
        try:
            process.communicate(timeout=rng.uniform(0.3, 2.5))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
        else:
            break
        now = runs_of(bench) if (bench.db / "results.lance").exists() else {}
        assert all(now.get(commit, 0) >= count for commit, count in before.items())
        before = now
    assert kills
    stored = sum(before.values())
    said, _ = bisect(bench, line)
    assert (said["answer"], said["first"]) == ("found", line.id(5))
    assert said["stored"] >= stored


def test_commits_that_cannot_be_measured_are_gone_around_once(bench, tmp_path):
    line = Line(tmp_path / "line", 16, 8, broken=(7, 8))
    said, err = bisect(bench, line)
    assert said["answer"] == "found", said
    assert [said["first"], said["last"]] == [line.id(7), line.id(9)]
    problems = {number_of(line, row["commit"]) for row in said["commits"] if row["problem"]}
    assert problems == {7, 8}
    again, err = bisect(bench, line)
    assert again["runs"] == 0 and again["answer"] == "found"
    assert {number_of(line, row["commit"]) for row in again["commits"] if row["problem"]} == {7, 8}
    text = bench(*[word for word in words_for(line) if word not in ("--format", "json")])
    assert "one of the 3 commits" in text.stdout


def test_without_a_change_it_says_so(bench, tmp_path):
    # Without noise, as a count has none: with it one bisection in fifty may name a commit.
    line = Line(tmp_path / "line", 16, 99, noise=0)
    said, _ = bisect(bench, line, code=3)
    assert said["answer"] == "no change"
    assert said["first"] is None and said["runs"] <= 16
    text = bench(*[word for word in words_for(line) if word not in ("--format", "json")])
    assert text.returncode == 3 and "no change of 5 % or more" in text.stdout


def test_the_range_of_a_found_change(bench, tmp_path):
    line = Line(tmp_path / "line", 40, 22)
    publish(bench, line, range(1, 40, 2), tmp_path)
    done = bench("alerts", "update", "--format", "json")
    assert done.returncode == 0, done.stderr
    alert, = json.loads(bench("alerts", "list", "--format", "json").stdout)
    done = bench(*words_for(line, "--change", "newest", ends=()))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["answer"], said["first"]) == ("found", line.id(22)), said
    assert said["runs"] <= 6 and len(said["commits"]) < 10
    # With what bisect has measured, the change is found before the alert's first commit.
    done = bench("bisect", "--alert", alert["alert"][:8], "--repo", line.folder, "--test-bed", "bed", "--format",
                 "json", "--disturbed", "--dry-run")
    assert done.returncode == 0, done.stderr
    again = json.loads(done.stdout)
    assert (again["benchmark"], again["answer"], again["first"]) == ("scan", "found", line.id(22))
    done = bench("bisect", "--alert", "ffffffff", "--repo", line.folder)
    assert done.returncode == 3 and "there is no alert ffffffff" in done.stderr
    done = bench(*words_for(line, "--change", line.id(3), ends=()))
    assert done.returncode == 3 and "no change is found in its results at" in done.stderr


def test_what_a_merge_brought_in_is_the_merge(bench, tmp_path):
    line = Line(tmp_path / "line", 5, 99)
    repo = line.folder
    git(repo, "checkout", "-q", "-b", "side")
    program = PROGRAM.format(level=0.13, noise=0.01, works=True, name="scan")
    for number in range(2):
        (repo / "bench.py").write_text(f"{program}# side {number}\n")
        git(repo, "commit", "-q", "-a", "-m", f"side {number}", when=FIRST_TIME + 18_000 + number)
    git(repo, "checkout", "-q", "main")
    git(repo, "merge", "-q", "--no-ff", "-m", "merge of side", "side")
    merge = git(repo, "rev-parse", "HEAD")
    for number in range(3):
        (repo / "bench.py").write_text(f"{program}# {number}\n")
        git(repo, "commit", "-q", "-a", "-m", f"later {number}")
    ends = (git(repo, "rev-parse", "main~7"), git(repo, "rev-parse", "main"))
    said, _ = bisect(bench, line, ends=ends)
    assert len(said["commits"]) == 8
    assert (said["answer"], said["first"], said["last"]) == ("found", merge, merge)
    done = bench(*words_for(line, ends=(ends[0], git(repo, "rev-parse", "side"))))
    assert done.returncode == 129 and "is not among the 9 commits of the branch" in done.stderr


def test_limits_leave_it_unsure_and_name_what_is_next(bench, tmp_path):
    line = Line(tmp_path / "line", 16, 8)
    said, err = bisect(bench, line, "--max-runs", "3")
    assert (said["answer"], said["runs"]) == ("unsure", 3)
    assert said["next"] == line.id(15) and "the most runs that were allowed" in said["stopped"]
    said, err = bisect(bench, line, "--budget", "0.01s")
    assert said["runs"] <= 1 and "budget" in said["stopped"]


def test_an_end_that_cannot_be_measured_is_an_error_of_its_own(bench, tmp_path):
    line = Line(tmp_path / "line", 8, 4, broken=(0,))
    done = bench(*words_for(line))
    assert done.returncode == 4
    assert f"GOOD, {line.id(0)[:12]}, cannot be measured" in done.stderr


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return Line(tmp_path_factory.mktemp("small") / "line", 4, 2)


@pytest.mark.parametrize("words, message", [
    ([], "GOOD and BAD, or --change"),
    (["--alert", "abcd", "--change", "newest"], "--alert says which change"),
    (["HEAD", "HEAD"], "HEAD is not older than HEAD"),
    (["2026-02-02", "2026-02-02"], "is not older than"),
    (["2001-01-01", "{3}"], "none of the 4 commits of the branch that can be seen was made by 2001-01-01"),
    (["", "{3}"], "GOOD and BAD are ids, dates, branches or tags"),
    (["0123456789", "{3}"], "0123456789 is not among the 4 commits"),
    (["{3}", "{0}"], "is not older than"),
    (["{1}", "{1}"], "is not older than"),
    (["{0}", "{3}", "--confidence", "40"], "--confidence lies between"),
    (["{0}", "{3}", "--matters", "0"], "--matters is above 0"),
    (["{0}", "{3}", "--max-runs", "0"], "--max-runs lies between"),
    (["{0}", "{3}", "--change", "newest"], "or --change"),
    (["--change", "nonsense"], "'nonsense' is not a commit id"),
    (["{0}", "{3}", "--", "--run", "x"], "--run has no place"),
])
def test_wrong_words(bench, small, words, message):
    words = [word.format(*(small.id(n) for n in range(4))) for word in words]
    done = bench("bisect", "--benchmark", "scan", "--repo", small.folder, *words)
    assert done.returncode == 129, done.stderr
    assert message in done.stderr and done.stdout == ""


def test_it_needs_a_benchmark_and_a_repository(bench, small):
    for words in (["--repo", small.folder], ["--benchmark", "scan"]):
        done = bench("bisect", small.id(0), small.id(3), *words)
        assert done.returncode == 129 and "bisect needs --" in done.stderr
