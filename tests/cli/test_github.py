"""`lance-bench github` against the stand-in: what each verb does, and what it makes of trouble."""

import gzip
import hashlib
import json
import os
import pathlib
import signal
import stat
import time

import pytest

from github_helpers import Github, start
from github_server import TOKEN, USER_TOKEN, GitHubServer, Token


@pytest.fixture
def server():
    with GitHubServer("owner/name") as server:
        server.repo.add_commits(4)
        server.repo.add_workflow("run.yml", inputs=["git_sha"], title=lambda i: f"Benchmark {i.get('git_sha', '')}")
        yield server


@pytest.fixture
def github(agent, server):
    return Github(agent, server)


# Commits

def test_commits_come_newest_first_over_as_many_pages_as_it_takes(github):
    github.repo.add_commits(250)
    rows = github.json("commits", "--limit", "300")
    assert len(rows) == 254
    assert [r["subject"] for r in rows[:2]] == ["commit 250", "commit 249"]
    assert [r["commit"] for r in rows[1:]] == [r["parent"] for r in rows[:-1]]
    assert len(github.server.requests) == 3


def test_a_short_list_is_one_small_request(github):
    github.repo.add_commits(50)
    done = github.run("commits", "--limit", "2", "--format", "json")
    assert len(json.loads(done.stdout)) == 2 and "more than these 2" in done.stderr
    assert [r.query["per_page"] for r in github.server.requests] == ["2"]
    assert "more than these" not in github.run("commits", "--limit", "54").stderr
    assert "more than these" in github.run("commits", "--limit", "53").stderr
    assert len(github.server.requests) == 3


def merged(repo):
    """main with two merges; the merged commits are as young as those of the line."""
    line = [repo.branches["main"]]
    for number in range(3):
        side = repo.add_commit(f"side {number}", parents=[line[0]], branch=f"side{number}",
                               when=1_700_001_000 + 100 * number)
        line.append(repo.add_commit(f"line {number}", when=1_700_001_050 + 100 * number))
        line.append(repo.add_commit(f"merge {number}", parents=[line[-1], side], when=1_700_001_060 + 100 * number))
    return line


def test_the_first_parent_line_leaves_out_what_was_merged(github):
    line = merged(github.repo)
    rows = github.json("commits", "--first-parent", "--after", line[0])
    assert [r["commit"] for r in rows] == line[:0:-1]
    everything = github.json("commits", "--limit", "100")
    assert len(everything) == len(github.repo.commits)


def test_the_line_ends_at_a_time_and_starts_at_one(github):
    merged(github.repo)
    rows = github.json("commits", "--first-parent", "--since", "2023-11-14T22:30:50Z", "--until",
                       "2023-11-14T22:32:30Z")
    assert [r["subject"] for r in rows] == ["line 1", "merge 0", "line 0"]


def test_a_line_whose_clock_went_backwards_is_whole(github):
    base = github.repo.branches["main"]
    early = github.repo.add_commit("early", parents=[base], when=1_700_005_000)
    late = github.repo.add_commit("late", parents=[early], when=1_700_004_000)
    github.repo.add_commit("side", parents=[base], branch="side", when=1_700_004_500)
    github.repo.add_commit("tip", parents=[late, github.repo.branches["side"]], when=1_700_006_000)
    rows = github.json("commits", "--first-parent", "--after", base)
    assert [r["subject"] for r in rows] == ["tip", "late", "early"]


def test_one_commit_by_branch_tag_or_short_id(github):
    sha = github.repo.branches["main"]
    github.repo.branches["feature/x"] = sha
    for rev in ("main", "feature/x", sha, sha[:7]):
        shown = github.json("commits", rev)
        assert (shown["commit"], shown["subject"], shown["parents"]) == (sha, "commit 4", 1)
    assert [r.target for r in github.server.requests][1].endswith("/commits/feature%2Fx")
    assert "there is no commit 'gone'" in github.error("commits", "gone")
    root = github.json("commits", "--limit", "100")[-1]["commit"]
    assert github.json("commits", root)["parent"] is None


def test_how_two_revisions_lie_to_each_other(github):
    main = github.repo.branches["main"]
    fork = github.json("commits", "--limit", "100")[1]["commit"]
    github.repo.add_commit("a", branch="topic", parents=[fork])
    github.repo.add_commit("b", branch="topic")
    assert github.json("commits", "topic", "--compare", "main") == {
        "relation": "diverged", "ahead": 2, "behind": 1, "merge_base": fork}
    assert github.json("commits", "main", "--compare", fork)["relation"] == "ahead"
    assert github.json("commits", fork, "--compare", "main")["relation"] == "behind"
    assert github.json("commits", main, "--compare", "main")["relation"] == "identical"
    assert "not there" in github.error("commits", "main", "--compare", "gone")


