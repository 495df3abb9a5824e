"""`compare --measure` and benchmarks that were renamed between the two commits: "aliases" of lance-bench.json."""

import pytest

from test_measure import commit, compare, quick, repo  # noqa: F401: fixtures of that file


def aliases(**names):
    return {"aliases": names}


def test_a_renamed_benchmark_is_held_against_what_it_was(quick, repo):  # noqa: F811
    base = commit(repo, ["table_scan latency 1000 1", "disk/read latency 300 0", "gone latency 5 0"])
    head = commit(repo, ["scan latency 1100 1", "io/read latency 300 0", "fresh latency 5 0"],
                  {"aliases": {"scan": ["table_scan"], "io/*": ["disk/*"]}}, salt=500)
    done, printed, rows = compare(quick, repo, base, head)
    assert done.returncode == 2, done.stderr
    assert {name: row["verdict"] for name, row in rows.items()} == {"scan": "worse", "io/read": "same"}
    assert rows["scan"]["base_name"] == "table_scan" and "it was called table_scan" in rows["scan"]["notes"]
    assert rows["io/read"]["base_name"] == "disk/read"
    assert printed["only_base"] == ["gone"] and printed["only_head"] == ["fresh"]


def test_without_an_alias_they_have_nothing_in_common(quick, repo):  # noqa: F811
    base = commit(repo, ["table_scan latency 1000 1"])
    head = commit(repo, ["scan latency 1100 1"], {"aliases": {"other": ["table_scan"]}}, salt=500)
    assert compare(quick, repo, base, head)[0].returncode == 5


def test_an_alias_hides_nothing(quick, repo):  # noqa: F811
    """What both have under one name is compared under it, whatever HEAD says that it was."""
    base = commit(repo, ["scan latency 1000 1", "quick latency 1200 1"])
    head = commit(repo, ["scan latency 1200 1", "other latency 1000 1", "quick latency 1200 1"],
                  aliases(other=["scan", "quick"]), salt=500)
    done, printed, rows = compare(quick, repo, base, head)
    assert done.returncode == 2, done.stderr
    assert rows["scan"]["verdict"] == "worse" and rows["scan"]["base_name"] == "scan"
    assert rows["quick"]["base_name"] == "quick"
    assert printed["only_head"] == ["other"] and printed["only_base"] == []


def test_one_old_name_is_one_benchmark(quick, repo):  # noqa: F811
    base = commit(repo, ["scan latency 1000 0", "sweep latency 500 0"])
    head = commit(repo, ["both latency 1000 0"], {"aliases": {"both": ["s*"]}})
    _, printed, rows = compare(quick, repo, base, head, "--max-pairs", 10)
    assert rows["both"]["base_name"] == "scan" and rows["both"]["verdict"] == "same"
    assert printed["only_base"] == ["sweep"] and printed["only_head"] == []


def test_rules_of_the_base_go_by_its_names(quick, repo):  # noqa: F811
    """A rename does not get away from the base's rules, nor into those that ignore."""
    rules = {"verdicts": {"rules": [{"benchmark": "flaky*", "ignore": True},
                                    {"benchmark": "rough", "minimum_effect": "30%"}]}}
    base = commit(repo, ["scan latency 1000 1", "rough latency 1000 1"], rules)
    head = commit(repo, ["flaky_scan latency 1200 1", "fine latency 1200 1"],
                  aliases(flaky_scan=["scan"], fine=["rough"]), salt=500)
    done, printed, rows = compare(quick, repo, base, head)
    assert printed["ignored"] == 0, done.stderr
    assert {name: row["verdict"] for name, row in rows.items()} == {"flaky_scan": "worse", "fine": "same"}


def test_the_base_may_be_the_later_one(quick, repo):  # noqa: F811
    before = commit(repo, ["table_scan latency 1000 0"])
    after = commit(repo, ["scan latency 1000 0"], aliases(scan=["table_scan"]))
    _, printed, rows = compare(quick, repo, after, before, "--max-pairs", 10)
    assert rows["table_scan"]["base_name"] == "scan" and rows["table_scan"]["verdict"] == "same"
    assert printed["only_base"] == printed["only_head"] == []


@pytest.mark.parametrize("word", ["table", "sc"])
def test_both_names_can_be_asked_for(quick, repo, word):  # noqa: F811
    base = commit(repo, ["table_walk latency 1000 0", "other latency 5 0"])
    head = commit(repo, ["scan latency 1000 0", "other latency 5 0"], aliases(scan=["table_walk"]))
    _, printed, rows = compare(quick, repo, base, head, "--benchmark", word, "--max-pairs", 10)
    assert list(rows) == ["scan"] and printed["only_base"] == printed["only_head"] == []
