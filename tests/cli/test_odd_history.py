"""`changes` and `compare --history` on results as odd as they come: each row of the table is one oddity, and what is
to be said of it."""

import json
import math

import pytest
from history_helpers import History, ident, noisy
from store_helpers import store  # noqa: F401

UP = noisy([100.0] * 30 + [110.0] * 30)
STEP = [(ident(29), ident(30))]


def changes(store):
    done = store.run("changes", "--format", "json")
    assert done.returncode == 0, done.stderr
    return [(row["last_before"], row["first_after"]) for row in json.loads(done.stdout)]


def line(values, **options):
    history = History()
    history.line(values, **options)
    return history


def with_a_gap(value):
    return line([*UP[:40], value, *UP[40:]])


def clocks_apart():
    """A commit made with a clock that was years ahead, one with a clock at zero, and one after a step backwards."""
    history = History()
    for i, value in enumerate(UP):
        time = 3600 * i + {10: 200_000_000, 35: -1_600_000_000, 50: -86_400}.get(i, 0)
        history.commit(i, i - 1 if i else None, time)
        history.result(i, value, time=time)
    return history


def every_commit_twice():
    """Two runs of each commit, and the commit's row in the table twice."""
    history = line(UP)
    for i, value in enumerate(noisy(UP, seed=9, noise=.002)):
        history.result(i, value, time=3600 * i, run=f"again {i}")
    history.tables["commits"] += history.tables["commits"]
    return history


def same_rows_twice():
    """What a broken writer leaves: the same rows of the same runs, under other ids."""
    history = line(UP)
    for i, value in enumerate(UP):
        history.result(i, value, time=3600 * i)
    return history


def rewritten():
    """Force-pushed: commits 40 to 49 were replaced before 50 was made, and what was measured of them is still stored,
    on a level of its own."""
    history = line(UP)
    for i in range(40, 50):
        history.commit(f"gone {i}", f"gone {i - 1}" if i > 40 else 39, 3600 * i - 60)
        history.result(f"gone {i}", 170.0 + i / 10, time=3600 * i - 60)
    return history


def rewritten_from_the_root():
    """All of the older history has other ids now: nothing links it to the branch."""
    history = line(UP)
    for i in range(20):
        history.commit(f"gone {i}", f"gone {i - 1}" if i else None, 3600 * i - 100_000_000)
        history.result(f"gone {i}", 100.0 + i / 100, time=3600 * i - 100_000_000)
    return history


def two_machines_take_turns():
    """Two machines under one name, of which the second is a fifth slower."""
    history = History()
    for i, value in enumerate(noisy([100.0] * 60)):
        history.commit(i, i - 1 if i else None, 3600 * i)
        slow = i % 2
        history.result(i, value * (1.2 if slow else 1), time=3600 * i, cpu="slow CPU" if slow else "a CPU")
    return history


def another_machine_from_a_day_on():
    history = History()
    for i, value in enumerate(noisy([100.0] * 60)):
        history.commit(i, i - 1 if i else None, 3600 * i)
        later = i >= 30
        history.result(i, value * (1.2 if later else 1), time=3600 * i, cpu="slow CPU" if later else "a CPU")
    return history


@pytest.mark.parametrize("history, expected", [
    pytest.param(line([100.0]), [], id="one point"),
    pytest.param(line([100.0, 200.0]), [], id="two points"),
    pytest.param(line([100.0] * 60), [], id="constant"),
    pytest.param(line([0.0] * 60), [], id="zeros"),
    pytest.param(line([0.0] * 30 + [4096.0] * 30, units="bytes", name="bench#allocated_bytes"), STEP, id="from zero"),
    pytest.param(line([4096.0] * 30 + [4097.0] * 30, units="bytes", name="bench#allocated_bytes"), STEP,
                 id="a byte more"),
    pytest.param(line([v - 200 for v in UP]), STEP, id="negative"),
    pytest.param(line([v - 105 for v in UP]), STEP, id="through zero"),
    pytest.param(with_a_gap(math.nan), STEP, id="not a number"),
    pytest.param(with_a_gap(math.inf), STEP, id="infinite"),
    pytest.param(with_a_gap(1e300), STEP, id="absurd"),
    pytest.param(with_a_gap(5e-324), STEP, id="tiny"),
    pytest.param(line([v * 1e-300 for v in UP]), STEP, id="all tiny"),
    pytest.param(line([v * 1e300 for v in UP]), STEP, id="all huge"),
    pytest.param(clocks_apart(), STEP, id="clock steps"),
    pytest.param(every_commit_twice(), STEP, id="every commit twice"),
    pytest.param(same_rows_twice(), STEP, id="the same rows twice"),
    pytest.param(rewritten(), STEP, id="rewritten"),
    pytest.param(rewritten_from_the_root(), STEP, id="rewritten from the root"),
    pytest.param(two_machines_take_turns(), [], id="two machines take turns"),
    pytest.param(another_machine_from_a_day_on(), STEP, id="another machine from a day on"),
])
def test_changes(store, history, expected):  # noqa: F811
    history.write(store)
    assert changes(store) == expected


def test_nothing_but_not_a_number_is_no_data(store):  # noqa: F811
    line([math.nan] * 60).write(store)
    assert store.run("changes").returncode == 3
    assert store.run("compare", "--history", ident(59)).returncode == 3


def test_another_machine_is_named_as_the_cause(store):  # noqa: F811
    another_machine_from_a_day_on().write(store)
    row, = json.loads(store.ok("changes", "--format", "json").stdout)
    assert row["cause"] == ["test bed"]


@pytest.mark.parametrize("history, expected, code", [
    pytest.param(line([100.0]), "no history", 3, id="one point"),
    pytest.param(line([100.0, 100.0, 100.0]), "no history", 3, id="two runs of history"),
    pytest.param(line([100.0] * 20), "same", 0, id="constant"),
    pytest.param(line([0.0] * 20), "same", 0, id="zeros"),
    pytest.param(line([*noisy([-100.0] * 20), -80.0]), "worse", 2, id="negative and higher"),
    pytest.param(line([*noisy([100.0] * 20), 130.0]), "worse", 2, id="a third more"),
    pytest.param(line([*noisy([100.0] * 10), math.nan, *noisy([100.0] * 10, seed=2), 130.0]), "worse", 2,
                 id="not a number in its history"),
    pytest.param(line([*noisy([100.0] * 20), 1e300]), "worse", 2, id="absurd"),
    pytest.param(line([*noisy([100.0] * 20), 5e-324]), "better", 0, id="tiny"),
    pytest.param(clocks_apart(), "same", 0, id="clock steps"),
    pytest.param(rewritten(), "same", 0, id="rewritten"),
    pytest.param(same_rows_twice(), "same", 0, id="the same rows twice"),
    pytest.param(two_machines_take_turns(), "on a CPU, this on slow CPU", 5, id="two machines take turns"),
])
def test_compare(store, history, expected, code):  # noqa: F811
    history.write(store)
    commits = {json.loads(row["metadata"])["commit"] for row in history.tables["results"]}
    newest = max(number for number in range(100) if ident(number) in commits)
    done = store.run("compare", "--history", "--format", "json", ident(newest))
    assert done.returncode == code, done.stderr + done.stdout
    if code in (3, 5):
        assert expected in done.stderr and done.stdout == ""
    else:
        assert [row["verdict"] for row in json.loads(done.stdout)["benchmarks"]] == [expected]