def test_commits_of_another_branch_and_without_a_token(github):
    github.repo.add_commit("topic", branch="feature/x", parents=[github.repo.branches["main"]])
    assert github.json("commits", "--branch", "feature/x", "--limit", "1", token=None)[0]["subject"] == "topic"
    assert "authorization" not in github.server.requests[0].headers


def test_an_empty_repository_is_a_conflict_that_says_so(agent):
    with GitHubServer() as server:
        assert "Git Repository is empty" in Github(agent, server).error("commits")


# Dispatch and runs

def test_a_dispatch_says_which_run_it_is(github):
    said = github.json("dispatch", "run.yml", "--input", "git_sha=abc=d")
    assert said == {"workflow": "run.yml", "run_id": 9_000_000_001,
                    "url": "https://github.com/owner/name/actions/runs/9000000001"}
    assert github.repo.runs[0]["inputs"] == {"git_sha": "abc=d"}
    assert github.repo.runs[0]["title"] == "Benchmark abc=d"


def test_an_old_server_does_not_say_and_that_is_fine(github):
    github.server.dispatch_answers_with_run = False
    assert github.json("dispatch", "run.yml")["run_id"] is None
    assert "nothing to wait for" in github.error("dispatch", "run.yml", "--wait")


def test_a_server_that_refuses_to_say_is_not_asked_to(github):
    github.server.dispatch_knows_details = github.server.dispatch_answers_with_run = False
    assert github.json("dispatch", "run.yml", "--input", "git_sha=abc")["run_id"] is None
    assert [run["inputs"] for run in github.repo.runs] == [{"git_sha": "abc"}]
    assert "Unexpected inputs" in github.error("dispatch", "run.yml", "--input", "other=x")


def test_waiting_for_a_run_follows_it_to_its_end(github):
    github.server.on_run = lambda repo, run: repo.finish_run(run, "success")
    assert github.json("dispatch", "run.yml", "--wait")["conclusion"] == "success"
    github.server.on_run = lambda repo, run: repo.finish_run(run, "failure")
    done = github.run("dispatch", "run.yml", "--wait", "--format", "json")
    assert done.returncode == 1 and json.loads(done.stdout)["conclusion"] == "failure"
    github.server.on_run = None
    assert "still queued" in github.error("dispatch", "run.yml", "--wait", "--interval", "0.1", "--timeout", "0.3")


def test_waiting_ends_with_a_signal(agent, server):
    process = start(agent, server, "dispatch", "run.yml", "--wait", "--interval", "100")
    while len(server.requests) < 3:  # default branch, dispatch, first look
        time.sleep(.02)
    time.sleep(.2)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=5)
    assert process.returncode == 130 and "interrupted" in err and not out


def test_a_transfer_ends_with_a_signal(agent, server):
    server.slow(20)
    process = start(agent, server, "commits")
    while not server.requests:
        time.sleep(.02)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=5)
    assert process.returncode == 130 and "interrupted" in err
    assert time.monotonic() - begin < 5


def test_what_is_wrong_with_a_dispatch_is_said(github):
    assert "is nowhere.yml there on the default branch" in github.error("dispatch", "nowhere.yml")
    assert 'Unexpected inputs provided: ["x"]' in github.error("dispatch", "run.yml", "--input", "x=1")
    assert "No ref found for: gone" in github.error("dispatch", "run.yml", "--ref", "gone")
    github.repo.add_workflow("ci.yml", dispatchable=False)
    assert "does not have 'workflow_dispatch'" in github.error("dispatch", "ci.yml")
    assert "NAME=VALUE" in github.error("dispatch", "run.yml", "--input", "x", code=129)


def test_a_repository_event_carries_its_payload(github):
    github.json("dispatch", "--event", "pr-comment", "--input", "pr_number=7")
    assert github.repo.repository_dispatches == [{"event_type": "pr-comment", "client_payload": {"pr_number": "7"}}]


