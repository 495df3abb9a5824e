"""Series whose unit, direction or name changes in the middle: what is compared is like with like, and what is not says
so."""

import json

import pytest
from history_helpers import History, ident, noisy
from store_helpers import store  # noqa: F401

UP = noisy([100.0] * 20 + [130.0] * 20)


def line(rows):
    """(value, unit) of each commit."""
    history = History()
    for i, (value, unit) in enumerate(rows):
        history.commit(i, i - 1 if i else None, 3600 * i)
        history.result(i, value, time=3600 * i, units=unit)
    return history


def changes(store, *words):
    done = store.run("changes", "--format", "json", *words)
    assert done.returncode == 0, done.stderr
    return [(row["first_after"], row["status"]) for row in json.loads(done.stdout)]


def test_another_unit_is_another_series(store):  # noqa: F811
    line([(v, "nanoseconds") for v in noisy([100.0] * 20)] + [(v, "seconds") for v in noisy([1e-7] * 20)]).write(store)
    assert changes(store) == []
    done = store.run("compare", "--history", "--format", "json", ident(20))
    assert done.returncode == 3, "the first of the new unit has no history"
    done = store.run("compare", "--history", "--format", "json", ident(39))
    assert [v["verdict"] for v in json.loads(done.stdout)["benchmarks"]] == ["same"]


def test_a_direction_that_is_turned_around_turns_what_is_worse(store):  # noqa: F811
    line([(v, "nanoseconds") for v in UP]).write(store)
    assert changes(store) == [(ident(20), "open")]
    rules = [{"benchmark": "bench", "direction": "higher"}]
    config = store.file("higher.json", json.dumps({"verdicts": {"rules": rules}}))
    assert changes(store, "--config", config) == [(ident(20), "better")]
    store.ok("alerts", "update")
    said = json.loads(store.ok("alerts", "update", "--config", config, "--format", "json").stdout)
    assert (said["fixed"], said["active"]) == (1, 0)
    said = json.loads(store.ok("alerts", "update", "--format", "json").stdout)
    assert (said["reopened"], said["active"]) == (1, 1)


@pytest.mark.parametrize("unit, status", [("bytes/s", "better"), ("bytes", "open"), ("queries/s", "better")])
def test_the_unit_says_which_way_is_worse(store, unit, status):  # noqa: F811
    line([(v, unit) for v in UP]).write(store)
    assert changes(store) == [(ident(20), status)]
