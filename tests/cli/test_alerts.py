"""`alerts`: one for each cause, opened, acknowledged, expected, fixed and reopened."""

import json
import os
import random
import shutil
import signal
import time

import github_description
import pytest
from github_server import GitHubServer
from history_helpers import History, ident, noisy
from run_helpers import git
from store_helpers import error_line, store  # noqa: F401


def update(store, *words, code=0):
    done = store.run("alerts", "update", "--format", "json", *words)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def alerts(store, state="all"):
    return json.loads(store.ok("alerts", "list", "--state", state, "--format", "json").stdout)


def history(store, **series):
    """A database with these results and no others (None: not measured); its alerts stay."""
    written = History()
    longest = max(len(values) for values in series.values())
    for i in range(longest):
        written.commit(i, i - 1 if i else None, 3600 * i)
    for name, values in series.items():
        for i, value in enumerate(values):
            if value is not None:
                written.result(i, value, time=3600 * i, name=name)
    for table in written.tables:
        shutil.rmtree(f"{store.db}/{table}.lance", ignore_errors=True)
    written.write(store)


def test_a_regression_opens_an_alert_once(store):
    history(store, scan=noisy([100] * 20 + [120] * 8), take=noisy([100] * 28, seed=2))
    assert update(store) == {"opened": 1, "reopened": 0, "expected": 0, "fixed": 0, "active": 1, "unacknowledged": 1,
                             "stale": False}
    alert, = alerts(store, "open")
    assert (alert["last_before"], alert["first_after"]) == (ident(19), ident(20))
    assert alert["results"] == alert["still_worse"] == 1 and alert["worst"] == "scan"
    assert alert["causes"] == ["code"] and alert["project"] == "lance"
    assert alert["worst_change"] == pytest.approx(.2, abs=.02)
    assert alert["title"].startswith(f"scan worse with {ident(20)[:7]}: +")
    member, = alert["benchmarks"]
    assert (member["benchmark"], member["test_bed"], member["status"]) == ("scan", "bed", "open")
    state = store.state()
    assert update(store)["opened"] == 0
    assert store.state() == state, "what changes nothing makes no version"


def test_a_thousand_benchmarks_with_one_cause_are_one_alert(store):
    rng = random.Random(7)
    series = {}
    for i in range(1000):
        level = rng.uniform(10, 1e6)
        values = noisy([level] * 25 + [level * rng.uniform(1.03, 1.3)] * 12, seed=1000 + i)
        series[f"bench {i}"] = values
    history(store, **series)
    assert update(store)["opened"] == 1
    alert, = alerts(store)
    assert alert["first_after"] == ident(25) and alert["last_before"] == ident(24)
    assert 900 <= alert["results"] <= 1000
    assert alert["title"].startswith(f"{alert['results']} results worse with {ident(25)[:7]}, the worst ")


def test_two_causes_are_two_alerts(store):
    history(store, a=noisy([100] * 15 + [130] * 15), b=noisy([100] * 15 + [130] * 15, seed=2),
            c=noisy([100] * 24 + [130] * 6, seed=3))
    assert update(store)["opened"] == 2
    assert sorted((a["first_after"], a["results"]) for a in alerts(store)) == sorted([(ident(15), 2), (ident(24), 1)])


def test_a_change_for_the_better_is_none(store):
    history(store, a=noisy([130] * 15 + [100] * 15))
    assert update(store)["active"] == 0
    assert alerts(store) == []
    assert "No alert is open" in store.ok("alerts", "list", "--state", "open").stdout


def test_one_that_recovers_closes_itself_and_opens_again_when_it_comes_back(store):
    slow = [100] * 15 + [130] * 10
    history(store, scan=noisy(slow))
    assert update(store)["opened"] == 1
    ident_of, = [a["alert"] for a in alerts(store)]
    history(store, scan=noisy(slow + [100] * 10))
    assert update(store)["fixed"] == 1
    fixed, = alerts(store, "fixed")
    assert fixed["alert"] == ident_of and fixed["fixed_by"] == ident(25) and fixed["closed"]
    assert fixed["reason"] == "the results went back" and fixed["still_worse"] == 0
    assert update(store)["fixed"] == 0
    history(store, scan=noisy(slow + [100] * 10 + [131] * 10))
    assert update(store)["reopened"] == 1
    reopened, = alerts(store)
    assert (reopened["alert"], reopened["state"], reopened["reopened"]) == (ident_of, "reopened", 1)
    assert reopened["first_after"] == ident(35) and reopened["fixed_by"] is None and reopened["closed"] is None


