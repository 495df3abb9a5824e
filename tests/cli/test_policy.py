"""The verdicts of a project's own rules: lance-bench.json, from --config or a repository's base."""

import json
import re

import pytest
from history_helpers import History, ident, noisy
from run_helpers import git
from store_helpers import error_line, store  # noqa: F401

OLD = noisy([100] * 20)


def write(store, **series):
    history = History()
    longest = max(len(values) for values, _ in series.values())
    for i in range(longest):
        history.commit(i, i - 1 if i else None, 3600 * i)
    for name, (values, options) in series.items():
        for i, value in enumerate(values):
            if value is not None:
                history.result(i, value, time=3600 * i, name=name, **options)
    history.write(store)


def policy(store, name="policy.json", **document):
    return store.file(name, json.dumps(document))


def verdicts(store, *words, code=0):
    done = store.run("compare", "--history", "--format", "json", *words)
    assert done.returncode == code, done.stderr + done.stdout
    return {v["benchmark"]: v for v in json.loads(done.stdout)["benchmarks"]}


def statuses(store, *words):
    return {(c["benchmark"], c["first_after"]): c["status"]
            for c in json.loads(store.ok("changes", "--format", "json", *words).stdout)}


# -- direction and counts


@pytest.mark.parametrize("name, units, up", [
    ("scan", "nanoseconds", "worse"), ("scan#recall", "ratio", "better"), ("scan#cache_hit_rate", "ratio", "better"),
    ("scan#throughput", "bytes/s", "better"), ("scan#read_bytes", "bytes", "worse"), ("scan#allocations", "", "worse"),
    ("scan#read_iops", "count", "worse"), ("scan#instructions", "count", "worse"), ("scan#x", "rows/s", "better"),
])
def test_each_metric_has_its_direction(store, name, units, up):
    write(store, **{name: (noisy([100] * 20 + [130] * 5), {"units": units})})
    assert verdicts(store, ident(20), code=2 if up == "worse" else 0)[name]["verdict"] == up
    assert set(statuses(store).values()) == {"open" if up == "worse" else "better"}


@pytest.mark.parametrize("last, verdict, code", [
    (1_000_001, "worse", 2), (999_999, "better", 0), (1_000_000, "same", 0)])
def test_a_count_without_spread_is_exact(store, last, verdict, code):
    write(store, **{"scan#allocations": ([1_000_000] * 10 + [last], {"units": "count"})})
    found = verdicts(store, code=code)["scan#allocations"]
    assert found["verdict"] == verdict and found["change"] == pytest.approx(last / 1_000_000 - 1)
    assert len(statuses(store)) == (last != 1_000_000)


def test_people_read_no_more_digits_than_mean_something(store):
    write(store, **{"scan#recall": (noisy([.9] * 10), {"units": "ratio"}),
                    "scan#instructions": ([1234567890] * 10, {"units": "count"})})
    shown = {line.split()[0]: line.split()[3:5] for line in store.run("compare", "--history").stdout.splitlines()[1:-1]}
    assert all(re.fullmatch(r"0\.\d{1,6}", number) for number in shown["scan#recall"]), shown
    assert shown["scan#instructions"] == ["1234567890", "1234567890"]


def test_a_count_that_was_none_is_worse_when_there_is_one(store):
    write(store, **{"scan#allocations": ([0] * 8 + [3], {"units": "count"})})
    assert verdicts(store, code=2)["scan#allocations"]["verdict"] == "worse"


def test_a_count_with_spread_is_tested_like_a_time(store):
    write(store, **{"scan#read_bytes": (noisy([1e6] * 25), {"units": "bytes"})})
    assert verdicts(store)["scan#read_bytes"]["verdict"] == "same"
    assert statuses(store) == {}


def test_a_time_without_spread_is_no_count_unless_a_rule_says_so(store):
    write(store, scan=([1_000_000] * 10 + [1_000_001], {}))
    assert verdicts(store)["scan"]["verdict"] == "same"
    config = policy(store, verdicts={"rules": [{"benchmark": "scan", "exact": True}]})
    assert verdicts(store, "--config", config, code=2)["scan"]["verdict"] == "worse"
    config = policy(store, verdicts={"rules": [{"benchmark": "scan", "exact": True, "direction": "higher"}]})
    assert verdicts(store, "--config", config)["scan"]["verdict"] == "better"


