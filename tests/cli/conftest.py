"""Fixtures of the tests of `run`: compiling Criterion takes a minute, so all of them share one cache."""

import pytest

from run_helpers import ODD, Machine, add_odd_benches, make_sample


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """The sample repository, with a branch `odd` of benches that misbehave."""
    repo = make_sample(tmp_path_factory.mktemp("sample") / "wordbag")
    add_odd_benches(repo, ODD)
    return repo


@pytest.fixture(scope="session")
def machine(agent, tmp_path_factory):
    machine = Machine(agent, tmp_path_factory.mktemp("machine"))
    yield machine
    machine.remove()
