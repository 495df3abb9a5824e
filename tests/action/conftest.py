"""The Docker daemon, the images and act, for the tests of actions and workflows."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))

import docker_daemon
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


@pytest.fixture(scope="session")
def act(images, tmp_path_factory):
    """Runs act in a repository: what it printed, and its exit code."""
    program = tool("act")
    # Ours without what a checkout has beside it: act copies the whole folder for each step.
    ours = tmp_path_factory.mktemp("ours")
    shutil.copy(ROOT / "action.yml", ours)
    shutil.copytree(ROOT / "actions", ours / "actions")

    def run(repository, *words, timeout=300):
        # The image stands in for GitHub's machines, too: act gives a job's container an entry point of its own.
        return subprocess.run(
            [program, "--pull=false", "--action-offline-mode", "--container-daemon-socket", "-",
             "-P", f"ubuntu-latest={BENCH}", "-P", f"self-hosted={BENCH}",
             "--local-repository", f"lancedb/lance-bench@v1={ours}",
             *map(str, words)],
            cwd=repository, text=True, capture_output=True, timeout=timeout, check=False,
            env={**images.env, "HOME": os.environ["HOME"],
                 "XDG_CACHE_HOME": str(TOOLS / "act-cache")})

    return run
