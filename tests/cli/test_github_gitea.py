"""Gitea as a real forge in the place of GitHub, where its API is the same: commits, comments, permissions, pull
requests, and starting a workflow."""

import base64
import json
import os
import pwd
import subprocess
import time
import urllib.request

import pytest

from checkout_servers import FIRST_TIME, commit, free_port, git, new_repository, stopping, wait_for_port
from github_helpers import Github
from store_helpers import TOOLS

GITEA = TOOLS / "gitea" / "gitea"
pytestmark = pytest.mark.skipif(not GITEA.exists(), reason="Gitea is not there: scripts/test-tools gitea")

CONFIG = """
APP_NAME = test
RUN_MODE = prod
RUN_USER = {user}
WORK_PATH = {work}
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
PROTOCOL = http
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = http://127.0.0.1:{port}/
STATIC_ROOT_PATH = {static}
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = {work}/gitea.db
[security]
INSTALL_LOCK = true
SECRET_KEY = a-key-of-a-test
INTERNAL_TOKEN = {internal}
[repository]
ROOT = {work}/repositories
DEFAULT_BRANCH = main
[actions]
ENABLED = true
[log]
LEVEL = Warn
MODE = file
ROOT_PATH = {work}/log
[service]
DISABLE_REGISTRATION = true
[cron]
ENABLED = false
[indexer]
ISSUE_INDEXER_TYPE = db
[update_checker]
ENABLED = false
"""