def test_active_runs_are_those_that_have_not_ended_each_once(github):
    for status in ("queued", "in_progress", "completed", "waiting", "pending", "requested"):
        github.repo.add_run("run.yml", status=status)
    rows = github.json("runs", "run.yml", "--active")
    assert sorted(r["status"] for r in rows) == ["in_progress", "pending", "queued", "requested", "waiting"]
    assert len(github.json("runs", "--status", "completed")) == 1
    assert "not there" in github.error("runs", "nowhere.yml")


def test_a_run_has_jobs_and_can_be_cancelled_once(github):
    run = github.repo.add_run("run.yml")
    assert github.json("runs", "--jobs", run["id"])[0]["runner"] == "bench-1"
    assert github.json("runs", "--cancel", run["id"])["state"] == "cancelling"
    assert "Cannot cancel" in github.error("runs", "--cancel", run["id"])


# Comments

def test_a_marked_comment_is_one_comment_that_changes(github):
    for body in ("queued", "running", "done"):
        github.json("comment", 7, "--marker", "lance-bench:1", "--body", body)
    assert [c["body"] for c in github.repo.comments.values()] == ["done\n\n<!-- lance-bench:1 -->"]
    written = [r for r in github.server.requests if r.method != "GET"]
    assert [r.method for r in written] == ["POST", "PATCH", "PATCH"]
    github.json("comment", 7, "--marker", "lance-bench:1", "--body", "done")
    assert len([r for r in github.server.requests if r.method != "GET"]) == 3, "nothing new was said"


def test_a_comment_of_somebody_else_is_never_changed_whatever_it_carries(github):
    forged = github.repo.add_comment(7, "mine <!-- lance-bench:1 -->", "stranger")
    for _ in range(120):
        github.repo.add_comment(7, "talk", "someone")
    assert github.json("comment", 7, "--marker", "lance-bench:1", "--body", "a")["action"] == "created"
    assert github.json("comment", 7, "--marker", "lance-bench:1", "--body", "b")["action"] == "updated"
    assert forged["body"] == "mine <!-- lance-bench:1 -->"


def test_our_comment_is_that_of_the_tokens_user(github):
    github.json("comment", 7, "--marker", "m", "--body", "by the app")
    github.json("comment", 7, "--marker", "m", "--body", "by a user", token=USER_TOKEN)
    assert {c["author"] for c in github.repo.comments.values()} == {"github-actions[bot]", "maintainer"}
    github.server.tokens["other"] = Token("our-app[bot]")
    github.json("comment", 7, "--marker", "m", "--body", "x", token="other",
                env={"LANCE_BENCH_GITHUB_LOGIN": "our-app[bot]"})
    assert github.json("comment", 7, "--marker", "m", "--body", "y", token="other",
                       env={"LANCE_BENCH_GITHUB_LOGIN": "our-app[bot]"})["action"] == "updated"


def test_a_comment_from_stdin_keeps_every_character(github, tmp_path):
    text = 'tabs\t"quotes" `$(id)` \\ 日本 <!-- --> ::error::x\n\n|a|b|\n'
    github.run("comment", 7, "--body-file", "-", text=text)
    (tmp_path / "body").write_text(text)
    github.run("comment", 7, "--body-file", tmp_path / "body")
    assert [c["body"] for c in github.repo.comments.values()] == [text, text]


def test_a_body_that_github_would_refuse_is_refused_here(github, tmp_path):
    assert "is empty" in github.error("comment", 7, "--body", " \n")
    assert "65537 characters; GitHub takes 65536" in github.error("comment", 7, "--body-file", "-",
                                                                  text="ä" * 65537)
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    assert "not UTF-8" in github.error("comment", 7, "--body-file", tmp_path / "latin")
    (tmp_path / "nul").write_bytes(b"a\0b")
    assert "NUL" in github.error("comment", 7, "--body-file", tmp_path / "nul")
    assert not [r for r in github.server.requests if r.method != "GET"]
    assert github.run("comment", 7, "--body-file", "-", text="ä" * 65536).returncode == 0


def test_comments_of_strangers_are_shown_without_their_control_characters(github):
    github.repo.add_comment(7, "\x1b[2Jgone\nsecond line", "stranger")
    done = github.run("comment", 7)
    assert "\x1b" not in done.stdout and "second" not in done.stdout
    assert github.json("comment", 7)[0]["comment"] == "\x1b[2Jgone\nsecond line"


def test_one_comment_in_full(github):
    comment = github.repo.add_comment(7, "line\nline", "alice", association="MEMBER")
    shown = github.json("comment", "--id", comment["id"])
    assert (shown["comment"], shown["author"], shown["association"]) == ("line\nline", "alice", "MEMBER")


