"""`changes`, and `compare --history`: what is said of a history, and of a commit held against it."""

import json
import random

import pytest
from history_helpers import History, ident, noisy
from store_helpers import error_line, store  # noqa: F401


def changes(store, *words, code=0):
    done = store.run("changes", "--format", "json", *words)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def against(store, *words, code=0):
    done = store.run("compare", "--history", "--format", "json", *words)
    assert done.returncode == code, done.stderr + done.stdout
    return json.loads(done.stdout)


def from_stdin(store, document, *words):
    return store.run(*words, "--stdin", input=document if isinstance(document, str) else json.dumps(document))


# -- series on standard input


def test_stdin_gives_the_first_point_of_each_level(store):
    series = [
        {"name": "a \"name\"", "values": noisy([100] * 30 + [110] * 30)},
        {"values": [1, 2, 3], "name": "short"},
        {"name": "gaps", "values": [None if i % 4 == 1 else v for i, v in enumerate(noisy([5] * 40 + [6] * 40))]},
        {"name": "lists", "values": [[v, v, None] for v in noisy([100] * 20 + [120] * 20)] + [[]]},
        {"name": "empty", "values": []},
        {"name": "zeros", "values": [0] * 50},
    ]
    done = from_stdin(store, {"version": 1, "series": series}, "changes")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "a \"name\"": [30], "short": [], "gaps": [40], "lists": [20], "empty": [], "zeros": []}
    assert from_stdin(store, {"series": series}, "changes").stdout == done.stdout


def test_stdin_without_series_gives_nothing(store):
    assert json.loads(from_stdin(store, {"series": []}, "changes").stdout) == {}


@pytest.mark.parametrize("document, said", [
    ("{}", "series"), ("[]", "object"), ('{"series": [{"name": "a"}]}', "values"),
    ('{"series": [{"values": [1]}]}', "name"), ('{"series": [{"name": "a", "values": ["x"]}]}', "number"),
    ('{"series": [', "end"), ("", "end"),
])
def test_broken_input_is_one_clear_line(store, document, said):
    assert said in error_line(from_stdin(store, document, "changes"), 1)


def test_rule_on_standard_input_holds_one_error_rate_over_all_tests(store):
    history = noisy([100] * 20)
    tests = [{"history": history, "values": [v]} for v in (100, 103.2, 120)]
    document = {"tests": [*tests, {"history": [1], "values": [1]}]}
    verdicts = json.loads(from_stdin(store, document, "compare").stdout)
    assert [v["verdict"] for v in verdicts] == ["same", "worse", "worse", "no history"]
    assert verdicts[1]["p_adjusted"] == pytest.approx(2 * 1.25 * verdicts[1]["p_higher"]), "Holm and the margin"
    alone = json.loads(from_stdin(store, {**document, "alpha": .01, "together": False}, "compare").stdout)
    assert alone[1]["p_adjusted"] == alone[1]["p_higher"] == verdicts[1]["p_higher"]
    assert "alpha" in error_line(from_stdin(store, {"alpha": 2, "tests": []}, "compare"), 1)


# -- the stored history


def test_a_regression_is_found_with_its_commit(store):
    history = History()
    history.line(noisy([1e6] * 30 + [1.1e6] * 20))
    history.line(noisy([500.0] * 50, seed=2), name="steady")
    history.tables["commits"] = history.tables["commits"][:50]
    history.write(store)
    found, = changes(store)
    assert (found["benchmark"], found["last_before"], found["first_after"]) == ("bench", ident(29), ident(30))
    assert (found["commits"], found["cause"], found["status"]) == (1, ["code"], "open")
    assert found["change_low"] < .1 < found["change_high"] and found["change"] == pytest.approx(.1, abs=.01)
    assert found["confidence"] > .999 and found["units"] == "nanoseconds"
    assert changes(store, "--fail-on", "regression", code=2) == [found]
    text = store.ok("changes").stdout
    assert ident(30)[:7] in text and "+10 %" in text and "open" in text
    assert store.ok("changes", "--format", "markdown").stdout.startswith("| benchmark ")
    assert "No change in 1 series" in store.ok("changes", "--benchmark", "steady").stdout
    assert changes(store, "--benchmark", "steady", "--fail-on", "regression") == []