def test_one_whose_results_are_gone_is_closed_and_says_so(store):
    history(store, scan=noisy([100] * 15 + [130] * 10))
    update(store)
    config = store.file("lance-bench.json", json.dumps({"verdicts": {"rules": [{"benchmark": "s*", "ignore": True}]}}))
    assert update(store, "--config", config)["fixed"] == 1
    assert alerts(store)[0]["reason"] == "the change is not found any more"
    assert update(store)["reopened"] == 1, "a rule that is gone is gone"


def test_acknowledged_stays_so_and_does_not_fail(store):
    history(store, scan=noisy([100] * 15 + [130] * 10))
    assert update(store, "--fail-on", "open", code=2)["active"] == 1
    assert store.run("alerts", "list", "--fail-on", "open").returncode == 2
    short = alerts(store)[0]["alert"][:8]
    store.ok("alerts", "ack", short, "--note", "looked at")
    alert, = alerts(store, "acknowledged")
    assert alert["note"] == "looked at" and alert["acknowledged"]
    assert update(store, "--fail-on", "open")["active"] == 1
    store.ok("alerts", "list", "--fail-on", "open")


def test_expected_moves_the_baseline(store):
    history(store, **{"scan[a]#wall": noisy([100] * 15 + [130] * 10), "other": noisy([100] * 25, seed=4)})
    update(store)
    store.ok("alerts", "expect", alerts(store)[0]["alert"], "--note", "the checksum")
    alert, = alerts(store)
    assert (alert["state"], alert["note"]) == ("expected", "the checksum")
    assert update(store, "--fail-on", "open")["active"] == 0
    found, = json.loads(store.ok("changes", "--format", "json", "--fail-on", "regression").stdout)
    assert (found["status"], found["expected_at"], found["expected_reason"]) == ("expected", ident(15), "the checksum")
    against = json.loads(store.ok("compare", "--history", "--format", "json").stdout)
    scan, = [v for v in against["benchmarks"] if v["benchmark"].startswith("scan")]
    assert scan["history_from"] == ident(15) and "was expected" in " ".join(scan["notes"])
    assert error_line(store.run("alerts", "ack", alert["alert"]), 129)


@pytest.mark.parametrize("alias", [{"scan": "table_scan"}, {"scan": ["table_sca?"]}, {"sc*": ["table_sc*"]}])
def test_what_was_accepted_under_a_former_name_stays_accepted(store, alias):
    history(store, table_scan=noisy([100] * 15 + [130] * 10))
    update(store)
    store.ok("alerts", "expect", alerts(store)[0]["alert"])
    config = store.file("lance-bench.json", json.dumps({"aliases": alias}))
    found, = json.loads(store.ok("changes", "--config", config, "--format", "json").stdout)
    assert (found["benchmark"], found["status"]) == ("scan", "expected")
    assert update(store, "--config", config)["active"] == 0


def test_an_alert_lives_through_a_rename(store):
    history(store, table_scan=noisy([100] * 15 + [130] * 10))
    update(store)
    short = alerts(store)[0]["alert"][:8]
    store.ok("alerts", "ack", short)
    config = store.file("lance-bench.json", json.dumps({"aliases": {"scan": "table_scan"}}))
    assert update(store, "--config", config)["opened"] == 0
    alert, = alerts(store)
    assert (alert["alert"][:8], alert["state"], alert["worst"]) == (short, "acknowledged", "scan")
    history(store, table_scan=noisy([100] * 15 + [130] * 10), scan=[None] * 25 + noisy([100] * 10, seed=3))
    assert update(store, "--config", config)["fixed"] == 1
    assert alerts(store)[0]["reason"] == "the results went back"