def test_a_reaction_twice_is_one(github):
    comment = github.repo.add_comment(7, "@bench-bot benchmark", "alice")
    for _ in range(2):
        github.json("comment", "--id", comment["id"], "--react", "eyes")
    assert [r["content"] for r in github.repo.reactions] == ["eyes"]
    assert "no reaction 'love'" in github.error("comment", "--id", "1", "--react", "love", code=129)


# Checks, permissions, artifacts, pull requests

def test_a_check_run_goes_from_queued_to_its_end(github):
    sha = github.repo.branches["main"]
    made = github.json("check", sha, "--name", "benchmarks", "--external-id", f"pr-7-{sha}")
    github.json("check", "--id", made["id"], "--status", "in_progress")
    github.json("check", "--id", made["id"], "--conclusion", "failure", "--title", "2 slower", "--summary-file", "-",
                text="x" * 70000)
    shown = github.json("check", sha)
    assert [(c["status"], c["result"], c["external_id"]) for c in shown] == [("completed", "failure", f"pr-7-{sha}")]
    assert github.json("check", "--id", made["id"])["commit"] == sha
    summary = github.repo.checks[made["id"]]["summary"]
    assert len(summary) == 65535 and summary.endswith("(cut: GitHub takes no more)")


def test_only_an_app_may_write_a_check(github):
    sha = github.repo.branches["main"]
    line = github.error("check", sha, "--name", "x", token=USER_TOKEN)
    assert "must authenticate via a GitHub App" in line and "a workflow's GITHUB_TOKEN" in line
    assert "full commit id" in github.error("check", sha[:7], "--name", "x", code=129)


def test_permissions_are_the_role_and_fail_closed(github):
    github.repo.permissions |= {"r": "read", "t": "triage", "w": "write", "m": "maintain", "a": "admin",
                                "own": "a role of our own"}
    levels = {login: github.json("permission", login)["permission"] for login in ("r", "t", "w", "m", "a", "own", "x")}
    assert levels == {"r": "read", "t": "triage", "w": "write", "m": "maintain", "a": "admin", "own": "read",
                      "x": "none"}
    assert github.run("permission", "w", "--require", "write").returncode == 0
    assert "has the permission triage" in github.error("permission", "t", "--require", "write")
    assert "is no GitHub login" in github.error("permission", "../../user", code=129)
    github.server.fail(404, "Not Found")
    assert "not there" in github.error("permission", "w", "--require", "write")


def test_an_artifact_comes_whole_checked_and_without_the_token_leaving(github, tmp_path):
    data = bytes(range(256)) * 5000
    github.repo.add_artifact("results", b"older", run_id=5)
    made = github.repo.add_artifact("results", data, run_id=5)
    target = tmp_path / "a.zip"
    said = github.json("artifact", "results", "--run", 5, "--output", target)
    assert said["id"] == made["id"] and target.read_bytes() == data
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [r.headers.get("authorization") for r in github.server.blob_requests] == [None]
    rows = github.json("artifact")
    assert rows[0]["digest"] == "sha256:" + hashlib.sha256(data).hexdigest()


def test_an_artifact_that_is_too_large_expired_absent_or_changed_leaves_no_file(github, tmp_path):
    target = tmp_path / "a.zip"
    made = github.repo.add_artifact("results", b"x" * 5000)
    gone = github.repo.add_artifact("old", b"x", expired=True)
    assert "5000 bytes, more than the 1024" in github.error(
        "artifact", "--id", made["id"], "--output", target, "--max-size", "1K")
    assert "has expired" in github.error("artifact", "--id", gone["id"], "--output", target)
    assert "no such artifact" in github.error("artifact", "other", "--run", "5", "--output", target, code=3)
    # What is announced is not what comes.
    github.server.blob_data = b"y" * 5000
    assert "has not the digest" in github.error("artifact", "--id", made["id"], "--output", target)
    github.server.blob_data = b"y" * 50000
    assert "larger than 6144 bytes" in github.error(
        "artifact", "--id", made["id"], "--output", target, "--max-size", "6K")
    github.server.fail(410, "Artifact has expired", path="/zip$")
    assert "410: Artifact has expired" in github.error("artifact", "--id", made["id"], "--output", target)
    assert list(tmp_path.iterdir()) == []


