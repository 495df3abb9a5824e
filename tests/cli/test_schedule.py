"""`schedule`: which commits are due, asked of a local repository."""

import json
import subprocess

import pytest
from checkout_servers import bare_copy, git_daemon
from run_helpers import git
from store_helpers import criterion_lines, error_line, store  # noqa: F401


def add_commit(folder, name):
    (folder / "file").write_text(name)
    git(folder, "add", "file")
    git(folder, "commit", "-q", "-m", name)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repo(tmp_path):
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for name in ("one", "two"):
        add_commit(folder, name)
    return folder


def rows(store, repo, *words, **options):  # noqa: F811
    return json.loads(store.ok("schedule", "--repo", repo, "--format", "json", *words, **options).stdout)


def due(store, repo, *words):  # noqa: F811
    """Subjects of the due commits, newest first."""
    return [row["subject"] for row in rows(store, repo, *words) if row["action"] == "due"]


def state(store, repo, *words):  # noqa: F811
    (row,) = rows(store, repo, *words)
    assert row["commit"] == git(repo, "rev-parse", "HEAD")
    return row


def publish(store, repo, *words, rev="HEAD", **options):  # noqa: F811
    commit = git(repo, "rev-parse", rev)
    path = store.file("in.jsonl", criterion_lines(["a", "b"]))
    done = store.publish(path, "--commit", commit, *words, **{"version": f"1+{commit[:7]}", **options})
    return done


# --- one commit -------------------------------------------------------------------------------


def test_a_commit_is_missing_until_its_results_are_stored(store, repo):  # noqa: F811
    assert state(store, repo) == {"commit": git(repo, "rev-parse", "HEAD"), "state": "missing", "runs": 0,
                                  "reason": None, "missing": [], "action": "due", "why": "new", "url": None,
                                  "subject": "two"}
    assert publish(store, repo).returncode == 0
    row = state(store, repo)
    assert row["state"] == "complete" and row["action"] == "none"


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
    assert row["action"] == "due"


def publish_partially(store, repo, expected):  # noqa: F811
    """What a run expects is asked for here through the spool, which keeps it with the results."""
    path = store.file("db", "in the way")
    error_line(publish(store, repo), 6)
    (entry,) = store.spooled()
    request = json.loads((entry / "request.json").read_text())
    request["expected"] = expected
    (entry / "request.json").write_text(json.dumps(request))
    path.unlink()
    store.ok("publish", "--spooled")


def test_what_was_expected_and_did_not_come_is_named(store, repo):  # noqa: F811
    publish_partially(store, repo, ["a", "b", "it's \"c\"", "d"])
    row = state(store, repo)
    assert row["state"] == "partial" and row["missing"] == ["it's \"c\"", "d"]
    assert "2 of 4" in row["reason"]


def test_what_failed_is_due_again_only_when_asked_for(store, repo):  # noqa: F811
    publish_partially(store, repo, ["a", "b", "c"])
    assert due(store, repo) == []
    assert due(store, repo, "--retry-failed", "1") == ["two"]
    assert publish(store, repo, "--run", "again").returncode == 0
    # The second run was whole by itself, and `c` is still not there.
    assert state(store, repo)["missing"] == ["c"]


def test_an_imported_history_counts(store, repo):  # noqa: F811
    def entries(*revisions):
        return json.dumps([{
            "name": "a", "commit": git(repo, "rev-parse", rev), "datetime": "2023-05-22 12:00:00", "os": "Linux",
            "arch": "x86_64", "mean_duration_ns": 5.0, "standard_error": 0.1} for rev in revisions])

    add_commit(repo, "three")
    add_commit(repo, "four")
    store.ok("import-history", store.file("one.json", entries("HEAD~2")), "--testbed-name", "bed")
    assert due(store, repo) == ["four", "three"]
    store.ok("import-history", store.file("several.json", entries("HEAD~3", "HEAD~1")), "--testbed-name", "bed")
    assert due(store, repo) == ["four"]
    assert store.ok("backfill", "--repo", repo, "--dry-run", "--since", "2000-01-01").stdout.count("left") == 1


