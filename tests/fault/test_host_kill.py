"""kill -9 of a tune and of a restore at moments that nobody has chosen. The unit tests do every write;
this is the finished program with its journal and its lock."""

import importlib.util
import pathlib
import random
import signal
import subprocess
import time

import pytest

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "host"

spec = importlib.util.spec_from_file_location("make_trees", FIXTURES / "make_trees.py")
make_trees = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make_trees)

ROUNDS = 15


def texts(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


class Host:
    def __init__(self, agent, folder):
        self.agent, self.root, self.state = agent, folder / "tree", folder / "state"
        make_trees.unpack("amd-pstate", self.root)

    def start(self, verb):
        command = [self.agent, "host", verb, "--sysroot", self.root, "--state", self.state]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def finish(self, verb):
        process = self.start(verb)
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 0, said

    def timed(self, verb):
        begin = time.monotonic()
        self.finish(verb)
        return time.monotonic() - begin

    def kill(self, verb, longest):
        process = self.start(verb)
        time.sleep(random.uniform(0, longest))
        process.kill()
        process.communicate(timeout=60)
        return process.returncode == -signal.SIGKILL


@pytest.fixture
def host(agent, tmp_path):
    return Host(agent, tmp_path)


def test_a_killed_tune_is_restored_byte_for_byte(host):
    before = texts(host.root)
    longest = host.timed("tune")
    host.finish("restore")
    killed = in_between = 0
    for _ in range(ROUNDS):
        killed += host.kill("tune", longest)
        in_between += texts(host.root) != before
        host.finish("restore")
        assert texts(host.root) == before
    assert killed, "every tune was faster than its kill"
    assert in_between, "every kill came before the first write"


def test_a_killed_restore_is_finished_by_the_next(host):
    before = texts(host.root)
    host.finish("tune")
    longest = host.timed("restore")
    killed = 0
    for _ in range(ROUNDS):
        host.finish("tune")
        killed += host.kill("restore", longest)
        host.finish("restore")
        assert texts(host.root) == before
    assert killed, "every restore was faster than its kill"
