"""A run by hand that was killed while it stored its results, and is repeated: each benchmark is there once."""

import json
import subprocess
import time

import pytest

from run_helpers import Machine, git

COMMITS = 7  # of a run with two outputs: results and a record of each, the session, the commit, the run as a whole
ONE = """echo '{"%s": {"latency": {"value": '$(date +1%%N)'}}}'
"""


@pytest.fixture
def bench(agent, tmp_path):
    """`project` has two programs whose results are there at once."""
    bench = Machine(agent, tmp_path / "machine")
    bench.project = tmp_path / "project"
    bench.project.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main", bench.project], check=True)
    for name in ("one", "two"):
        (bench.project / f"{name}.sh").write_text(ONE % name)
    (bench.project / "lance-bench.json").write_text(json.dumps({"project": "hand", "commands": [
        {"name": name, "run": ["sh", f"{name}.sh"], "format": "bmf"} for name in ("one", "two")]}))
    git(bench.project, "add", "-A")
    git(bench.project, "commit", "-q", "-m", "two programs")
    bench.words = ("run", bench.project, "--rev", "main", "--format", "json", "--testbed-name", "bed", "--retakes", "0",
                   "--tune", "off")
    yield bench
    bench.remove()


def measure(bench, *words):
    done = bench(*bench.words, *words)
    assert done.returncode == 0, done.stderr
    return done


def commits_of(bench):
    return len(list(bench.db.glob("*.lance/_versions/*.manifest")))


def kill_behind(bench, commits, *words):
    """kill -9 as soon as so many more commits are there, with none of them when it begins to store."""
    before = commits_of(bench)
    process = bench.start(*bench.words, *words)
    jobs = bench.cache / "lance-bench" / "jobs"
    while process.poll() is None:
        if commits_of(bench) - before >= commits and (commits or list(jobs.glob("*/logs/storing"))):
            process.kill()
            break
        time.sleep(0.0005)
    process.communicate()


def visible(bench):
    """The results of the commit that is there now."""
    done = bench("results", "--format", "json", "--limit", 1000, "--commit", git(bench.project, "rev-parse", "HEAD"))
    return sorted(row["benchmark"] for row in json.loads(done.stdout or "[]"))


def complete(bench):
    """How many runs of the commit that is there now have come to their end."""
    return bench.query("SELECT count(*) AS n FROM runs WHERE harness = 'run' AND outcome = 'complete' "
                       f"AND commit = '{git(bench.project, 'rev-parse', 'HEAD')}'")[0]["n"]


@pytest.mark.parametrize("name, stages", [((), range(COMMITS)), (("--run", "mine"), (1, 3, 6))],
                         ids=["its own name", "a name that was given"])
def test_a_run_that_was_killed_at_any_stage_and_is_repeated_doubles_nothing(bench, name, stages):
    measure(bench)
    killed, half = 0, 0
    for stage in stages:
        git(bench.project, "commit", "-q", "--allow-empty", "-m", f"stage {stage}")
        kill_behind(bench, stage, *name)
        if complete(bench):  # it was faster than we
            continue
        killed += 1
        left = visible(bench)
        half += bool(left)
        done = measure(bench, *name)
        assert visible(bench) == ["one", "two"], (stage, done.stderr)
        assert complete(bench) == 1
        assert ("is taken back" in done.stderr) == (bool(left) and not name), (stage, done.stderr)
        assert ("they stay as they are" in done.stderr) == (bool(left) and bool(name)), (stage, done.stderr)
    assert killed >= 2 and half >= 1
    assert not list((bench.cache / "lance-bench" / "jobs").glob("*/logs/storing")), "nothing is left to be done"


def test_two_runs_that_come_to_their_end_both_stay(bench):
    measure(bench)
    measure(bench)
    assert visible(bench) == ["one", "one", "two", "two"]


def test_what_the_next_run_has_not_measured_stays_until_one_has(bench):
    measure(bench)
    git(bench.project, "commit", "-q", "--allow-empty", "-m", "next")
    kill_behind(bench, 4)
    assert not complete(bench)
    assert visible(bench) == ["one", "two"]
    config = json.loads((bench.project / "lance-bench.json").read_text())
    config["commands"].pop()
    (bench.folder / "half.json").write_text(json.dumps(config))
    done = measure(bench, "--config", bench.folder / "half.json")
    assert "they stay" in done.stderr
    assert visible(bench) == ["one", "one", "two"]
    done = measure(bench)
    assert "is taken back" in done.stderr
    assert visible(bench) == ["one", "one", "two"]


def test_a_run_that_is_storing_this_moment_is_nobodys_to_take_back(bench):
    """Its job's lock is held; here by us."""
    import fcntl
    measure(bench)
    git(bench.project, "commit", "-q", "--allow-empty", "-m", "next")
    kill_behind(bench, 4)
    assert not complete(bench)
    (lock,) = (path.parent.parent / "lock" for path in (bench.cache / "lance-bench" / "jobs").glob("*/logs/storing"))
    with open(lock, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        measure(bench)
        assert visible(bench) == ["one", "one", "two", "two"]
    measure(bench)
    assert visible(bench) == ["one", "one", "two", "two"], "of the three the killed one is gone"


def test_another_test_bed_and_another_database_are_left_alone(bench):
    measure(bench)
    git(bench.project, "commit", "-q", "--allow-empty", "-m", "next")
    kill_behind(bench, 4)
    assert not complete(bench)
    done = measure(bench, "--testbed-name", "another")
    assert "taken back" not in done.stderr
    there, bench.db = bench.db, bench.folder / "elsewhere"
    done = measure(bench)
    assert "taken back" not in done.stderr
    bench.db = there
    assert visible(bench) == ["one", "one", "two", "two"]