def test_a_pull_request_whose_fork_is_gone(github):
    sha = github.repo.branches["main"]
    github.repo.add_pull(7, head_sha=sha, head_repo="", labels=["a", "b"], title="T\n::error::")
    shown = github.json("pull", 7)
    assert (shown["head_repo"], shown["labels"], shown["head_sha"]) == ("", ["a", "b"], sha)
    assert github.json("pull")[0]["head_repo"] is None
    assert "not there" in github.error("pull", 8)
    assert "above 0" in github.error("pull", "x", code=129)


# Trouble

def test_a_missing_permission_is_named(github):
    github.server.tokens["weak"] = Token("weak[bot]", permissions={"actions": "read", "issues": "none"})
    assert "needs the permission actions: write" in github.error("dispatch", "run.yml", token="weak")
    assert "needs the permission issues: write" in github.error("comment", 7, "--body", "x", token="weak")


def test_a_bad_token_and_no_token(github):
    assert "does not know the token" in github.error("pull", 7, token="ghp_wrong")
    assert "no token: set GITHUB_TOKEN" in github.error("dispatch", "run.yml", token=None, code=129)
    github.server.fail(401, "Requires authentication")
    assert "this needs a token" in github.error("artifact", token=None)


def test_a_secondary_limit_is_waited_for_also_by_a_post(github):
    github.server.limit(retry_after=1, method="POST", times=2)
    begin = time.monotonic()
    assert github.json("dispatch", "run.yml")["run_id"]
    assert 2 <= time.monotonic() - begin < 20
    assert len(github.repo.runs) == 1


def test_a_limit_that_ends_too_late_is_an_error_that_says_when(github):
    github.server.limit(secondary=False, reset_in=3000)
    assert "rate limit reached; try again after 20" in github.error("commits")
    github.server.limit(retry_after=30)
    assert "rate limit reached" in github.error("commits", "--max-wait", "5s")
    assert len(github.server.requests) == 2


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_passes(github, status):
    github.server.fail(status)
    assert len(github.json("commits")) == 4


def test_a_server_error_that_stays_is_an_error_in_the_end(github):
    github.server.fail(500, times=99)
    assert "an error of its own (500: it failed)" in github.error("commits", "--max-wait", "2s")
    assert 2 <= len(github.server.requests) <= 4


def test_a_dispatch_whose_answer_is_lost_is_not_sent_twice(github):
    github.server.drop(method="POST", after=True)
    line = github.error("dispatch", "run.yml")
    assert "it may have started all the same" in line
    assert len(github.repo.runs) == 1 and len(github.server.paths("POST")) == 1


def test_a_server_error_after_a_dispatch_is_not_sent_twice_either(github):
    github.server.fail(502, method="POST", after=True)
    assert "it may have started all the same" in github.error("dispatch", "run.yml")
    assert len(github.repo.runs) == 1


def test_a_cut_answer_is_asked_for_again(github):
    github.server.cut(100)
    assert len(github.json("commits")) == 4
    assert len(github.server.requests) == 2


def test_a_slow_answer_is_waited_for(github):
    github.server.slow(2)
    assert len(github.json("commits")) == 4


def test_nobody_there_and_something_else_there(github, agent):
    nobody = {"GITHUB_API_URL": "http://127.0.0.1:1"}
    assert "127.0.0.1" in github.error("commits", "--max-wait", "0", env=nobody)
    github.server.raw(b"220 mail ESMTP\r\n")
    assert "is no HTTP" in github.error("commits")
    github.server.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>")
    assert "is no JSON" in github.error("commits")
    github.server.raw(b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"a": []}')
    assert "no list" in github.error("commits")


def test_a_huge_answer_is_refused(github):
    github.server.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n[")
    assert "larger than" in github.error("commits")


def test_a_bomb_that_unpacks_is_refused(github):
    packed = gzip.compress(b" " * (40 << 20))
    github.server.raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)
    assert "larger than" in github.error("commits")


def test_a_renamed_repository_is_followed_also_by_a_post(github):
    github.server.rename("owner/name", "new-owner/new-name")
    env = {"GITHUB_REPOSITORY": "owner/name"}
    assert len(github.json("commits", env=env)) == 4
    assert github.json("dispatch", "run.yml", env=env)["run_id"]
    assert "has moved to" in github.run("pull", env=env).stderr


def test_a_redirect_to_another_host_is_not_followed(github):
    github.server.redirect(github.server.blob_url + "/blob/1")
    assert "redirects to another host" in github.error("commits")
    assert not github.server.blob_requests


