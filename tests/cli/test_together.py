"""`compare --measure --clock cpu`: both processes of a pair at once, on one CPU."""

import json
import os
import pathlib
import signal
import time

import pytest

from run_helpers import processes_with
from test_measure import FAST

BENCH = "words/unique/500"


def arguments(sample, *more, bench="words", clock="cpu", run=()):
    return ["--format", "json", "compare", "odd", "odd", "--measure", "--repo", sample, "--seed", 7,
            "--measurement-time", "0.2", "--max-pairs", 10, "--layouts", 1, *more, *FAST, "--rust-only", "--bench", bench,
            "--clock", clock, *run]


def parent_of(pid):
    try:
        return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def programs_of(agent):
    """The benchmark's programs below the process `agent`, by id; not what they start, which is they themselves until
    it has been replaced."""
    found = []
    for pid in processes_with(f"^{BENCH}$"):
        above = pid
        while above not in (0, agent):
            above = parent_of(above)
        name, starter = name_of(pid), name_of(parent_of(pid))
        # Without a starter it has ended since.
        if above == agent and starter and "words-" in (name or "") and name != starter:
            found.append(pid)
    return found


def name_of(pid):
    try:
        return pathlib.Path(os.readlink(f"/proc/{pid}/exe")).name
    except OSError:
        return None


def cpus_of(pid):
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    return [line.split()[1] for line in status.splitlines() if line.startswith("Cpus_allowed_list")][0]


def watch(going):
    """How many ran at one time, at most, and on which CPUs."""
    most, cpus = 0, set()
    while going.poll() is None:
        running = programs_of(going.pid)
        most = max(most, len(running))
        cpus |= {cpus_of(pid) for pid in running} - {None}
        time.sleep(0.02)
    return most, cpus


@pytest.fixture(scope="module", autouse=True)
def built(machine, sample):
    done, _ = machine.run(sample, "--rev", "odd", "--bench", "words", "--bench", "crash", "--list")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("order, together", [(None, True), ("in-turn", False), ("together", True)])
def test_both_processes_of_a_pair_run_at_once_on_one_cpu(machine, sample, order, together):
    going = machine.start(*arguments(sample, "--benchmark", BENCH, *(["--pairs", order] if order else [])))
    try:
        most, cpus = watch(going)
        out, err = going.communicate(timeout=60)
    finally:
        going.kill()
        going.wait()
    assert going.returncode == 0, err
    printed = json.loads(out)
    assert printed["pairs_together"] is together and printed["processes"] == 20
    assert most == (2 if together else 1)
    (cpu,) = cpus
    assert int(cpu) in os.sched_getaffinity(0)


@pytest.mark.parametrize("seed", range(4))
def test_a_side_that_fails_is_named_whichever_it_is(machine, sample, seed):
    done = machine(*arguments(sample, "--seed", seed, bench="crash"))
    assert done.returncode == 4 and done.stdout == "", done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "crash" in line and ("base " in line or "head " in line)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_of_either_is_left(machine, sample, sign):
    going = machine.start(*arguments(sample, "--benchmark", BENCH, "--max-pairs", 40, "--measurement-time", "1"))
    try:
        until = time.monotonic() + 120
        while len(programs_of(going.pid)) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        programs = {pid: name_of(pid) for pid in programs_of(going.pid)}
        assert len(programs) == 2
        going.send_signal(sign)
        out, err = going.communicate(timeout=60)
    finally:
        going.kill()
        going.wait()
    assert out == "" and going.returncode == (-9 if sign == signal.SIGKILL else 130), err
    until = time.monotonic() + 30
    while any(name_of(pid) == name for pid, name in programs.items()) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [pid for pid, name in programs.items() if name_of(pid) == name]


@pytest.mark.parametrize("more, clock, run, message", [
    (["--pairs", "together"], "wall", [], "--pairs together needs --clock cpu"),
    (["--pairs", "together"], "cpu", ["--cpus", "all"], "--pairs together needs a CPU that benchmarks are pinned to"),
    (["--pairs", "sideways"], "cpu", [], "--pairs is together or in-turn, not 'sideways'"),
])
def test_what_cannot_be_is_said_before_anything_is_built(machine, sample, more, clock, run, message):
    done = machine(*arguments(sample, *more, clock=clock, run=run))
    assert done.returncode == 129 and message in done.stderr and "building" not in done.stderr


def test_where_nothing_is_pinned_they_take_turns(machine, sample):
    done = machine(*arguments(sample, "--benchmark", BENCH, run=["--cpus", "all"]))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["pairs_together"] is False
