"""What every end-to-end test shares."""

import os
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def agent():
    """The path of the agent: $LANCE_BENCH, else build/lance-bench."""
    path = pathlib.Path(os.environ.get("LANCE_BENCH", ROOT / "build" / "lance-bench"))
    assert path.is_file(), f"{path} is not there: build the agent, or set LANCE_BENCH"
    return str(path)
