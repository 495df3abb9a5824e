"""SIGKILL of machines that share a queue, at random moments, and started again: every job ends, each is published once,
and the database stays readable.

LANCE_BENCH_LONG=1 makes it ten times as many jobs; LANCE_BENCH_SEED=N repeats the moments of a failure."""

import os
import random
import signal
import time

import pytest
from poll_helpers import Pollers, add_commits, all_done, has_ended, make_quick
from run_helpers import git, processes_with

JOBS = 40 if os.environ.get("LANCE_BENCH_LONG") else 4
MACHINES = 3


@pytest.fixture
def rng():
    seed = int(os.environ.get("LANCE_BENCH_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"LANCE_BENCH_SEED={seed}")  # pytest shows it when the test fails
    return random.Random(seed)


@pytest.fixture
def pollers(agent, tmp_path):
    made = Pollers(agent, tmp_path, make_quick(tmp_path / "repo"))
    yield made
    made.stop()


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_killed_machines_lose_no_job_and_publish_none_twice(pollers, rng):
    commits = [git(pollers.repo, "rev-parse", "HEAD"), *add_commits(pollers.repo, JOBS - 1)]
    pollers.add(*commits)
    names = [f"machine{number}" for number in range(MACHINES)]
    running = {name: pollers.start(name, "--max-attempts", "1000", "--retry-after", "0") for name in names}
    kills, deadline = 0, time.monotonic() + 60 * JOBS
    while not has_ended(pollers.jobs()) and time.monotonic() < deadline:
        time.sleep(rng.uniform(0.05, 1.2))
        # Enough to hit every stage, and few enough that a job can come to its end.
        if kills < 8 * JOBS:
            name = rng.choice(names)
            kill(running[name])
            kills += 1
            running[name] = pollers.start(name, "--max-attempts", "1000", "--retry-after", "0")
        else:
            time.sleep(0.5)
    pollers.stop()
    jobs = pollers.jobs()
    assert all_done(jobs), pollers.logs()
    print(f"{kills} kills, {sum(job['attempts'] for job in jobs)} tries")
    assert kills
    runs = pollers.query("SELECT commit, run, outcome FROM runs WHERE harness = 'run' ORDER BY commit")
    assert [(row["commit"], row["outcome"]) for row in runs] == [(id, "complete") for id in sorted(commits)]
    assert pollers.query("SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM results") == \
        [{"rows": JOBS, "ids": JOBS}]
    # The table and what was queued; and each lease makes three versions at the most.
    assert pollers.versions() <= 2 + 3 * sum(job["token"] for job in jobs)


def test_what_a_killed_machine_ran_dies_with_it_and_is_taken_over_at_once(agent, tmp_path):
    pollers = Pollers(agent, tmp_path, make_quick(tmp_path / "repo", sleep_ms=5_000))
    try:
        process = pollers.start("a")
        pollers.wait(lambda jobs: bool(jobs) and "running quick/quick" in pollers.logs())
        kill(process)
        deadline = time.monotonic() + 20
        word = f"{tmp_path}/a/"
        while processes_with(word) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not processes_with(word)
        job, = pollers.jobs()
        assert (job["state"], job["token"]) == ("leased", 1), "nobody could say that it has ended"
        started = time.monotonic()
        done = pollers.once("b")
        assert done.returncode == 0, done.stderr
        assert time.monotonic() - started < 300, "its lease lasts half an hour"
        job, = pollers.jobs()
        assert (job["state"], job["attempts"], job["token"]) == ("done", 2, 2)
        assert pollers.query("SELECT count(*) AS n FROM results") == [{"n": 1}]
    finally:
        pollers.stop()