def test_a_trailer_of_the_branch_makes_a_change_expected(store, tmp_path):
    repo = tmp_path / "lance"
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main")
    written = History()
    values = noisy([100] * 15 + [130] * 10)
    parent = None
    for i, value in enumerate(values):
        body = "\n\nPerf-Expected: sc* a checksum of every page\n\nCo-authored-by: A <a@b.c>" if i == 15 else ""
        git(repo, "commit", "-q", "--allow-empty", "-m", f"commit {i}{body}")
        sha = git(repo, "rev-parse", "HEAD").strip()
        written.commit(i, None, 3600 * i)
        written.tables["commits"][-1].update(id=sha, parent=parent)
        written.result(i, value, time=3600 * i, name="scan")
        row = written.tables["results"][-1]
        row["metadata"] = row["metadata"].replace(ident(i), sha)
        row["dut"]["version"] = f"1.0+{sha[:7]}"
        parent = sha
    written.write(store)
    assert update(store)["opened"] == 1
    said = update(store, "--repo", repo)
    assert (said["expected"], said["active"]) == (1, 0)
    assert alerts(store)[0]["reason"].endswith(": a checksum of every page")
    assert json.loads(store.ok("changes", "--format", "json").stdout)[0]["status"] == "expected"


def test_a_label_of_a_merged_pull_request_makes_its_change_expected(store):
    with GitHubServer("owner/lance") as server:
        history(store, scan=noisy([100] * 15 + [130] * 10), take=noisy([100] * 20 + [130] * 5, seed=2))
        server.repo.add_pull(5, head_sha=ident("head"), state="closed", merged_as=ident(15), title="Checksums",
                             labels=["perf: expected"])
        server.repo.add_pull(6, head_sha=ident("head"), state="closed", merged_as=ident(20), labels=["other"])
        server.repo.add_pull(7, head_sha=ident("head"), state="closed", labels=["perf: expected"])
        assert update(store)["opened"] == 2
        done = store.run("alerts", "update", "--format", "json", "--github", "owner/lance", env=server.env())
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert (said["expected"], said["active"]) == (1, 1)
        expected, = alerts(store, "expected")
        assert expected["worst"] == "scan" and expected["reason"] == f"expected at {ident(15)[:12]}: #5: Checksums"
        assert not [p for p in server.paths("GET") if p.endswith("/pulls/6")]
        if github_description.FILE.exists():
            judge = github_description.Judge(github_description.load())
            assert not [line for record in server.requests for line in judge.check(record)]
        # What cannot be read is an error, and no answer about the database.
        assert "owner/none" in error_line(store.run("alerts", "update", "--github", "owner/none", env=server.env()), 1)


def test_two_updates_at_once_make_one_alert(store):
    history(store, **{f"b{i}": noisy([100] * 15 + [130] * 10, seed=100 + i) for i in range(20)})
    running = [store.start("alerts", "update", "--format", "json") for _ in range(4)]
    said = [json.loads(process.communicate(timeout=120)[0]) for process in running]
    assert [process.returncode for process in running] == [0] * 4
    assert sum(s["opened"] for s in said) == 1 and len(alerts(store)) == 1


def test_an_update_that_is_killed_leaves_all_or_nothing(store):
    history(store, **{f"b{i}": noisy([100] * 15 + [130 + 5 * (i % 3)] * 10, seed=100 + i) for i in range(50)})
    rng = random.Random(3)
    killed = 0
    for _ in range(12):
        process = store.start("alerts", "update")
        time.sleep(rng.uniform(0, .25))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        assert len(alerts(store)) <= 1
    assert killed, "none was caught at work"
    assert update(store)["active"] == 1
    alert, = alerts(store)
    assert alert["results"] == 50


@pytest.mark.parametrize("words, code, said", [
    (("list", "--state", "closed"), 129, "--state is one of"),
    (("list", "--fail-on", "fixed"), 129, "--fail-on is open"),
    (("ack", "abcdef12"), 1, "alerts list"),
    (("expect", "abc"), 1, "alerts list"),
    (("ack",), 129, "ALERT"),
    (("update",), 3, "no results"),
    (("update", "--base", "main"), 129, "--repo"),
])
def test_mistakes_are_one_clear_line(store, words, code, said):
    assert said in error_line(store.run("alerts", *words), code)


def test_without_alerts_the_list_is_empty(store):
    assert alerts(store) == []