# -- thresholds


def test_a_minimum_effect_takes_calls_back_and_makes_none(store):
    write(store, scan=(noisy([100] * 20 + [106] * 8), {}), take=(noisy([100] * 20 + [140] * 8, seed=3), {}))
    commit = ident(20)
    assert {n: v["verdict"] for n, v in verdicts(store, commit, code=2).items()} == {"scan": "worse", "take": "worse"}
    config = policy(store, verdicts={"rules": [{"benchmark": "scan", "minimum_effect": "20%"}]})
    found = verdicts(store, commit, "--config", config, code=2)
    assert {n: v["verdict"] for n, v in found.items()} == {"scan": "same", "take": "worse"}
    assert found["scan"]["change"] == pytest.approx(.06, abs=.03), "what was measured is said all the same"
    found = statuses(store, "--config", config)
    assert (found["scan", commit], found["take", commit]) == ("small", "open")
    both = policy(store, verdicts={"minimum_effect": "60 %"})
    assert set(v["verdict"] for v in verdicts(store, commit, "--config", both).values()) == {"same"}
    assert set(v["verdict"] for v in verdicts(store, commit, "--minimum-effect", 60).values()) == {"same"}
    # The rule for one benchmark stands before the command line's for all.
    assert verdicts(store, commit, "--minimum-effect", 60, "--config", policy(store, verdicts={"rules": [
        {"benchmark": "take", "minimum_effect": "1%"}]}), code=2)["take"]["verdict"] == "worse"


def test_what_matters_is_said_for_each_benchmark(store):
    write(store, scan=(noisy([100] * 25), {}), take=(noisy([100] * 25, seed=9), {}))
    config = policy(store, verdicts={"matters": "50%", "rules": [{"benchmark": "take", "matters": "0.1%"}]})
    found = verdicts(store, "--config", config)
    assert (found["scan"]["verdict"], found["take"]["verdict"]) == ("same", "unsure")
    assert "0.1 %" in " ".join(found["take"]["notes"]) or "too noisy" in " ".join(found["take"]["notes"])


def test_alpha_is_the_projects_unless_the_command_line_says_otherwise(store):
    write(store, scan=(OLD + [103.2], {}))
    config = policy(store, verdicts={"alpha": 1e-9})
    assert verdicts(store, code=2)["scan"]["verdict"] == "worse"
    assert verdicts(store, "--config", config)["scan"]["verdict"] != "worse"
    assert verdicts(store, "--config", config, "--alpha", .05, code=2)["scan"]["verdict"] == "worse"


def test_the_last_rule_that_matches_and_has_a_setting_counts(store):
    write(store, **{"io/scan": (OLD + [130], {}), "io/scan#recall": (OLD + [70], {"units": "ratio"})})
    rules = [{"benchmark": "io/*", "ignore": True}, {"metric": "recall", "minimum_effect": "90%"},
             {"benchmark": "io/s*", "metric": "recall", "ignore": False}]
    found = verdicts(store, "--config", policy(store, verdicts={"rules": rules}))
    assert list(found) == ["io/scan#recall"] and found["io/scan#recall"]["verdict"] != "worse"
    rules.append({"test_bed": "b?d", "ignore": False, "minimum_effect": "0%"})
    found = verdicts(store, "--config", policy(store, verdicts={"rules": rules}), code=2)
    assert {v["verdict"] for v in found.values()} == {"worse"} and len(found) == 2


def test_ignored_benchmarks_are_no_part_of_the_family(store):
    write(store, **{f"b{i}": (noisy([100] * 20, seed=i) + [103], {}) for i in range(30)})
    rules = [{"benchmark": "*", "ignore": True}, {"benchmark": "b0", "ignore": False}]
    config = policy(store, verdicts={"rules": rules})
    done = store.run("compare", "--history", "--format", "json", "--config", config)
    said = json.loads(done.stdout)
    assert said["ignored"] == 29 and len(said["benchmarks"]) == 1
    all_of_them = verdicts(store, code=store.run("compare", "--history").returncode)
    assert said["benchmarks"][0]["p_adjusted"] < all_of_them["b0"]["p_adjusted"]


