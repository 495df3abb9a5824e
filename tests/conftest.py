"""What every end-to-end test shares."""

import os
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Where `run` looks for host.conf and the settings that it would tune: nowhere, also on a runner that is set up. Tests
# that hand no environment on have it in their own (run_helpers.Machine, store_helpers.Store).
NO_HOST = {"LANCE_BENCH_HOST_ROOT": "/nonexistent"}


def pytest_configure():
    os.environ.update(NO_HOST)
    # Trees of tests have folders that another user, of a sandbox or of a runner, goes through.
    os.umask(0o022)


@pytest.fixture(scope="session")
def agent():
    """The path of the agent: $LANCE_BENCH, else build/lance-bench."""
    path = pathlib.Path(os.environ.get("LANCE_BENCH", ROOT / "build" / "lance-bench"))
    assert path.is_file(), f"{path} is not there: build the agent, or set LANCE_BENCH"
    return str(path)
