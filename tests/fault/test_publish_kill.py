"""SIGKILL at random points of whatever writes to a database. Afterwards it is readable, holds each result
once, and holds everything that was reported as published.

LANCE_BENCH_LONG=1 makes it a hundred rounds; LANCE_BENCH_SEED=N repeats those of a failure."""

import json
import os
import random
import signal
import subprocess
import time

import pytest
from run_helpers import catches
from store_helpers import Store, criterion_lines, store  # noqa: F401

ROUNDS = 100 if os.environ.get("LANCE_BENCH_LONG") else 20
ROWS = 400


@pytest.fixture
def rng():
    seed = int(os.environ.get("LANCE_BENCH_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"LANCE_BENCH_SEED={seed}")  # pytest shows it when the test fails
    return random.Random(seed)


def write_input(store, number):  # noqa: F811
    return store.file(f"in/{number}.jsonl", criterion_lines(
        [f"input {number}/{i}" for i in range(ROWS)], seed=number, samples=30))


def command(path):
    return ("publish", "criterion", path, "--dut-version", "1.2.3+abcdef0", "--dut-timestamp", 1_700_000_000,
            "--testbed-name", "bed")


def kill_after(process, delay):
    """The exit code, or -SIGKILL."""
    try:
        process.communicate(timeout=delay)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    return process.returncode


def duration_of(store, *words):  # noqa: F811
    started = time.monotonic()
    store.ok(*words)
    return time.monotonic() - started


def check(store, reported):  # noqa: F811
    """Every input is there whole or not at all; those in `reported` are. Gives the inputs there."""
    if not store.tables():
        assert not reported
        return set()
    ids = store.query("SELECT count(*) AS n, count(DISTINCT id) AS d FROM results")
    assert ids[0]["n"] == ids[0]["d"], "a result is there twice"
    rows = store.query("SELECT split_part(benchmark_name, '/', 1) AS input, count(*) AS n FROM results GROUP BY 1")
    assert all(row["n"] == ROWS for row in rows), f"half an input is visible: {rows}"
    there = {int(row["input"].split()[1]) for row in rows}
    assert reported <= there, "what was reported as published is lost"
    return there


def test_a_killed_publish_stores_all_or_nothing_and_can_be_repeated(store, rng):  # noqa: F811
    whole = duration_of(store, *command(write_input(store, 0)))
    reported, killed = {0}, 0
    for number in range(1, ROUNDS + 1):
        path = write_input(store, number)
        code = kill_after(store.start(*command(path)), rng.uniform(0, 1.3 * whole))
        assert code in (0, -signal.SIGKILL)
        killed += code != 0
        if code == 0:
            reported.add(number)
        if rng.random() < 0.3:
            store.ok(*command(path))
            reported.add(number)
        check(store, reported)
    assert killed, "nothing was killed: the delays are wrong"
    for number in range(ROUNDS + 1):
        store.ok(*command(store.folder / f"in/{number}.jsonl"))
    assert check(store, reported) == set(range(ROUNDS + 1))
    assert store.tables()["runs"]["rows"] == ROUNDS + 1
    before = store.names()
    store.ok("db", "compact", "--keep", "0")
    assert store.names() == before


def test_a_killed_publish_among_others_hurts_none_of_them(store, rng):  # noqa: F811
    whole = duration_of(store, *command(write_input(store, 0)))
    reported = {0}
    for first in range(1, ROUNDS, 4):
        numbers = range(first, first + 4)
        started = {n: store.start(*command(write_input(store, n))) for n in numbers}
        victim = rng.choice(list(numbers))
        kill_after(started[victim], rng.uniform(0, 2 * whole))
        for number, process in started.items():
            _, err = process.communicate(timeout=120)
            assert number == victim or process.returncode == 0, err
            if process.returncode == 0:
                reported.add(number)
        check(store, reported)


def test_a_killed_compaction_loses_nothing(store, rng):  # noqa: F811
    for number in range(8):
        store.ok(*command(write_input(store, number)))
    reported = set(range(8))
    whole = 0.2
    for number in range(8, 8 + ROUNDS // 2):
        kill_after(store.start("db", "compact", "--keep", "0"), rng.uniform(0, 1.3 * whole))
        check(store, reported)
        store.ok(*command(write_input(store, number)))
        reported.add(number)
    store.ok("db", "compact", "--keep", "0")
    assert check(store, reported) == reported


def test_a_killed_sender_of_the_spool_loses_nothing_and_sends_nothing_twice(store, rng):  # noqa: F811
    numbers = set(range(5))
    away = store.folder / "away"
    away.write_text("a file where the database belongs: it cannot be reached")
    for number in numbers:
        assert store.run(*command(write_input(store, number)), db=away).returncode == 6
    assert len(store.spooled()) == len(numbers)
    away.unlink()
    store.db = str(away)
    for _ in range(ROUNDS):
        kill_after(store.start("publish", "--spooled"), rng.uniform(0, 0.2))
        there = check(store, set())
        assert len(there) + len(store.spooled()) >= len(numbers)
    store.ok("publish", "--spooled")
    assert check(store, numbers) == numbers
    assert store.spooled() == []


@pytest.mark.parametrize("call", ["rename,renameat,renameat2", "unlink,unlinkat", "rmdir"])
def test_a_sender_killed_at_a_rename_or_removal_leaves_whole_entries_only(store, call):  # noqa: F811
    """strace kills it at the first such call of a thread, then at the second, … until one run gets to its end."""
    away = store.folder / "away"
    away.write_text("a file where the database belongs")
    for number in range(2):
        assert store.run(*command(write_input(store, number)), db=away).returncode == 6
    away.unlink()
    store.db = str(away)
    for when in range(1, 20):
        process = subprocess.run(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={when}",
             store.agent, "publish", "--spooled"], env=store.env, capture_output=True, text=True, timeout=120)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, process.stderr
        for entry in store.spooled():
            assert "." in entry.name or {"request.json", "input"} <= {p.name for p in entry.iterdir()}, entry
    assert when > 1, "no call was met"
    assert check(store, {0, 1}) == {0, 1}
    assert store.spooled() == []


def test_a_publish_killed_while_it_spools_leaves_a_whole_entry_or_none(store, rng):  # noqa: F811
    away = store.folder / "away"
    away.write_text("a file where the database belongs")
    path = write_input(store, 0)
    for _ in range(ROUNDS):
        code = kill_after(store.start(*command(path), db=away), rng.uniform(0, 0.05))
        assert code in (6, -signal.SIGKILL)
    for entry in store.spooled():
        if entry.name.endswith(".part"):
            continue
        assert json.loads((entry / "request.json").read_text())["database"] == str(away)
        assert (entry / "input").read_bytes() == path.read_bytes()
    away.unlink()
    store.db = str(away)
    store.ok("publish", "--spooled")
    assert check(store, set()) <= {0}


def test_interrupting_a_publish_stores_nothing_and_says_so(store):  # noqa: F811
    names = [f"many/{i}" for i in range(20_000)]
    path = store.file("long.jsonl", criterion_lines(names, samples=20))
    process = store.start(*command(path))
    while process.poll() is None and not catches(process.pid, signal.SIGINT):
        time.sleep(0.001)
    time.sleep(0.03)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("it had ended before the signal came")
    assert process.returncode == 130
    assert out == "" and len([line for line in err.splitlines() if line.startswith("error:")]) == 1
    assert store.results() == []
