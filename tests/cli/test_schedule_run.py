"""`schedule --run`: what is due is measured here, and the next schedule finds nothing."""

import json
import os
import random
import signal
import subprocess

import pytest
from checkout_servers import git
from line_helpers import BENCHMARKS, CONFIG, ONCE, Line, measured, rows
from run_helpers import Machine

QUICK = ["--", "--retakes", "0", "--tune", "off"]


@pytest.fixture
def line(tmp_path):
    line = Line(tmp_path / "line")
    line.commit()
    return line


@pytest.fixture
def bench(machine, tmp_path):
    """The module's machine, whose caches are warm, with a database of the test's own."""
    bench = Machine(machine.agent, machine.folder)
    bench.db = tmp_path / "db"
    return bench


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


def test_a_commit_that_cannot_be_measured_does_not_hold_up_the_others(bench, line):
    assert schedule(bench, line).returncode == 0
    (line.folder / "lance-bench.json").write_text('{"nonsense": 1}')
    line.commit()
    (line.folder / "lance-bench.json").write_text(json.dumps(CONFIG))
    line.commit(suite="def test_fails(benchmark):\n    raise ValueError('no luck')\n")
    line.commit()
    done = schedule(bench, line)
    assert done.returncode == 1
    assert actions(done) == {"commit 4": "measured", "commit 3": "broken", "commit 2": "broken", "commit 1": "none"}
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


def test_what_was_put_off_is_not_forgotten(bench, line):
    assert schedule(bench, line).returncode == 0
    for _ in range(2):
        line.commit()
    done = schedule(bench, line, "--max-dispatch", "1")
    assert actions(done) == {"commit 3": "later", "commit 2": "measured", "commit 1": "none"}
    done = bench.run(line.folder, "--tune", "off")[0]
    line.commit()
    # Commit 3 was measured out of turn; 4 is new.
    assert actions(schedule(bench, line, run=False)) == {"commit 4": "due", "commit 3": "none"}


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
    for _ in range(60 if os.environ.get("LANCE_BENCH_LONG") else 6):
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


def test_a_run_that_was_cut_off_while_it_was_stored_is_taken_back(bench, line):
    """A kill between the results and the record of the run as a whole leaves results that look complete."""
    assert schedule(bench, line).returncode == 0
    lancedb = pytest.importorskip("lancedb")
    runs = lancedb.connect(bench.db).open_table("runs")
    runs.delete("harness = 'run'")
    done = schedule(bench, line, run=False)
    assert [(row["state"], row["action"]) for row in rows(done)] == [("interrupted", "due")]
    done = schedule(bench, line)
    assert done.returncode == 0, done.stderr
    assert "taken back" in done.stderr
    assert measured(bench) == {"commit 1": ONCE}
    stored = bench.query("select count(*) as n from results")
    assert stored == [{"n": 2 * len(BENCHMARKS)}]