@pytest.mark.parametrize("version", ["5.1.0+{}", "{}"])
def test_rows_of_another_writer_count(store, repo, version):  # noqa: F811
    """A database without a table `runs`, as upstream's scripts leave it, has its commits measured."""
    pytest.importorskip("lancedb", reason="the LanceDB client is not there: scripts/test-tools venv-new")
    import lancedb_client

    message = {"reason": "benchmark-complete", "id": "a", "iteration_count": [1, 2], "measured_values": [5.0, 10.0]}
    summary = dict.fromkeys(("min", "q1", "median", "q3", "max", "mean", "standard_deviation"), 5.0)
    row = {"id": "1", "dut": {"name": "lance", "version": version.format(git(repo, "rev-parse", "HEAD~1")[:7]),
                              "timestamp": 1_700_000_000},
           "test_bed": {"name": "bed", "cpu": "x86_64", "memory_gb": 16, "os": "Linux", "created_at": 1_700_000_000},
           "benchmark_name": "a", "values": [5.0, 10.0], "summary": summary, "units": "nanoseconds",
           "throughput": None, "metadata": json.dumps(message), "timestamp": 1_700_000_000}
    lancedb_client.make(store.db, "2.1")
    lancedb_client.append(store.db, [row])
    assert due(store, repo) == ["two"]
    assert due(store, repo, "--test-bed", "other") == ["two"]
    assert rows(store, repo)[1]["state"] == "complete"


# --- several ----------------------------------------------------------------------------------


def test_every_commit_since_the_last_measured_one_is_due(store, repo):  # noqa: F811
    publish(store, repo)
    for name in ("three", "four", "five"):
        add_commit(repo, name)
    assert due(store, repo) == ["five", "four", "three"]
    assert [row["subject"] for row in rows(store, repo)] == ["five", "four", "three", "two"]


def test_more_new_commits_than_anybody_expects_are_all_due(store, tmp_path):  # noqa: F811
    repo = tmp_path / "repo"
    git(tmp_path, "init", "-q", "-b", "main", repo)

    def add(count, at, parent=""):
        text = "".join(f"commit refs/heads/main\ncommitter a <a@b> {at + i} +0000\ndata 1\nx\n{'' if i else parent}"
                       for i in range(count))
        subprocess.run(["git", "-C", repo, "fast-import", "--quiet"], input=text.encode(), check=True)

    add(3, 1_700_000_000)
    publish(store, repo, "--dut-name", "repo")
    measured = git(repo, "rev-parse", "main").strip()
    add(1100, 1_700_001_000, f"from {measured}\n")
    done = store.ok("schedule", "--repo", repo, "--format", "json")
    found = json.loads(done.stdout)
    assert [row["action"] for row in found] == ["due"] * 1100 + ["none"] and found[-1]["commit"] == measured
    assert not done.stderr


def test_the_oldest_go_first(store, repo):  # noqa: F811
    publish(store, repo)
    for name in ("three", "four", "five"):
        add_commit(repo, name)
    found = {row["subject"]: row["action"] for row in rows(store, repo, "--max-dispatch", "2")}
    assert found == {"five": "later", "four": "due", "three": "due", "two": "none"}


def test_where_nothing_was_measured_the_newest_few_are_due(store, repo):  # noqa: F811
    add_commit(repo, "three")
    assert due(store, repo) == ["three"]
    assert due(store, repo, "--first", "2") == ["three", "two"]
    assert due(store, repo, "--first", "9") == ["three", "two", "one"]
    assert due(store, repo, "--first", "0") == []


def test_what_was_measured_out_of_order_leaves_no_hole(store, repo):  # noqa: F811
    publish(store, repo, rev="HEAD~1")
    publish(store, repo, "--run", "bad")
    add_commit(repo, "three")
    publish(store, repo)
    store.ok("invalidate", "bad")
    assert due(store, repo) == ["two"]