class Gitea:
    """One Gitea with the users `owner`, `writer` and `stranger` and a repository owner/name."""

    def __init__(self, work, port):
        self.work, self.port = work, port
        self.url = f"http://127.0.0.1:{port}/api/v1"
        self.config = work / "app.ini"
        self.tokens = {}
        self.repo = None
        self.config.write_text(CONFIG.format(
            user=pwd.getpwuid(os.getuid()).pw_name, work=work, port=port, static=GITEA.parent,
            internal=self.command("generate", "secret", "INTERNAL_TOKEN")))

    def command(self, *words):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.work), "GITEA_WORK_DIR": str(self.work)}
        config = ["--config", str(self.config)] if self.config.exists() else []
        done = subprocess.run([GITEA, *config, *words], env=env, capture_output=True, text=True, check=False,
                              timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return (done.stdout.strip().splitlines() or [""])[-1]  # it may grumble first

    def start(self):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.work), "GITEA_WORK_DIR": str(self.work)}
        return subprocess.Popen([GITEA, "--config", str(self.config), "web"], env=env, cwd=self.work,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def add_user(self, name, *flags):
        self.command("admin", "user", "create", "--username", name, "--email", f"{name}@example.com",
                     "--random-password", "--must-change-password=false", *flags)
        self.tokens[name] = self.command("admin", "user", "generate-access-token", "--username", name, "--raw",
                                         "--scopes", "all")

    def call(self, method, path, body=None, user="owner"):
        request = urllib.request.Request(
            self.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.tokens[user]}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            data = answer.read()
        return json.loads(data) if data else None

    def wait_for_branches(self, names):
        """What was pushed is taken in behind the push."""
        for _ in range(600):
            if names <= {b["name"] for b in self.call("GET", "/repos/owner/name/branches") or []}:
                return
            time.sleep(.1)
        raise AssertionError("the branches are not there")

    def env(self, token, **more):
        return {"GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": "owner/name", "GITHUB_TOKEN": token} | more


@pytest.fixture(scope="module")
def gitea(tmp_path_factory):
    work = tmp_path_factory.mktemp("gitea")
    server = Gitea(work, free_port())
    server.command("migrate")
    with stopping(server.start()) as process:
        wait_for_port(server.port, process, tries=1200)
        server.add_user("owner", "--admin")
        server.add_user("writer")
        server.add_user("stranger")
        server.call("POST", "/user/repos", {"name": "name", "default_branch": "main"})
        server.call("PUT", "/repos/owner/name/collaborators/writer", {"permission": "write"})
        source = new_repository(work / "source")
        for number in range(40):  # more than a page
            commit(source, f"commit {number}", {"number": f"{number}\n"}, FIRST_TIME + 60 * number)
        commit(source, "a workflow", {".gitea/workflows/run.yml": "on:\n  workflow_dispatch:\n    inputs:\n"
               "      git_sha:\n        type: string\njobs:\n  a:\n    runs-on: none\n    steps:\n      - run: true\n"},
               FIRST_TIME + 60 * 200)
        git(source, "checkout", "-q", "-b", "topic")
        commit(source, "a change", {"number": "changed\n"}, FIRST_TIME + 60 * 300)
        secret = base64.b64encode(f"owner:{server.tokens['owner']}".encode()).decode()
        git(source, "-c", f"http.extraHeader=Authorization: Basic {secret}", "push", "-q",
            f"http://127.0.0.1:{server.port}/owner/name.git", "main", "topic")
        server.source = source
        server.issue = server.call("POST", "/repos/owner/name/issues", {"title": "An issue"})["number"]
        server.wait_for_branches({"main", "topic"})
        server.pull = server.call("POST", "/repos/owner/name/pulls", {
            "title": "A change", "head": "topic", "base": "main"})["number"]
        yield server


@pytest.fixture
def run(agent, gitea):
    """The agent's `github` with the token of a user."""
    github = Github(agent, gitea)

    def run(*words, user="owner", **options):
        return github.run(*words, token=gitea.tokens.get(user, user), **options)
    return run


@pytest.fixture
def ask(run):
    def ask(*words, **options):
        done = run(*words, "--format", "json", **options)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    return ask


def test_commits_over_several_pages(ask, gitea):
    rows = ask("commits", "--branch", "main", "--limit", "200")
    wanted = git(gitea.source, "log", "--format=%H", "main").split()
    assert [r["commit"] for r in rows] == wanted
    assert rows[0]["subject"] == "a workflow" and rows[-1]["parent"] is None
    line = ask("commits", "--branch", "main", "--first-parent", "--after", wanted[35], "--limit", "200")
    assert [r["commit"] for r in line] == wanted[:35]


def test_comments_are_made_changed_and_listed(ask, gitea):
    for body in ("queued", "running", "done"):
        ask("comment", gitea.issue, "--marker", "lance-bench:1", "--body", body)
    ask("comment", gitea.issue, "--marker", "lance-bench:1", "--body", "mine", user="writer")
    rows = ask("comment", gitea.issue)
    assert [(r["author"], r["comment"].split("\n")[0]) for r in rows] == [("owner", "done"), ("writer", "mine")]
    ask("comment", "--id", rows[0]["id"], "--react", "eyes")
    ask("comment", "--id", rows[0]["id"], "--react", "eyes")
    reactions = gitea.call("GET", f"/repos/owner/name/issues/comments/{rows[0]['id']}/reactions")
    assert [r["content"] for r in reactions] == ["eyes"]


def test_a_stranger_may_not_change_what_others_wrote(run, ask, gitea):
    comment = ask("comment", gitea.issue, "--body", "ours")
    done = run("comment", "--id", comment["id"], "--body", "theirs", user="stranger")
    assert done.returncode == 1 and "may not do this" in done.stderr
    assert "does not know the token" in run("comment", gitea.issue, user="0" * 40).stderr


def test_permissions(ask, run):
    assert ask("permission", "writer")["permission"] == "write"
    assert ask("permission", "stranger")["permission"] in ("none", "read")
    assert run("permission", "stranger", "--require", "write").returncode == 1


def test_a_pull_request_names_its_commits(ask, gitea):
    shown = ask("pull", gitea.pull)
    assert shown["head_sha"] == git(gitea.source, "rev-parse", "topic")
    assert (shown["base_ref"], shown["head_repo"], shown["author"]) == ("main", "owner/name", "owner")
    assert [r["number"] for r in ask("pull")] == [gitea.pull]


def test_a_workflow_is_started_and_found(ask, run):
    ask("dispatch", "run.yml", "--ref", "main", "--input", "git_sha=abc")
    rows = ask("runs")
    assert [r["event"] for r in rows] == ["workflow_dispatch"]
    assert rows[0]["status"] in ("queued", "waiting")
    assert "nowhere.yml" in run("dispatch", "nowhere.yml", "--ref", "main").stderr