def test_what_recovers_is_not_open_and_higher_throughput_is_better(store):
    history = History()
    history.line(noisy([100.0] * 20 + [120.0] * 15 + [100.0] * 20))
    history.line(noisy([100.0] * 20 + [120.0] * 35, seed=3), name="scan#throughput")
    history.write(store)
    by_name = {}
    for found in changes(store):
        by_name.setdefault(found["benchmark"], []).append(found["status"])
    assert by_name == {"bench": ["better", "recovered"], "scan#throughput": ["better"]}
    assert changes(store, "--open", "--fail-on", "regression") == []
    assert "No open regression" in store.ok("changes", "--open").stdout


def test_order_is_that_of_first_parents_whatever_the_clocks_say(store):
    history = History()
    values = noisy([100.0] * 20 + [110.0] * 20)
    for i, value in enumerate(values):
        time = 3600 * i - (500_000 if i % 7 == 3 else 0)
        history.commit(i, i - 1 if i else None, time)
        history.result(i, value, time=time)
    history.write(store)
    found, = changes(store)
    assert (found["last_before"], found["first_after"], found["commits"]) == (ident(19), ident(20), 1)


def test_side_branches_are_left_out(store):
    history = History()
    history.line(noisy([100.0] * 40))
    for i in range(12, 24):
        history.commit(f"side {i}", f"side {i - 1}" if i > 12 else 11, 3600 * i + 1)
        history.result(f"side {i}", 150.0 + i / 10, time=3600 * i + 1)
    history.write(store)
    assert changes(store) == []


def test_commits_that_were_not_measured_are_a_gap(store):
    history = History()
    for i, value in enumerate(noisy([100.0] * 25 + [110.0] * 25)):
        history.commit(i, i - 1 if i else None, 3600 * i)
        if not 22 <= i < 26:
            history.result(i, value, time=3600 * i)
    history.write(store)
    found, = changes(store)
    assert (found["commits"], found["cause"]) == (5, ["code", "gap"])


def test_toolchain_and_test_bed_are_named_where_they_changed_with_the_level(store):
    history = History()
    history.session("old")
    history.session("new", toolchain="rustc 1.95")
    for i, value in enumerate(noisy([100.0] * 20 + [110.0] * 20)):
        history.result(i, value, time=3600 * i, name="by toolchain", session="old" if i < 20 else "new")
    for i, value in enumerate(noisy([100.0] * 20 + [110.0] * 20, seed=4)):
        history.result(i, value, time=3600 * i, name="by kernel", session="old",
                       os="Linux 6.1" if i < 20 else "Linux 6.12")
    history.write(store)
    assert {f["benchmark"]: f["cause"] for f in changes(store)} == {
        "by toolchain": ["toolchain"], "by kernel": ["test bed"]}


def test_spoiled_results_and_invalidated_runs_do_not_count(store):
    history = History()
    history.session("good")
    history.session("bad", canary="spoiled")
    for i, value in enumerate(noisy([100.0] * 40)):
        history.result(i, value * (1.5 if i >= 30 else 1), time=3600 * i, session="bad" if i >= 30 else "good")
    history.write(store)
    assert changes(store) == []


def test_runs_of_one_commit_count_as_one_point(store):
    history = History()
    rng = random.Random(5)
    for i in range(40):
        history.commit(i, i - 1 if i else None, 3600 * i)
        for run in range(1 + i % 3):
            level = 100.0 if i < 20 else 110.0
            history.result(i, level * (1 + .005 * rng.gauss(0, 1)), time=3600 * i, run=f"{i}/{run}")
    history.write(store)
    found, = changes(store)
    assert found["first_after"] == ident(20)


