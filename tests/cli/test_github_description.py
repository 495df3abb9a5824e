"""Every request of every verb, and every answer of the stand-in, against GitHub's own description of its API."""

import json
import os
import re
import subprocess

import pytest

import github_description
from checkout_servers import free_port, stopping, wait_for_port
from github_helpers import Github
from github_server import GitHubServer, Token
from store_helpers import TOOLS

pytestmark = pytest.mark.skipif(not github_description.FILE.exists(),
                                reason="GitHub's description is not there: scripts/test-tools prism")
RUN = 9_000_000_001
PRISM = TOOLS / "prism" / "node_modules" / ".bin" / "prism"


@pytest.fixture(scope="module")
def description():
    return github_description.load()


def fill(repo):
    """Something of each kind; returns a commit."""
    sha = repo.add_commits(150)[-1]
    repo.branches["topic/with slash"] = sha
    repo.add_workflow("run.yml", inputs=["git_sha"])
    for number in range(3):
        repo.add_run("run.yml", status=("queued", "in_progress", "completed")[number],
                     conclusion="success" if number == 2 else None)
    for number in range(120):
        repo.add_comment(7, f"comment {number}", "someone")
    repo.add_artifact("results", b"PK zip")
    repo.add_pull(7, head_sha=sha, labels=["benchmark"])
    repo.add_pull(8, head_sha=sha, head_repo="")
    repo.permissions |= {"alice": "maintain", "bob": "our-own-role"}
    return sha


def verbs(sha, folder):
    """Words of every verb in every variant; the second of a pair is the exit code."""
    zip_file = str(folder / "a.zip")
    return [
        (["commits", "--limit", "120"], 0),
        (["commits", "--first-parent", "--branch", "topic/with slash", "--since", "2023-01-01", "--limit", "5"], 0),
        (["commits", "--until", "2026-01-01T00:00:00Z", "--path", "rust/lance"], 0),
        (["commits", "topic/with slash"], 0),
        (["commits", "main", "--compare", "topic/with slash"], 0),
        (["dispatch", "run.yml", "--input", f"git_sha={sha}"], 0),
        (["dispatch", "run.yml", "--ref", "main"], 0),
        (["dispatch", "run.yml", "--input", "unknown=1"], 1),
        (["dispatch", "nowhere.yml"], 1),
        (["dispatch", "--event", "pr-comment", "--input", "a=b"], 0),
        (["runs"], 0),
        (["runs", "run.yml", "--status", "success", "--event", "workflow_dispatch", "--branch", "main"], 0),
        (["runs", "run.yml", "--active"], 0),
        (["runs", "--commit", sha], 0),
        (["runs", "--jobs", RUN], 0),
        (["runs", "--wait", RUN + 2], 0),
        (["runs", "--cancel", RUN], 0),
        (["runs", "--cancel", RUN + 2], 1),
        (["comment", "7"], 0),
        (["comment", "7", "--body", "text"], 0),
        (["comment", "7", "--body", "first", "--marker", "lance-bench:status"], 0),
        (["comment", "7", "--body", "second", "--marker", "lance-bench:status"], 0),
        (["comment", "--id", "5001"], 0),
        (["comment", "--id", "5001", "--body", "changed"], 0),
        (["comment", "--id", "5001", "--react", "eyes"], 0),
        (["comment", "--id", "1", "--react", "+1"], 1),
        (["check", sha, "--name", "bench", "--external-id", sha, "--status", "in_progress", "--title", "t",
          "--summary", "s", "--details-url", "https://example.com/x"], 0),
        (["check", "--id", "3001", "--conclusion", "success"], 0),
        (["check", "--id", "3001"], 0),
        (["check", sha], 0),
        (["check", "topic/with slash"], 0),
        (["check", "0" * 40, "--name", "bench"], 1),
        (["permission", "alice"], 0),
        (["permission", "bob"], 0),
        (["permission", "nobody"], 0),
        (["artifact"], 0),
        (["artifact", "results", "--run", RUN, "--output", zip_file], 0),
        (["artifact", "--id", "7001", "--output", zip_file], 0),
        (["pull", "7"], 0),
        (["pull", "8"], 0),
        (["pull"], 0),
        (["pull", "99"], 1),
    ]