def test_a_merge_counts_once(store, repo):  # noqa: F811
    publish(store, repo)
    git(repo, "checkout", "-q", "-b", "side")
    add_commit(repo, "aside")
    git(repo, "checkout", "-q", "main")
    git(repo, "merge", "-q", "--no-ff", "-m", "merged", "side")
    assert due(store, repo) == ["merged"]
    assert due(store, repo, "--branch", "side") == ["aside"]


def test_since_commit_outweighs_what_was_measured(store, repo):  # noqa: F811
    first = git(repo, "rev-parse", "HEAD~1")
    add_commit(repo, "three")
    publish(store, repo)
    add_commit(repo, "four")
    assert due(store, repo, "--since-commit", first) == ["four", "two"]
    assert due(store, repo, "--since-commit", first[:9].upper()) == ["four", "two"]


def test_a_since_commit_that_is_not_on_the_branch_is_an_error(store, repo):  # noqa: F811
    line = error_line(store.run("schedule", "--repo", repo, "--since-commit", "0123456789"), 129)
    assert "0123456789 is not among the 2 commits of main" in line
    assert "hexadecimal" in error_line(store.run("schedule", "--repo", repo, "--since-commit", "main"), 129)


def test_the_message_of_upstream_when_there_is_nothing_to_do(store, repo):  # noqa: F811
    publish(store, repo)
    said = store.ok("schedule", "--repo", repo).stderr
    assert f"Results already exist for {git(repo, 'rev-parse', 'HEAD')[:7]}, skipping" in said


def test_a_plan_writes_nothing(store, repo):  # noqa: F811
    publish(store, repo)
    add_commit(repo, "three")
    before = store.state()
    assert due(store, repo, "--dry-run") == ["three"]
    assert store.state() == before


def test_a_result_is_found_by_its_metadata_where_its_version_says_nothing(store, repo):  # noqa: F811
    publish(store, repo, version="1.2.3")
    assert state(store, repo)["state"] == "complete"


def test_a_run_of_which_only_the_version_is_known_counts(store, repo):  # noqa: F811
    path = store.file("in.jsonl", criterion_lines(["a"]))
    store.published(path, version=f"1.2.3+{git(repo, 'rev-parse', 'HEAD')[:7]}")
    assert state(store, repo)["state"] == "complete"


# --- a history that is not what it was --------------------------------------------------------


def test_a_measured_commit_that_is_gone_is_said(store, repo):  # noqa: F811
    publish(store, repo, "--dut-name", "repo")
    git(repo, "commit", "-q", "--amend", "-m", "two, amended")
    done = store.ok("schedule", "--repo", repo, "--format", "json")
    assert [row["subject"] for row in json.loads(done.stdout)] == ["two, amended"]
    assert "starting anew with the newest" in done.stderr


def test_a_repository_of_another_project_in_the_same_database_is_not_missed(store, repo):  # noqa: F811
    publish(store, repo, "--dut-name", "another")
    git(repo, "commit", "-q", "--amend", "-m", "two, amended")
    assert "gone" not in store.ok("schedule", "--repo", repo).stderr
    assert "anew" not in store.ok("schedule", "--repo", repo).stderr


def test_a_shallow_clone_is_said(store, repo, tmp_path):  # noqa: F811
    for name in ("three", "four"):
        add_commit(repo, name)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{repo}", clone)
    done = store.ok("schedule", "--repo", clone, "--first", "9", "--format", "json")
    assert [row["subject"] for row in json.loads(done.stdout)] == ["four", "three"]
    assert "shallow clone: 2 commits of main can be seen" in done.stderr


def test_a_repository_on_the_network_is_read_as_far_as_is_needed(store, repo, tmp_path):  # noqa: F811
    for name in ("three", "four"):
        add_commit(repo, name)
    publish(store, repo, rev="HEAD~2")
    served = tmp_path / "served"
    served.mkdir()
    bare_copy(repo, served / "repo.git")
    with git_daemon(served) as port:
        url = f"git://127.0.0.1:{port}/repo.git"
        assert due(store, url) == ["four", "three"]
        add_commit(repo, "five")
        git(repo, "push", "-q", served / "repo.git", "main")
        assert due(store, url) == ["five", "four", "three"]
        assert due(store, url, "--since-commit", git(repo, "rev-parse", "main~4")) == ["five", "four", "three"]


