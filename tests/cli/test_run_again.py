"""A job of a workflow that was killed while it stored its results, and is run once more."""

import json

import pytest

from artifact_helpers import make_quick_repo
from run_helpers import Machine

BOTH = ["quick/one", "quick/two"]


@pytest.fixture
def bench(agent, tmp_path):
    bench = Machine(agent, tmp_path / "machine")
    bench.quick = make_quick_repo(tmp_path / "quick")
    yield bench
    bench.remove()


def measure(bench, run, *words):
    done, said = bench.run(bench.quick, "--rev", "main", "--run", run, "--tune", "off", *words)
    assert done.returncode == 0, done.stderr
    assert said["run"] == run
    return done


def cut_off(bench, run, harness):
    """As a kill leaves it: the results are there, and of the rows of the run none, or none of it as a whole."""
    lancedb = pytest.importorskip("lancedb")
    which = "" if harness is None else f" and harness = '{harness}'"
    lancedb.connect(bench.db).open_table("runs").delete(f"run = '{run}'{which}")


def visible(bench):
    done = bench("results", "--format", "json", "--limit", 1000)
    return sorted(row["benchmark"] for row in json.loads(done.stdout or "[]") if "#" not in row["benchmark"])


@pytest.mark.parametrize("harness", [None, "run"])
def test_what_a_killed_attempt_has_stored_is_taken_back_by_the_next(bench, harness):
    measure(bench, "71.1-rust")
    cut_off(bench, "71.1-rust", harness)
    done = measure(bench, "71.2-rust")
    assert "run 71.1-rust ended while its results were being stored: it is taken back" in done.stderr
    assert visible(bench) == BOTH
    measure(bench, "80.1-rust")
    assert visible(bench) == sorted(2 * BOTH), "what came to its end stays"


def test_another_job_is_left_alone(bench):
    measure(bench, "71.1-python")
    cut_off(bench, "71.1-python", "run")
    measure(bench, "71.2-rust")
    measure(bench, "by-hand")
    assert visible(bench) == sorted(3 * BOTH)