@pytest.fixture(scope="module")
def recorded(agent, tmp_path_factory):
    """What all verbs asked the stand-in, as an app and as a user, with and without the run's id in the answer."""
    with GitHubServer() as server:
        sha = fill(server.repo)
        github = Github(agent, server)
        for words, code in verbs(sha, tmp_path_factory.mktemp("zip")):
            done = github.run(*words)
            assert done.returncode == code, (words, done.stderr)
        server.dispatch_answers_with_run = False
        assert github.json("dispatch", "run.yml")["run_id"] is None
        server.tokens["user"] = Token("maintainer", is_app=False)
        github.json("comment", 7, "--marker", "x", "--body", "by a user", token="user")
        github.error("check", sha, "--name", "bench", token="user")
        return server.requests


def test_every_exchange_is_as_described(description, recorded):
    judge = github_description.Judge(description)
    wrong = [line for record in recorded for line in judge.check(record)]
    assert not wrong, "\n".join(wrong[:20])
    statuses = {record.status for record in recorded}
    assert {200, 201, 202, 204, 302, 404, 409, 422} <= statuses
    assert judge.used == set(github_description.OPERATIONS) - github_description.ELSEWHERE


def test_the_judge_sees_what_is_wrong(description, recorded):
    """That nothing was wrong above says something."""
    judge = github_description.Judge(description)
    record = next(r for r in recorded if r.method == "POST" and r.path.endswith("/check-runs"))
    whole = record.body
    record.body = {name: value for name, value in whole.items() if name != "head_sha"}
    assert any("head_sha" in line for line in judge.check(record))
    record.body = whole | {"status": "sleeping"}
    assert any("sleeping" in line for line in judge.check(record))
    record.body = whole
    record.answer = {name: value for name, value in record.answer.items() if name != "app"}
    assert any("'app' is a required property" in line for line in judge.check(record))
    listed = next(r for r in recorded if r.path.endswith("/pulls"))
    listed.query["perpage"] = "3"
    assert any("no query parameter perpage" in line for line in judge.check(listed))


def test_requests_carry_what_github_asks_for(recorded):
    for record in recorded:
        assert record.headers["accept"] == "application/vnd.github+json"
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", record.headers["x-github-api-version"])
        assert record.headers["user-agent"].startswith("lance-bench/")
        assert record.headers["authorization"].startswith("Bearer ")


class Played:
    """The address of Prism, in the place of a stand-in."""

    def __init__(self, url):
        self.url, self.repo = url, None

    def env(self, token, **more):
        return {"GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": "octocat/hello", "GITHUB_TOKEN": token} | more


@pytest.fixture(scope="module")
def prism(description, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prism")
    file, log, port = folder / "github.json", folder / "log", free_port()
    file.write_text(json.dumps(github_description.with_recommended_type(description)))
    with log.open("w") as out, stopping(subprocess.Popen(
            [PRISM, "mock", "--host", "127.0.0.1", "--port", str(port), str(file)],
            stdout=out, stderr=subprocess.STDOUT, env=os.environ | {"NO_UPDATE_NOTIFIER": "1"})) as process:
        wait_for_port(port, process, tries=1200)
        yield Played(f"http://127.0.0.1:{port}"), log


def test_prism_takes_every_request_and_its_examples_are_read(agent, prism, tmp_path):
    played, log = prism
    github = Github(agent, played)
    sha = "0123456789abcdef0123456789abcdef01234567"
    for words, _ in verbs(sha, tmp_path):
        if words[0] == "artifact" and "--output" in words:
            continue  # its example of a redirect leads nowhere
        waits = words[:2] == ["runs", "--wait"]  # its example of a run never ends
        done = github.run(*words, "--max-wait", "0", *(["--timeout", "1s"] if waits else []))
        assert done.returncode == (1 if waits else 0), (words, done.stderr)
        assert ("is still queued" in done.stderr) == waits
    text = log.read_text()
    # Prism also finds fault with the description's own examples of answers: "Violation: response".
    assert "Violation: request" not in text and "Request terminated with error" not in text, text[-3000:]
    assert text.count("The request passed the validation rules") >= len(verbs(sha, tmp_path)) - 2
    assert "422" in github.error("check", sha, "--name", "bench", "--status", "sleeping")