def test_nothing_stored_is_no_data(store):
    assert "no results" in error_line(store.run("changes"), 3)
    assert "no results" in error_line(store.run("compare", "--history"), 3)
    assert "--fail-on" in error_line(store.run("changes", "--fail-on", "anything"), 129)


# -- one commit against its history


def test_a_slower_commit_is_worse_and_exits_with_2(store):
    history = History()
    history.line(noisy([1e6] * 25) + [1.08e6])
    history.line(noisy([100.0] * 26, seed=6, noise=.002), name="steady")
    history.tables["commits"] = history.tables["commits"][:26]
    history.write(store)
    said = against(store, code=2)
    assert (said["commit"], said["verdict"], said["correction"]) == (ident(25), "worse", "Holm")
    by_name = {b["benchmark"]: b for b in said["benchmarks"]}
    worse, steady = by_name["bench"], by_name["steady"]
    assert worse["verdict"] == "worse" and worse["change_low"] < .08 < worse["change_high"] and worse["history"] == 25
    assert steady["verdict"] == "same" and steady["noise"] < .004 and steady["smallest"] < .02
    assert "worse" in store.run("compare", "--history", ident(25)[:9]).stdout
    assert against(store, ident(20), "--benchmark", "steady")["benchmarks"][0]["history"] == 20


def test_only_the_level_since_the_last_change_counts(store):
    history = History()
    history.line(noisy([100.0] * 20 + [150.0] * 12) + [150.5])
    history.write(store)
    bench, = against(store)["benchmarks"]
    assert (bench["verdict"], bench["history"], bench["history_from"]) == ("same", 12, ident(20))


def test_noise_makes_it_unsure_and_says_how_many_runs_would_tell(store):
    history = History()
    history.line(noisy([100.0] * 30, noise=.06) + [104.0])
    history.write(store)
    bench, = against(store)["benchmarks"]
    assert bench["verdict"] == "unsure" and "cannot tell" in bench["notes"][0]
    assert bench["smallest"] > .05
    against(store, "--fail-on", "unsure", code=2)
    assert against(store, "--matters", "100")["verdict"] == "same"


def test_no_history_and_not_comparable_have_exit_codes_of_their_own(store):
    history = History()
    history.session("old")
    history.session("new", toolchain="rustc 1.95")
    for i, value in enumerate(noisy([100.0] * 12)):
        history.result(i, value, time=3600 * i, session="old" if i < 11 else "new")
    history.write(store)
    assert "rustc 1.95" in error_line(store.run("compare", "--history", ident(11)), 5)
    assert "no history" in error_line(store.run("compare", "--history", ident(1)), 3)
    assert "no results of commit" in error_line(store.run("compare", "--history", "fffffff"), 3)
    assert error_line(store.run("compare", "--history", "--benchmark", "none"), 3) == "error: no stored result matches"


def test_a_pull_request_is_held_against_the_default_history(store):
    history = History()
    history.line(noisy([100.0] * 20))
    history.commit("request", 14, 3600 * 30)
    for run in range(3):
        history.result("request", 112.0 + run / 10, time=3600 * 30, run=f"pr {run}", table="results_pr")
    history.write(store)
    bench, = against(store, ident("request"), "--pull-request", code=2)["benchmarks"]
    assert (bench["runs"], bench["history"], bench["history_to"]) == (3, 15, ident(14))
    assert "no results of commit" in error_line(store.run("compare", "--history", ident("request")), 3)


@pytest.mark.parametrize("words", [
    ("--history", "abcdef0", "abcdef1"), ("--history", "xyz"), ("--history", "--alpha", "1"),
    ("--history", "--fail-on", "worse"), ("--history", "--matters", "0"), ("--history", "--pull-request"),
    ("abcdef0",), ("--stdin", "abcdef0"),
])
def test_wrong_usage_of_compare_is_one_line(store, words):
    error_line(store.run("compare", *words), 129)
