"""The Docker daemon, the images and act, for the tests of actions and workflows."""

import os
import pathlib
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
def act(images):
    """Runs act in a repository: what it printed, and its exit code."""
    program = tool("act")

    def run(repository, *words, timeout=300):
        # Standing in for GitHub's machines: the image of the agent, which has what the steps call. act starts each job's
        # container with an entry point of its own.
        return subprocess.run(
            [program, "--pull=false", "--action-offline-mode", "--container-daemon-socket", "-",
             "-P", f"ubuntu-latest={BENCH}", "-P", f"self-hosted={BENCH}",
             "--local-repository", f"lancedb/lance-bench@v1={ROOT}",
             "--artifact-server-path", str(pathlib.Path(repository) / ".artifacts"), *map(str, words)],
            cwd=repository, text=True, capture_output=True, timeout=timeout, check=False,
            env={**images.env, "HOME": os.environ.get("HOME", "/root"),
                 "XDG_CACHE_HOME": str(TOOLS / "act-cache")})

    return run
