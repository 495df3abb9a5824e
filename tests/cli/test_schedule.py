"""`schedule`: is the newest commit stored, completely? Asked of a local repository of two commits."""

import json

import pytest
from run_helpers import git
from store_helpers import criterion_lines, error_line, store  # noqa: F401


@pytest.fixture
def repo(tmp_path):
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for name in ("one", "two"):
        (folder / "file").write_text(name)
        git(folder, "add", "file")
        git(folder, "commit", "-q", "-m", name)
    return folder


def state(store, repo, *words):  # noqa: F811
    (row,) = json.loads(store.ok("schedule", "--repo", repo, "--format", "json", *words).stdout)
    assert row["commit"] == git(repo, "rev-parse", "HEAD")
    return row


def publish(store, repo, *words, **options):  # noqa: F811
    commit = git(repo, "rev-parse", "HEAD")
    path = store.file("in.jsonl", criterion_lines(["a", "b"]))
    return store.publish(path, "--commit", commit, *words, version=f"1+{commit[:7]}", **options)


def test_a_commit_is_missing_until_its_results_are_stored(store, repo):  # noqa: F811
    assert state(store, repo) == {"commit": git(repo, "rev-parse", "HEAD"), "state": "missing", "runs": 0,
                                  "reason": None, "missing": []}
    assert publish(store, repo).returncode == 0
    assert state(store, repo)["state"] == "complete"


def test_another_machine_does_not_count(store, repo):  # noqa: F811
    publish(store, repo)
    row = state(store, repo, "--test-bed", "other")
    assert row["state"] == "missing" and row["runs"] == 0
    assert state(store, repo, "--test-bed", "bed")["state"] == "complete"


def test_results_of_a_pull_request_are_not_in_the_history(store, repo):  # noqa: F811
    publish(store, repo, "--pull-request")
    assert state(store, repo)["state"] == "missing"
    publish(store, repo, "--run", "main")
    row = state(store, repo)
    assert row["state"] == "complete" and row["runs"] == 1


def test_an_invalidated_run_says_why(store, repo):  # noqa: F811
    publish(store, repo, "--run", "bad")
    store.ok("invalidate", "bad", "--reason", "the fan stood still")
    row = state(store, repo)
    assert row["state"] == "invalidated" and row["reason"] == "the fan stood still"


def test_what_was_expected_and_did_not_come_is_named(store, repo):  # noqa: F811
    """What a run expects is asked for here through the spool, which keeps it with the results."""
    path = store.file("db", "in the way")
    error_line(publish(store, repo), 6)
    (entry,) = store.spooled()
    request = json.loads((entry / "request.json").read_text())
    request["expected"] = ["a", "b", "it's \"c\"", "d"]
    (entry / "request.json").write_text(json.dumps(request))
    path.unlink()
    store.ok("publish", "--spooled")
    row = state(store, repo)
    assert row["state"] == "partial" and row["missing"] == ["it's \"c\"", "d"]
    assert "2 of 4" in row["reason"]


def test_a_repository_that_is_none_is_an_error(store, repo):  # noqa: F811
    assert "nowhere" in error_line(store.run("schedule", "--repo", "nowhere"), 1)
    assert "--repo" in error_line(store.run("schedule"), 129)
    assert "'absent'" in error_line(store.run("schedule", "--repo", repo, "--branch", "absent"), 1)