# -- renames


def test_a_renamed_benchmark_keeps_its_history(store):
    write(store, scan=([None] * 10 + OLD[10:] + [130], {}), table_scan=(OLD[:10], {}),
          **{"other#recall": ([None] * 12 + [.9] * 9, {"units": "ratio"}),
             "old_other#recall": ([.9] * 12, {"units": "ratio"})})
    assert verdicts(store, code=2)["scan"]["history"] == 10
    config = policy(store, aliases={"scan": ["none", "table_sc*"], "o*": "old_o*"})
    found = verdicts(store, "--config", config, code=2)
    assert found["scan"]["history"] == 20 and found["scan"]["verdict"] == "worse"
    assert found["other#recall"]["history"] == 20, "the metric stays"
    narrow = verdicts(store, "--config", config, "--benchmark", "scan", code=2)
    assert list(narrow) == ["scan"] and narrow["scan"]["history"] == 20, "options name it as it is called now"
    assert verdicts(store, code=2)["scan"]["history"] == 10, "nothing of it is stored"


def test_where_both_names_are_at_one_commit_the_new_one_counts_and_that_is_said(store):
    write(store, scan=([None] * 10 + OLD[10:], {}), old=([v * 2 for v in OLD[:12]], {}))
    config = policy(store, aliases={"scan": "old"})
    done = store.run("changes", "--format", "json", "--config", config)
    assert done.returncode == 0 and "both 'scan' and 'old'" in done.stderr
    found, = json.loads(done.stdout)
    assert found["first_after"] == ident(10) and found["after"] == pytest.approx(100, rel=.02)


# -- where the rules come from


def test_rules_are_those_of_the_base_and_gone_with_it(store, tmp_path):
    write(store, scan=(OLD + [130], {}))
    repo = tmp_path / "repo"
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main")
    git(repo, "commit", "-q", "--allow-empty", "-m", "nothing yet")
    (repo / "lance-bench.json").write_text(json.dumps({"verdicts": {"minimum_effect": "50%"}}))
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "with rules")
    assert verdicts(store, "--repo", repo)["scan"]["verdict"] == "same"
    assert verdicts(store, "--repo", repo, "--base", "main~1", code=2)["scan"]["verdict"] == "worse"
    # What lies in the folder, and is not committed, is nobody's word.
    (repo / "lance-bench.json").write_text("{}")
    assert verdicts(store, "--repo", repo)["scan"]["verdict"] == "same"
    git(repo, "rm", "-q", "-f", "lance-bench.json")
    git(repo, "commit", "-q", "-m", "no rules")
    assert verdicts(store, "--repo", repo, code=2)["scan"]["verdict"] == "worse"
    assert "no-such" in error_line(store.run("compare", "--history", "--repo", repo, "--base", "no-such"), 1)


def test_a_policy_in_the_current_folder_is_not_read(store):
    write(store, scan=(OLD + [130], {}))
    store.file("lance-bench.json", json.dumps({"verdicts": {"minimum_effect": "50%"}}))
    assert verdicts(store, code=2)["scan"]["verdict"] == "worse"


