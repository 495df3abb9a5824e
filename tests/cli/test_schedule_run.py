"""`schedule --run` and `backfill --run`: what is due is measured here, and the next one finds nothing. In one file,
because they share a machine with warm caches."""

import json
import os
import random
import signal
import subprocess

import pytest
from checkout_servers import git
from line_helpers import BENCHMARKS, CONFIG, ONCE, Line, measured, rows

QUICK = ["--", "--retakes", "0", "--tune", "off"]


@pytest.fixture
def line(tmp_path):
    line = Line(tmp_path / "line")
    line.commit()
    return line


def schedule(bench, line, *words, run=True, **options):
    action = ["--run", *QUICK] if run else []
    return bench("schedule", "--repo", line.folder, "--test-bed", "bed", "--format", "json", *words, *action, **options)


def actions(done):
    return {row["subject"]: row["action"] for row in rows(done)}


def test_new_commits_are_measured_and_the_next_schedule_finds_nothing(bench, line):
    done = schedule(bench, line)
    assert done.returncode == 0, done.stderr
    assert actions(done) == {"commit 1": "measured"}
    line.commit()
    line.commit()
    done = schedule(bench, line)
    assert done.returncode == 0, done.stderr
    assert actions(done) == {"commit 3": "measured", "commit 2": "measured", "commit 1": "none"}
    assert done.stderr.index("[1/2]") < done.stderr.index(line.id("HEAD~1")[:12]) < done.stderr.index("[2/2]")
    assert measured(bench) == {f"commit {n}": ONCE for n in (1, 2, 3)}
    done = schedule(bench, line)
    assert actions(done) == {"commit 3": "none"}
    assert f"Results already exist for {line.id('HEAD')[:7]}, skipping" in done.stderr
    found = bench.query("select subject, branch, parent, time from commits order by subject")
    assert [row["branch"] for row in found] == ["main"] * 3
    assert [row["parent"] for row in found] == [None, line.id("HEAD~2"), line.id("HEAD~1")]
    cut_off(bench, line)


def test_a_schedule_that_begins_before_the_last_has_ended_measures_nothing_twice(bench, line):
    line.commit()
    words = ("schedule", "--repo", line.folder, "--test-bed", "bed", "--first", "2", "--run", *QUICK)
    both = [bench.start(*words) for _ in range(2)]
    for process in both:
        _, err = process.communicate(timeout=200)
        assert process.returncode == 0, err
    assert measured(bench) == {f"commit {n}": ONCE for n in (1, 2)}


def cut_off(bench, line):
    """A kill between the results and the record of the run as a whole leaves results that look complete."""
    lancedb = pytest.importorskip("lancedb")
    lancedb.connect(bench.db).open_table("runs").delete(f"harness = 'run' and commit = '{line.id('HEAD')}'")
    assert [(row["state"], row["action"]) for row in rows(schedule(bench, line, run=False))] == [
        ("interrupted", "due"), ("complete", "none")]
    done = schedule(bench, line)
    assert done.returncode == 0, done.stderr
    assert "taken back" in done.stderr
    assert measured(bench) == {f"commit {n}": ONCE for n in (1, 2, 3)}
    assert bench.query("select count(*) as n from results") == [{"n": 4 * len(BENCHMARKS)}]


def test_a_commit_that_cannot_be_measured_does_not_hold_up_the_others(bench, line):
    (line.folder / "lance-bench.json").write_text('{"nonsense": 1}')
    line.commit()
    (line.folder / "lance-bench.json").write_text(json.dumps(CONFIG))
    line.commit(suite="def test_fails(benchmark):\n    raise ValueError('no luck')\n")
    line.commit()
    done = schedule(bench, line, "--first", "3")
    assert done.returncode == 1
    assert actions(done) == {"commit 4": "measured", "commit 3": "broken", "commit 2": "broken"}
    (error,) = [text for text in done.stderr.splitlines() if text.startswith("error: 2 of 3 commits failed")]
    assert line.id("HEAD~1")[:12] in error and line.id("HEAD~2")[:12] in error and "nonsense" in error
    # Both failed for a recorded reason: they are settled until somebody asks for them.
    assert actions(schedule(bench, line)) == {"commit 4": "none"}
    again = rows(schedule(bench, line, "--retry-failed", "1", run=False))
    assert {row["subject"]: (row["state"], row["why"]) for row in again if row["action"] == "due"} == {
        "commit 3": ("failed", "retry"), "commit 2": ("failed", "retry")}
    assert schedule(bench, line, "--retry-failed", "1").returncode == 1
    assert actions(schedule(bench, line, "--retry-failed", "1")) == {"commit 4": "none"}


def test_a_measured_commit_that_was_amended_is_counted_from_its_parent(bench, line):
    line.commit()
    line.commit()
    assert schedule(bench, line, "--first", "1").returncode == 0
    gone = line.id("HEAD")
    git(line.folder, "commit", "-q", "--amend", "-m", "amended")
    line.commit()
    done = schedule(bench, line, run=False)
    assert actions(done) == {"commit 4": "due", "amended": "due", "commit 2": "none"}
    assert f"last measured commit {gone[:12]} is not on main any more" in done.stderr
    assert line.id("HEAD~2")[:12] in done.stderr