def test_a_next_page_on_another_host_is_not_fetched(github):
    body = json.dumps([]).encode()
    github.server.raw(b"HTTP/1.1 200 OK\r\nLink: <%s/blob/1>; rel=\"next\"\r\nContent-Length: %d\r\n\r\n"
                      % (github.server.blob_url.encode(), len(body)) + body)
    assert "the next page is on another host" in github.error("commits")
    assert not github.server.blob_requests


def test_pages_that_lead_in_a_circle_have_an_end(github):
    again = b'HTTP/1.1 200 OK\r\nLink: </page>; rel="next"\r\nContent-Length: 2\r\n\r\n[]'
    github.server.raw(again.replace(b"/page", github.server.url.encode() + b"/page"), times=50)
    assert "owner/name: cannot list commits: GitHub's list has no end" in github.error("commits")
    assert len(github.server.requests) == 2


def test_a_wrong_command_line_is_told_in_one_line(github):
    for words in (["dispatch"], ["dispatch", "a", "--event", "b"], ["comment"], ["comment", "7", "--id", "5"],
                  ["comment", "7", "--react", "eyes"], ["comment", "7", "--marker", "x"], ["check"],
                  ["check", "x", "--status", "queued"], ["commits", "--after", "abc"],
                  ["commits", "--limit", "0"], ["commits", "--compare", "x"], ["commits", "--since", "yesterday"], ["runs", "a", "--jobs", "1"],
                  ["artifact", "--output", "x"], ["artifact", "--id", "5"], ["permission", "x", "--require", "god"],
                  ["commits", "--repo", "nonsense"], ["nothing"], ["comment", "7", "--marker", "a b", "--body", "x"]):
        github.error(*words, code=129)
    assert not github.server.requests


# The token

def test_the_token_is_in_no_output_and_no_command_line(agent, server, tmp_path):
    """Also with --verbose, in an error, when the server repeats it, and from a file."""
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    github = Github(agent, server)
    server.repo.add_artifact("results", b"zip")
    server.limit(retry_after=1)
    outputs = []
    for words in (["commits"], ["dispatch", "run.yml"], ["dispatch", "no.yml"], ["artifact", "--id", "7001", "--output",
                  str(tmp_path / "zip")]):
        for log in ("text", "json"):
            done = github.run(*words, "--verbose", "--log-format", log)
            outputs += [done.stdout, done.stderr]
    server.fail(422, f"you sent Bearer {TOKEN}")
    done = github.run("commits", "--token-file", file, "--verbose", token=None)
    assert "you sent Bearer ****" in done.stderr
    outputs += [done.stdout, done.stderr]
    assert all(TOKEN not in text for text in outputs)
    assert all("secret-signature" not in text for text in outputs), "nor is that of the storage"
    assert any("answered 200" in text for text in outputs)

    server.slow(1)
    process = start(agent, server, "commits", "--token-file", file, token=None)
    try:
        while not server.requests or server.requests[-1].status:
            time.sleep(.01)
        assert TOKEN.encode() not in pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0 and TOKEN not in out + err
    finally:
        process.kill()
        process.wait()


def owner_in_proc(process):
    """The kernel gives /proc/PID of a process that is not dumpable, and so leaves no core, to root."""
    return pathlib.Path(f"/proc/{process.pid}/coredump_filter").stat().st_uid


def test_a_process_with_a_token_leaves_no_core(agent, server):
    server.slow(20, times=2)
    user = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
    program = os.open(agent, os.O_RDONLY)  # another user may not reach its folder
    owners = {}
    try:
        for token in (TOKEN, None):
            asked = len(server.requests) + 1
            with start(f"/proc/self/fd/{program}", server, "commits", token=token, pass_fds=[program],
                       **user) as process:
                while len(server.requests) < asked and process.poll() is None:
                    time.sleep(.01)
                owners[token] = owner_in_proc(process)
                process.kill()
    finally:
        os.close(program)
    assert owners == {TOKEN: 0, None: user.get("user", os.getuid())}


def test_a_token_file_that_is_none_is_told(github, tmp_path):
    empty = tmp_path / "empty"
    empty.write_text("\n")
    assert "is empty" in github.error("commits", "--token-file", empty, code=129)
    assert "--token-file" in github.error("commits", "--token-file", tmp_path / "absent", code=129)
    odd = tmp_path / "odd"
    odd.write_text("two words\nmore")
    assert "no token has" in github.error("commits", "--token-file", odd, code=129)
    assert not github.server.requests
