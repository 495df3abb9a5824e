"""The Docker daemon, the images and act, for the tests of actions and workflows."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))

import docker_daemon
from consumer import Consumer
from docker_daemon import AGENT, BENCH, ROOT, TOOLS


def tool(name):
    """A program of the test tools; without it the test is skipped."""
    for path in (TOOLS / "bin" / name, TOOLS / "venv-lint" / "bin" / name):
        if path.is_file():
            return str(path)
    pytest.skip(f"{name} is not there: scripts/test-tools brings it")


@pytest.fixture(scope="session")
def docker():
    reason = docker_daemon.missing()
    if reason:
        pytest.skip(reason)
    with docker_daemon.daemon() as running:
        yield running


@pytest.fixture(scope="session")
def images(docker, agent):
    """The image of the action and the one of the agent alone, around the agent under test."""
    docker.build("agent", AGENT, agent)
    docker.build("bench", BENCH, agent)
    return docker


class Act:
    """act, with the image of the action in the place of GitHub's machines and of one's own."""

    def __init__(self, program, images, ours):
        self.program, self.docker, self.ours = program, images, ours

    def command(self, words):
        # act gives a job's container an entry point of its own.
        return [self.program, "--pull=false", "--action-offline-mode", "--container-daemon-socket", "-",
                "-P", f"ubuntu-latest={BENCH}", "-P", f"self-hosted={BENCH}",
                "--local-repository", f"lancedb/lance-bench@v1={self.ours}", *map(str, words)]

    @property
    def env(self):
        return {**self.docker.env, "HOME": os.environ["HOME"], "XDG_CACHE_HOME": str(TOOLS / "act-cache")}

    def __call__(self, repository, *words, timeout=900):
        """What it printed, and its exit code."""
        return subprocess.run(self.command(words), cwd=repository, text=True, capture_output=True, timeout=timeout,
                              check=False, env=self.env)

    def start(self, repository, *words):
        """Its process, whose end is the caller's to see to."""
        return subprocess.Popen(self.command(words), cwd=repository, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, env=self.env)


@pytest.fixture(scope="session")
def act(images, tmp_path_factory):
    program = tool("act")
    # Ours without what a checkout has beside it: act copies the whole folder for each step.
    ours = tmp_path_factory.mktemp("ours")
    shutil.copy(ROOT / "action.yml", ours)
    shutil.copytree(ROOT / "actions", ours / "actions")
    return Act(program, images, ours)


@pytest.fixture(scope="module")
def consumer(act, agent, tmp_path_factory):
    if not (TOOLS / "versitygw.stamp").is_file():
        pytest.skip("no S3 server: run scripts/test-tools versitygw")
    with Consumer(act, agent, tmp_path_factory.mktemp("site")) as consumer:
        yield consumer