def test_commits_of_the_future_and_of_no_order_are_taken_by_their_parents(store, repo):  # noqa: F811
    publish(store, repo)
    for name, when in (("late", "2190-01-01T00:00:00+14:00"), ("early", "1971-01-01T00:00:00-12:00")):
        (repo / "file").write_text(name)
        git(repo, "-c", "core.logAllRefUpdates=false", "commit", "-q", "-a", "-m", name, "--date", when)
    assert due(store, repo) == ["early", "late"]


def test_a_branch_is_not_hidden_by_a_tag_of_its_name(store, repo, tmp_path):  # noqa: F811
    """git takes the tag, and anybody who may push one could hold the schedule up with it."""
    git(repo, "tag", "main", "HEAD~1")
    git(repo, "tag", "v1", "HEAD~1")
    served = tmp_path / "served"
    served.mkdir()
    bare_copy(repo, served / "repo.git")
    git(served / "repo.git", "fetch", "-q", repo, "refs/tags/*:refs/tags/*")
    with git_daemon(served) as port:
        for where in (repo, f"git://127.0.0.1:{port}/repo.git"):
            assert due(store, where, "--branch", "main") == ["two"], where
            assert due(store, where, "--branch", "v1") == ["one"], "a tag alone still is one"


# --- wrong input ------------------------------------------------------------------------------


def test_a_repository_that_is_none_is_an_error(store, repo, tmp_path):  # noqa: F811
    assert "nowhere" in error_line(store.run("schedule", "--repo", "nowhere"), 1)
    assert "--repo" in error_line(store.run("schedule"), 129)
    assert "'absent'" in error_line(store.run("schedule", "--repo", repo, "--branch", "absent"), 1)
    git(tmp_path, "init", "-q", "empty")
    assert "empty" in error_line(store.run("schedule", "--repo", tmp_path / "empty"), 1)


@pytest.mark.parametrize("words, message", [
    (["--first", "-1"], "from 0 on"),
    (["--max-dispatch", "-2"], "from 0 on"),
    (["--dispatch-repo", "no slash"], "not OWNER/NAME"),
    (["--run", "--dispatch-repo", "a/b"], "give one of them"),
    (["--input", "novalue"], "NAME=VALUE"),
    (["--input", "git_sha=1"], "git_sha"),
    (["--branch", ""], "--branch is empty"),
    (["stray"], "'stray'"),
    (["--run", "stray"], "'stray'"),
    (["--run", "--", "--rev", "main"], "--rev has no place"),
    (["--run", "--", "--dry-run"], "--dry-run has no place"),
    (["--run", "--", "--crates", "x"], "did you mean --crate"),
])
def test_options_that_cannot_be_are_told(store, repo, words, message):  # noqa: F811
    assert message in error_line(store.run("schedule", "--repo", repo, *words), 129)


def test_a_github_repository_needs_both_its_names(store):  # noqa: F811
    assert "github:OWNER/NAME" in error_line(store.run("schedule", "--repo", "github:lance"), 129)


def test_a_dispatch_without_a_token_says_where_one_is_looked_for(store, repo):  # noqa: F811
    line = error_line(store.run("schedule", "--repo", repo, "--dispatch-repo", "a/b"))
    assert "GITHUB_TOKEN" in line


def test_nothing_due_needs_no_token(store, repo):  # noqa: F811
    publish(store, repo)
    assert rows(store, repo, "--dispatch-repo", "a/b")[0]["action"] == "none"


def test_a_database_that_cannot_be_reached_is_tried_three_times(store, repo):  # noqa: F811
    store.file("db", "in the way")
    done = store.run("schedule", "--repo", repo)
    error_line(done, 1)
    assert "trying again in 2 s" in done.stderr and "trying again in 4 s" in done.stderr
    assert done.stderr.count("trying again") == 2