@pytest.mark.parametrize("document, said", [
    ({"verdict": {}}, 'unknown key "verdict", did you mean "verdicts"?'),
    ({"verdicts": {"matter": "3%"}}, 'unknown key "matter" in verdicts, did you mean "matters"?'),
    ({"verdicts": {"alpha": 1}}, "verdicts.alpha has to be a number above 0 and below .5"),
    ({"verdicts": {"rules": [{"benchmark": "a", "minimum": "3%"}]}}, 'unknown key "minimum" in verdicts.rules[0]'),
    ({"verdicts": {"rules": [{"benchmark": "a", "matters": 3}]}},
     'verdicts.rules[0].matters has to be a share such as "3%"'),
    ({"verdicts": {"rules": [{"ignore": True}]}}, "verdicts.rules[0] has neither"),
    ({"verdicts": {"rules": [{"benchmark": "a"}]}}, "verdicts.rules[0] says nothing"),
    ({"verdicts": {"rules": [{"metric": "a", "direction": "up"}]}}, 'direction is "higher" or "lower"'),
    ({"aliases": {"a": ["b"], "c": ["b"]}}, '"b" is an old name of "a" already'),
    ({"aliases": {"a": ["b"], "b": ["c"]}}, '"b" is an old name of "a": list its old names there'),
    ({"aliases": {"a": "a"}}, "is the new name itself"),
    ({"aliases": {"a*": "b"}}, "has to have one *"),
    ({"aliases": {"a#recall": "b"}}, "one names a metric and the other does not"),
])
def test_a_wrong_policy_is_one_clear_line(store, document, said):
    write(store, scan=(OLD, {}))
    config = policy(store, **document)
    for words in (("compare", "--history"), ("changes",), ("alerts", "update")):
        assert said in error_line(store.run(*words, "--config", config), 129)


# -- exit codes: no data, failed, not comparable and slower are four answers


def mixed(*kinds):
    """A history of one commit held against it, with a benchmark of each kind."""
    history = History()
    for i in range(21):
        history.commit(i, i - 1 if i else None, 3600 * i)
    for name in kinds:
        new = {"worse": 130, "better": 70, "same": 100}.get(name, 101)
        cpu = "another CPU" if name == "not comparable" else "a CPU"
        for i in range(20):
            if name != "no history":
                value = OLD[i] if name != "unsure" else 100 + 12 * (i % 2)
                history.result(i, value, time=3600 * i, name=name)
        history.result(20, new, time=3600 * 20, name=name, cpu=cpu)
    return history


@pytest.mark.parametrize("kinds, code, failing_on_unsure", [
    (["same"], 0, 0), (["better"], 0, 0), (["worse"], 2, 2), (["unsure"], 0, 2), (["no history"], 3, 3),
    (["not comparable"], 5, 5), (["same", "no history"], 0, 0), (["same", "not comparable"], 0, 0),
    (["unsure", "not comparable"], 0, 2), (["worse", "unsure", "no history", "not comparable"], 2, 2),
    (["no history", "not comparable"], 5, 5),
])
def test_exit_codes_of_a_comparison(store, kinds, code, failing_on_unsure):
    mixed(*kinds).write(store)
    done = store.run("compare", "--history", "--format", "json")
    assert done.returncode == code, done.stderr
    assert store.run("compare", "--history", "--fail-on", "unsure").returncode == failing_on_unsure
    if code in (0, 2):
        found = {v["benchmark"]: v["verdict"] for v in json.loads(done.stdout)["benchmarks"]}
        assert found == {kind: kind for kind in kinds}


@pytest.mark.parametrize("words, without, calm, worse", [
    (["changes"], 3, 0, 0), (["changes", "--fail-on", "regression"], 3, 0, 2),
    (["alerts", "update"], 3, 0, 0), (["alerts", "update", "--fail-on", "open"], 3, 0, 2),
    (["alerts", "list", "--fail-on", "open"], 0, 0, 2), (["compare", "--history"], 3, 0, 2),
])
def test_exit_codes_agree(store, words, without, calm, worse):
    assert store.run(*words).returncode == without
    write(store, scan=(noisy([100] * 25), {}))
    assert store.run(*words).returncode == calm
    other = type(store)(store.agent, store.folder / "other")
    write(other, scan=(noisy([100] * 22 + [130] * 3), {}))
    other.ok("alerts", "update")
    commit = [ident(22)] if words[0] == "compare" else []
    assert other.run(*words, *commit).returncode == worse


@pytest.mark.parametrize("command", ["changes", "report", "compare --history", "alerts update"])
@pytest.mark.parametrize("source", [("--config", "nosuch.json"), ("--repo", "nosuch")])
def test_rules_that_are_not_where_they_should_be_are_an_error_and_not_a_lack_of_results(store, command, source):
    write(store, scan=([100] * 10, {}))
    done = store.run(*command.split(), *source)
    assert (done.returncode, done.stdout) == (1, "")
    assert source[1] in done.stderr and "no results" not in done.stderr