def test_jobs_that_share_a_run_keep_a_record_each(bench, line):
    """The Rust and the Python job of one workflow run have its name. What one lacks is not hidden by the other."""
    line.commit(suite="def test_good(benchmark):\n    benchmark(sum, [1])\n"
                      "def test_bad(benchmark):\n    raise ValueError('no luck')\n")
    bad = bench.run(line.folder, "--run", "7-1", "--filter", "bad")[0]
    good = bench.run(line.folder, "--run", "7-1", "--filter", "good")[0]
    assert (bad.returncode, good.returncode) == (4, 0)
    assert bench.query("select outcome from runs where harness = 'run' order by outcome") == [
        {"outcome": "complete"}, {"outcome": "failed"}]
    (row,) = rows(schedule(bench, line, run=False))
    assert (row["state"], row["runs"]) == ("partial", 1) and "no luck" in row["reason"]


def test_ctrl_c_stops_after_what_was_measured(bench, line):
    for _ in range(2):
        line.commit(suite="import time\ndef test_a(benchmark):\n    benchmark(time.sleep, 30)\n")
    process = bench.start("schedule", "--repo", line.folder, "--first", "2", "--test-bed", "bed", "--run", *QUICK,
                          start_new_session=True)
    for said in process.stderr:
        if "[1/2]" in said:
            break
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "[2/2]" not in rest
    assert all(row["action"] == "due" for row in rows(schedule(bench, line, "--first", "2", run=False)))


def test_kill_9_at_any_moment_loses_and_doubles_nothing(bench, line):
    """Killed again and again until it is done: each benchmark of each commit is there once, and what a killed run
    stored in part is out of sight."""
    seed = int(os.environ.get("LANCE_BENCH_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"LANCE_BENCH_SEED={seed}")
    rng = random.Random(seed)
    assert schedule(bench, line).returncode == 0
    for _ in range(2):
        line.commit()
    kills = 0
    for _ in range(60 if os.environ.get("LANCE_BENCH_LONG") else 3):
        process = bench.start("schedule", "--repo", line.folder, "--test-bed", "bed", "--run", *QUICK)
        try:
            process.communicate(timeout=rng.uniform(0.1, 3))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
    assert kills
    done = schedule(bench, line)
    assert done.returncode == 0, done.stderr
    assert measured(bench) == {f"commit {n}": ONCE for n in range(1, 4)}
    assert actions(schedule(bench, line)) == {"commit 3": "none"}


# --- backfill ---------------------------------------------------------------------------------


@pytest.fixture
def long_line(tmp_path):
    """Nine commits; from the fourth on one benchmark takes twenty times as long."""
    line = Line(tmp_path / "long")
    for number in range(1, 10):
        line.commit(seconds=0.001 if number < 4 else 0.02)
    return line


def backfill(bench, line, *words, **options):
    return bench("backfill", "--repo", line.folder, "--test-bed", "bed", "--format", "json", *words, *QUICK, **options)


def done_of(done):
    return [(int(row["subject"].split()[1]), row["action"]) for row in rows(done)]


def test_a_backfill_goes_on_where_it_was_and_keeps_its_budget(bench, long_line):
    line = long_line
    done = backfill(bench, line, "--max-commits", "3", "--budget", "0.5s")
    assert done.returncode == 0, done.stderr
    assert done_of(done) == [(9, "measured"), (8, "left"), (7, "left")]
    assert f"would not end within the budget: 2 commits are left, the next is {line.id('main~1')[:12]}" in done.stderr
    # Now it is known how long one takes: none is begun.
    done = backfill(bench, line, "--max-commits", "3", "--budget", "0.5s")
    assert done.returncode == 0, done.stderr
    assert done_of(done) == [(8, "left"), (7, "left")]
    done = backfill(bench, line, "--max-commits", "2")
    assert done_of(done) == [(8, "measured")]
    assert "about" in done.stderr and "left" in done.stderr
    assert measured(bench) == {"commit 9": ONCE, "commit 8": ONCE}
    done = backfill(bench, line, "--max-commits", "2")
    assert done.returncode == 0 and rows(done) == []
    assert "nothing is left: 2 of 2 commits are measured" in done.stderr


def test_by_information_the_commit_that_made_it_slower_is_found(bench, long_line):
    """Both ends of six commits, then two halvings, and one for what noise may look like."""
    line = long_line
    done = backfill(bench, line, "--max-commits", "5", "--since", line.id("main~8"), "--until", line.id("main~3"),
                    "--order", "information")
    assert done.returncode == 0, done.stderr
    numbers = [number for number, _ in done_of(done)]
    assert numbers[:2] == [6, 1]
    assert {3, 4} <= set(numbers), numbers
    assert any("test_sleep changed by +" in (row["why"] or "") for row in rows(done))


def test_a_backfill_goes_around_a_commit_that_fails(bench, tmp_path):
    line = Line(tmp_path / "broken")
    line.commit()
    line.commit(suite="def test_fails(benchmark):\n    raise ValueError('no luck')\n")
    line.commit()
    done = backfill(bench, line)
    assert done.returncode == 4
    assert done_of(done) == [(3, "measured"), (2, "broken"), (1, "measured")]
    assert "error: 1 of 3 commits failed" in done.stderr and "no luck" in done.stderr
    assert backfill(bench, line).returncode == 0


def test_a_backfill_that_is_killed_at_any_moment_loses_and_doubles_nothing(bench, long_line):
    line = long_line
    seed = int(os.environ.get("LANCE_BENCH_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"LANCE_BENCH_SEED={seed}")
    rng = random.Random(seed)
    words = ("backfill", "--repo", line.folder, "--test-bed", "bed", "--max-commits", "2", *QUICK)
    for _ in range(60 if os.environ.get("LANCE_BENCH_LONG") else 3):
        process = bench.start(*words)
        try:
            process.communicate(timeout=rng.uniform(0.2, 4))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
    done = backfill(bench, line, "--max-commits", "2")
    assert done.returncode == 0, done.stderr
    assert measured(bench) == {f"commit {n}": ONCE for n in (8, 9)}
