"""A pull request on the stand-in GitHub, and the bench bot that looks after it."""

import json
import pathlib
import re

from github_server import TOKEN, GitHubServer
from store_helpers import Store

INPUTS = ("git_sha", "pr_number", "pr_repo", "run_rust", "run_python", "rust_crates")
WORKFLOW = "run-benchmarks.yml"
BOT = "github-actions[bot]"
WORKFLOWS = pathlib.Path(__file__).resolve().parents[2] / "workflows"


def run_name(inputs):
    """The run-name of workflows/run-benchmarks.yml."""
    pull = inputs.get("pr_number")
    return f"Benchmarks of {inputs['git_sha']}" + (f" for pull request #{pull}" if pull else "")


class Forge:
    """The repository owner/quick with pull request #7 of a stranger's fork; `maintainer` may write to it."""

    def __init__(self, agent, folder, git=None):
        self.server = GitHubServer("owner/quick")
        self.repo = self.server.repo
        self.folder = folder
        self.store = Store(agent, folder)
        if git:
            self.repo.load_git(git)
        else:
            self.repo.add_commits(2)
            self.old = self.repo.add_commit("first try", branch="topic", parents=[self.repo.branches["main"]])
            self.repo.add_commit("second try", branch="topic")
        self.base, self.head = self.repo.branches["main"], self.repo.branches["topic"]
        self.repo.add_pull(7, head_sha=self.head, base_sha=self.base, author="stranger", head_repo="stranger/quick")
        self.repo.permissions |= {"maintainer": "write", "boss": "admin", "keeper": "maintain", "reader": "read",
                                  "helper": "triage", "stranger": "none"}
        self.repo.add_workflow(WORKFLOW, inputs=INPUTS, title=run_name, name="Run benchmarks")

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *arguments):
        self.server.__exit__(*arguments)

    def permit(self, file):
        """The token may no more than the job of the workflow gives it."""
        text = (WORKFLOWS / file).read_text()
        [given] = re.findall(r"^    permissions:\n((?:      .*\n)+)", text, re.MULTILINE)
        given = dict(re.findall(r"^      ([\w-]+): (\w+)", given, re.MULTILINE))
        self.server.tokens[TOKEN].permissions = {
            area.replace("-", "_"): given.get(area, "none")
            for area in ("actions", "checks", "contents", "issues", "pull-requests")}

    # Events
    def event(self, name, payload):
        payload = {"repository": {"full_name": self.repo.name, "default_branch": "main"},
                   "sender": {"login": "somebody"}, **payload}
        path = self.folder / "event.json"
        path.write_text(json.dumps(payload))
        return {**self.server.env(), "GITHUB_EVENT_PATH": str(path), "GITHUB_EVENT_NAME": name,
                "GITHUB_ACTIONS": "true", "LANCE_BENCH_TESTBED": "metal",
                "TMPDIR": str(self.folder)}

    def comment_event(self, comment, action="created", is_pull=True):
        issue = {"number": comment["number"], "title": "A change", "user": {"login": "stranger"}, "labels": []}
        if is_pull:
            issue["pull_request"] = {"url": "https://api.github.com/repos/owner/quick/pulls/7"}
        return self.event("issue_comment", {
            "action": action, "issue": issue,
            "comment": {"id": comment["id"], "body": comment["body"], "user": {"login": comment["author"]},
                        "author_association": comment["association"], "html_url": "https://github.com/x"}})

    def run_event(self, run, action="completed", **changes):
        fields = {"id": run["id"], "run_attempt": 1, "name": run["name"], "display_title": run["title"],
                  "path": run["path"], "event": run["event"], "status": run["status"],
                  "conclusion": run["conclusion"], "head_sha": run["head_sha"], "head_branch": run["head_branch"],
                  "head_repository": {"full_name": self.repo.name}, **changes}
        return self.event("workflow_run", {"action": action, "workflow_run": fields})

    def dispatch_event(self, file, **inputs):
        return self.event("workflow_dispatch", {
            "ref": "refs/heads/main", "workflow": f".github/workflows/{file}", "inputs": inputs})

    # Steps
    def bot(self, step, env, *words, **options):
        return self.store.run("bot", step, "--format", "json", *words, env=env, **options)

    def say(self, body, author="maintainer", **more):
        """Somebody comments, and the bot's job runs; what it says."""
        comment = self.repo.add_comment(7, body, author)
        return self.done(self.bot("comment", self.comment_event(comment, **more)))

    def finish(self, run, artifact=None, *words):
        if artifact is not None:
            self.repo.add_artifact("lance-bench-pull-request", artifact, run_id=run["id"])
        if run["status"] != "completed":
            self.repo.finish_run(run)
        return self.bot("finish", self.run_event(run), *words)

    @staticmethod
    def done(process):
        assert process.returncode == 0, process.stderr
        return json.loads(process.stdout)

    # What there is
    @property
    def ours(self):
        """The bot's comments."""
        return [c for c in self.repo.comments.values() if c["author"] == BOT]

    @property
    def text(self):
        (comment,) = self.ours
        return comment["body"]

    @property
    def checks(self):
        return list(self.repo.checks.values())

    @property
    def runs(self):
        return self.repo.runs
