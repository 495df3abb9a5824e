"""Fixtures of the tests of `run`."""

import fcntl
import os
import pathlib
import shutil
import subprocess

import pytest

from run_helpers import ODD, Machine, add_odd_benches, make_sample

# What of a cache the next session needs too: compiling Criterion takes a minute. Anything else of it would only grow.
KEPT = ("crates-", "venv-", "wordbag-")


def remove(path):
    path.unlink() if path.is_file() else shutil.rmtree(path)


def tidy(cache):
    """What a session before has left, but for what was built."""
    for folder in cache.glob("*"):
        if folder.name == "jobs" and folder.is_mount():  # that session was killed
            subprocess.run(["umount", folder], check=True)
        if folder.name != "build":
            remove(folder)
    for entry in cache.glob("build/*"):
        if not entry.name.startswith(KEPT):
            remove(entry)
        elif (entry / "slot.json").is_file():
            os.utime(entry / "slot.json")  # as if it were built today


@pytest.fixture(scope="session")
def workshop(agent, tmp_path_factory):
    """A folder in the agent's build folder that outlives the session: the sample and the cache of its builds, which
    depend on where both are. One session at a time has it; who begins meanwhile has a folder of his own."""
    folder = pathlib.Path(os.environ.get("LANCE_BENCH_BUILD", pathlib.Path(agent).parent)) / "tests" / "workshop"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            folder = tmp_path_factory.mktemp("workshop")
        tidy(folder / "cache" / "lance-bench")
        yield folder


@pytest.fixture(scope="session")
def sample(workshop):
    """The sample repository, with a branch `odd` of benches that misbehave."""
    repo = workshop / "wordbag"
    shutil.rmtree(repo, ignore_errors=True)
    make_sample(repo)
    add_odd_benches(repo, ODD)
    return repo


@pytest.fixture(scope="session")
def machine(agent, workshop, tmp_path_factory):
    machine = Machine(agent, tmp_path_factory.mktemp("machine"), cache=workshop / "cache")
    yield machine
    machine.remove()


@pytest.fixture
def bench(machine, tmp_path):
    """The session's machine, whose caches are warm, with a database of the test's own."""
    return Machine(machine.agent, machine.folder, machine.cache, db=tmp_path / "db")
