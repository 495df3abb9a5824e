"""A stateful stand-in for GitHub's REST API, on 127.0.0.1, for the tests.

    with GitHubServer("owner/name") as github:
        github.repo.add_commits(3)
        run_agent("github", "commits", env=github.env())

What it has: repositories with commits and branches, workflows whose dispatch makes runs, jobs, comments, reactions,
check runs, permissions, pull requests, artifacts; tokens of users and of apps with their permissions; pages,
rate-limit headers, renamed repositories; and faults (`fail`, `slow`, `cut`, `limit` …) for the next requests. Its
answers have the shape of GitHub's own description: test_github_description.py holds it to that.
"""

import argparse
import calendar
import contextlib
import dataclasses
import hashlib
import heapq
import http.server
import json
import pathlib
import re
import subprocess
import threading
import time
import urllib.parse

import github_shapes as shapes

TOKEN = "ghs_0123456789abcdefghijABCDEFGHIJ012345"  # of an app, as a workflow has it
USER_TOKEN = "ghp_abcdefghij0123456789ABCDEFGHIJ543210"  # of the user "maintainer"
LEVELS = ("none", "read", "write")
THREAD = "issues or pull_requests"  # whose the comment is
ROLES = {"none": "none", "read": "read", "triage": "read", "write": "write", "maintain": "write", "admin": "admin"}


@dataclasses.dataclass
class Token:
    login: str
    is_app: bool = True
    permissions: dict = dataclasses.field(default_factory=dict)  # {"checks": "read"}; what is missing may write


@dataclasses.dataclass
class Fault:
    """What happens to requests instead of (or, with `after`, behind) their answer."""
    act: object
    times: int = 1
    method: str = None
    path: str = ""  # a regular expression, searched
    after: bool = False

    def hits(self, method, path):
        return self.times > 0 and self.method in (None, method) and re.search(self.path, path)


@dataclasses.dataclass
class Recorded:
    method: str
    target: str  # the path as it was sent
    path: str
    query: dict
    headers: dict
    body: object
    status: int = 0  # 0: no answer was sent
    answer_headers: dict = dataclasses.field(default_factory=dict)
    answer: object = None


class Answer(Exception):
    def __init__(self, status, body=None, headers=None):
        super().__init__(status)
        self.status, self.body, self.headers = status, body, dict(headers or {})


def problem(status, message, headers=None, **more):
    return Answer(status, {"message": message, "documentation_url": "https://docs.github.com/rest",
                           "status": str(status), **more}, headers)


def sha_of(text):
    return hashlib.sha1(text.encode()).hexdigest()


class Repository:
    def __init__(self, server, name):
        self.server, self.name = server, name
        self.default_branch = "main"
        self.commits, self.branches = {}, {}
        self.workflows, self.runs, self.artifacts, self.checks = {}, [], {}, {}
        self.comments, self.reactions, self.pulls, self.repository_dispatches = {}, [], {}, []
        self.files = {}  # (branch, path) → text
        self.permissions = {}  # login → role; a login that is not here is no user

    # History
    def add_commit(self, message, *, parents=None, branch="main", when=None, author="dev"):
        tip = self.branches.get(branch)
        parents = parents if parents is not None else [tip] if tip else []
        if when is None:
            when = max([self.commits[p]["commit_s"] for p in parents] or [1_700_000_000]) + 60
        sha = sha_of(f"{self.name} {message} {parents} {when}")
        self.commits[sha] = {"sha": sha, "parents": parents, "message": message, "author": author, "author_s": when,
                             "commit_s": when}
        self.branches[branch] = sha
        return sha

    def add_commits(self, count, **more):
        return [self.add_commit(f"commit {number}", **more) for number in range(1, count + 1)]

    def load_git(self, folder):
        """The commits and branches of a real repository."""
        def git(*words):
            return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=True,
                                  text=True).stdout
        for line in git("log", "--all", "--format=%H%x01%P%x01%at%x01%ct%x01%an%x01%B%x02").split("\x02"):
            fields = line.strip("\n").split("\x01")
            if len(fields) == 6:
                sha, parents, author_s, commit_s, author, message = fields
                self.commits[sha] = {"sha": sha, "parents": parents.split(), "message": message.strip(),
                                     "author": author.replace(" ", "-"), "author_s": int(author_s),
                                     "commit_s": int(commit_s)}
        for line in git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads").splitlines():
            name, sha = line.split()
            self.branches[name] = sha
        return self

    def resolve(self, rev):
        rev = rev or self.default_branch
        rev = rev.removeprefix("refs/heads/").removeprefix("heads/")
        if rev in self.branches:
            return self.branches[rev]
        found = [sha for sha in self.commits if len(rev) >= 4 and sha.startswith(rev.lower())]
        return found[0] if len(found) == 1 else None

    def log(self, sha):
        """From a commit backwards, newest first, as `git log` has it."""
        heap, seen = [(-self.commits[sha]["commit_s"], 0, sha)], {sha}
        while heap:
            commit = self.commits[heapq.heappop(heap)[2]]
            yield commit
            for parent in commit["parents"]:
                if parent in self.commits and parent not in seen:
                    seen.add(parent)
                    heapq.heappush(heap, (-self.commits[parent]["commit_s"], len(seen), parent))

    # Actions
    def add_workflow(self, file, *, inputs=(), title=None, dispatchable=True, name=None):
        """`title` is its run-name: a function of the inputs."""
        self.workflows[file] = {"file": file, "id": shapes.number_of(file), "name": name or file,
                                "inputs": set(inputs), "title": title, "dispatchable": dispatchable}
        return self.workflows[file]

    def add_run(self, file, *, title=None, event="workflow_dispatch", status="queued", conclusion=None, ref="main",
                inputs=None, actor="maintainer"):
        workflow = self.workflows[file]
        now = self.server.now()
        inputs = inputs or {}
        run = {"id": 9_000_000_000 + len(self.runs) + 1, "number": len(self.runs) + 1, "attempt": 1, "event": event,
               "name": workflow["name"], "path": f".github/workflows/{file}", "workflow_id": workflow["id"],
               "title": title or (workflow["title"](inputs) if workflow["title"] else workflow["name"]),
               "status": status, "conclusion": conclusion, "head_branch": ref,
               "head_sha": self.resolve(ref) or "0" * 40, "actor": actor, "created_s": now, "updated_s": now,
               "inputs": inputs}
        self.runs.append(run)
        return run

    def finish_run(self, run, conclusion="success"):
        run.update(status="completed", conclusion=conclusion, updated_s=self.server.now())

    def add_artifact(self, name, data, *, run_id=9_000_000_001, head_sha=None, expired=False):
        number = 7000 + len(self.artifacts) + 1
        self.artifacts[number] = {"id": number, "name": name, "zip": data, "run_id": run_id, "expired": expired,
                                  "head_sha": head_sha or self.resolve(None) or "0" * 40,
                                  "created_s": self.server.now()}
        return self.artifacts[number]

    # Conversation
    def add_comment(self, number, body, author, association="NONE"):
        now = self.server.now()
        comment = {"id": 5000 + len(self.comments) + 1, "number": number, "body": body, "author": author,
                   "association": association, "created_s": now, "updated_s": now}
        self.comments[comment["id"]] = comment
        return comment

    def add_pull(self, number, *, head_sha, base_sha=None, author="stranger", head_repo=None, head_ref="topic",
                 labels=(), state="open", title="A change", merged_as=None):
        now = self.server.now()
        self.pulls[number] = {
            "number": number, "state": state, "title": title, "author": author, "head_sha": head_sha,
            "head_ref": head_ref, "head_repo": self.name if head_repo is None else head_repo,
            "base_sha": base_sha or self.resolve(None) or "0" * 40, "base_ref": self.default_branch, "draft": False,
            "merged": merged_as is not None, "merge_sha": merged_as, "labels": list(labels),
            "created_s": now, "updated_s": now}
        return self.pulls[number]


class GitHubServer:
    def __init__(self, repository="owner/name", *, host="127.0.0.1", port=0):
        self.lock = threading.RLock()
        self.repos, self.renamed = {}, {}
        self.tokens = {TOKEN: Token("github-actions[bot]"), USER_TOKEN: Token("maintainer", is_app=False)}
        self.requests, self.blob_requests, self.faults = [], [], []
        self.dispatch_knows_details = True
        self.dispatch_answers_with_run = True
        self.blob_data = None  # instead of what an artifact holds
        self.on_run = None  # called with (repository, run) after a dispatch
        self.rate_remaining = 4999
        self.clock_offset = 0
        self.repo = self.add_repository(repository)
        self._server = _listen((host, port), self)
        self._blobs = _listen((host, 0), self)  # artifacts lie on another host
        self.url = f"http://{host}:{self._server.server_port}"
        self.blob_url = f"http://{host}:{self._blobs.server_port}"
        self._threads = [threading.Thread(target=s.serve_forever, args=(.02,), daemon=True)
                         for s in (self._server, self._blobs)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        for server in (self._server, self._blobs):
            server.shutdown()
            server.server_close()

    def now(self):
        return int(time.time()) + self.clock_offset

    def env(self, token=TOKEN, **more):
        """Environment of an agent that is to use this server for `repo`."""
        env = {"GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": self.repo.name, "GITHUB_TOKEN": token}
        return {name: value for name, value in (env | more).items() if value is not None}

    def add_repository(self, name):
        self.repos[name] = Repository(self, name)
        return self.repos[name]

    def rename(self, old, new):
        repo = self.repos.pop(old)
        repo.name = new
        self.repos[new] = repo
        self.renamed[old] = new

    # Faults: `times` the next requests that match method and path
    def _fault(self, act, times=1, **match):
        with self.lock:
            self.faults.append(Fault(act, times, **match))

    def fail(self, status, message="it failed", headers=None, **match):
        def act(_handler):
            raise problem(status, message, headers)
        self._fault(act, **match)

    def limit(self, *, retry_after=None, reset_in=None, secondary=True, status=403, **match):
        """A rate limit: secondary (with Retry-After or without any time), or the hourly one."""
        def act(_handler):
            headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
            if reset_in is not None:
                headers |= {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(self.now() + reset_in)}
            raise problem(status, "You have exceeded a secondary rate limit. Please wait a few minutes before you try "
                          "again." if secondary else "API rate limit exceeded for installation ID 1.", headers)
        self._fault(act, **match)

    def slow(self, seconds, **match):
        self._fault(lambda _handler: time.sleep(seconds), **match)

    def drop(self, **match):
        """The connection is closed without an answer; with after=True the request has been carried out."""
        def act(handler):
            handler.give_up()
        self._fault(act, **match)

    def cut(self, sent=20, **match):
        """Only so many bytes of the answer's body arrive."""
        def act(handler):
            handler.cut_after = sent
        self._fault(act, **match)

    def trickle(self, **match):
        """The answer's body comes at a byte every two seconds."""
        def act(handler):
            handler.trickles = True
        self._fault(act, **match)

    def raw(self, data, **match):
        """These bytes instead of an HTTP answer."""
        def act(handler):
            handler.send_raw(data)
        self._fault(act, **match)

    def redirect(self, location, status=302, **match):
        def act(_handler):
            raise Answer(status, {"message": "Moved", "url": location, "documentation_url": ""},
                         {"Location": location})
        self._fault(act, **match)

    def paths(self, method=None):
        return [r.path for r in self.requests if method in (None, r.method)]


class _Closed(Exception):
    pass


def _listen(address, owner):
    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_):
            pass

    server = Server(address, _Handler)
    server.owner = owner
    return server


def _page(items, query, request_url):
    """One page of a list, and its Link header."""
    size = min(max(int(query.get("per_page", 30)), 1), 100)
    page = max(int(query.get("page", 1)), 1)
    last = max((len(items) + size - 1) // size, 1)
    links = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    wanted = [(rel, n) for rel, n in links.items() if (n <= last and n >= 1) and (
        page < last if rel in ("next", "last") else page > 1)]
    header = ", ".join(f'<{request_url}?{urllib.parse.urlencode(query | {"page": n})}>; rel="{rel}"'
                       for rel, n in wanted)
    return items[(page - 1) * size: page * size], {"Link": header} if header else {}


def _seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) if text else None


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_version = "github.com"

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.cut_after, self.trickles = None, False

    def give_up(self):
        self.close_connection = True
        raise _Closed

    def send_raw(self, data):
        self.wfile.write(data)
        self.give_up()

    def do_GET(self):
        self.answer()

    do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_GET

    def answer(self):
        owner = self.server.owner
        self.cut_after, self.trickles = None, False
        url = urllib.parse.urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        record = Recorded(self.command, url.path, urllib.parse.unquote(url.path), dict(urllib.parse.parse_qsl(url.query)),
                          {k.lower(): v for k, v in self.headers.items()}, None)
        with contextlib.suppress(ValueError):
            record.body = json.loads(raw) if raw else None
        if self.server is owner._blobs:
            owner.blob_requests.append(record)
            return self.send_blob(owner, record)
        with owner.lock:
            owner.requests.append(record)
            faults = [f for f in owner.faults if f.hits(record.method, record.path)][:1]
            for fault in faults:
                fault.times -= 1
        with contextlib.suppress(_Closed, BrokenPipeError, ConnectionResetError):
            try:
                for fault in faults:
                    if not fault.after:
                        fault.act(self)
                with owner.lock:
                    answer = route(owner, record)
                for fault in faults:
                    if fault.after:
                        fault.act(self)
            except Answer as raised:
                answer = raised
            self.send_answer(owner, record, answer)

    def send_answer(self, owner, record, answer):
        owner.rate_remaining -= 1
        body = b"" if answer.body is None else json.dumps(answer.body).encode()
        headers = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": str(owner.rate_remaining),
                   "X-RateLimit-Reset": str(owner.now() + 3600), "X-RateLimit-Resource": "core"} | answer.headers
        record.status, record.answer_headers, record.answer = answer.status, headers, answer.body
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        if answer.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.send_body(b"" if record.method == "HEAD" else body)

    def send_body(self, body):
        if self.cut_after is not None:
            self.wfile.write(body[:self.cut_after])
            self.give_up()
        if self.trickles:
            for byte in body:
                self.wfile.write(bytes([byte]))
                time.sleep(2)
        self.wfile.write(body)

    def send_blob(self, owner, record):
        number = int(record.path.rsplit("/", 1)[1])
        data = owner.blob_data or next(r.artifacts[number]["zip"] for r in owner.repos.values()
                                       if number in r.artifacts)
        self.send_response(200)
        self.send_header("Content-Type", "application/zip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(data)


# Routes: (method, path below the repository, permission, function)
ROUTES = []


def at(method, path, permission=None):
    pattern = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path.replace("{ref}", "(?P<ref>.+)")) + "$")

    def keep(function):
        ROUTES.append((method, pattern, permission, function))
        return function
    return keep


class Request:
    """What a route gets."""

    def __init__(self, server, repo, record, token):
        self.server, self.repo, self.record, self.token = server, repo, record, token
        self.query, self.body, self.api, self.name = record.query, record.body or {}, server.url, repo and repo.name

    def pages(self, items, key=None, **more):
        shown, headers = _page(items, self.query, self.server.url + self.record.path)
        return Answer(200, {"total_count": len(items), key: shown} | more if key else shown, headers)


def _authenticate(server, record):
    header = record.headers.get("authorization")
    if header is None:
        return None
    token = server.tokens.get(header.removeprefix("Bearer ").removeprefix("token "))
    if token is None:
        raise problem(401, "Bad credentials")
    return token


def _authorise(repo, token, permission, found):
    area, level = permission or ("metadata", "read")
    accepted = f"{area}={level}"
    if area == THREAD:  # both are named, and the one that fits counts
        accepted = f"issues={level}; pull_requests={level}"
        thread = int(found.get("number") or repo.comments.get(int(found["comment"]), {"number": 0})["number"])
        area = "pull_requests" if thread in repo.pulls else "issues"
    if token is None and level == "write":
        raise problem(401, "Requires authentication")
    granted = "write" if token is None else token.permissions.get(area, "write")
    if LEVELS.index(granted) < LEVELS.index(level):
        raise problem(403, "Resource not accessible by " + ("integration" if token.is_app else "personal access token"),
                      {"X-Accepted-GitHub-Permissions": accepted})


def route(server, record):
    token = _authenticate(server, record)
    if record.path == "/user":
        return _whoami(server, token)
    found = re.match(r"^/repos/([^/]+/[^/]+)(/.*)?$", record.path)
    if not found:
        raise problem(404, "Not Found")
    name, below = found[1], found[2] or ""
    if name in server.renamed:
        query = f"?{urllib.parse.urlencode(record.query)}" if record.query else ""
        target = f"{server.url}/repos/{server.renamed[name]}{below}{query}"
        raise Answer(301 if record.method == "GET" else 307,
                     {"message": "Moved Permanently", "url": target, "documentation_url": "https://docs.github.com"},
                     {"Location": target})
    repo = server.repos.get(name)
    if repo is None:
        raise problem(404, "Not Found")
    for method, pattern, permission, function in ROUTES:
        match = pattern.match(below)
        if match and method == record.method:
            _authorise(repo, token, permission, match.groupdict())
            return function(Request(server, repo, record, token), **match.groupdict())
    raise problem(404, "Not Found")


def _whoami(server, token):
    if token is None:
        raise problem(401, "Requires authentication")
    if token.is_app:
        raise problem(403, "Resource not accessible by integration")
    return Answer(200, shapes.private_user(server.url, token.login))


@at("GET", "")
def _repository(r):
    return Answer(200, shapes.full_repository(r.api, r.name, r.repo.default_branch))


@at("GET", "/commits", ("contents", "read"))
def _commits(r):
    if not r.repo.commits:
        raise problem(409, "Git Repository is empty.")
    start = r.repo.resolve(r.query.get("sha"))
    if not start:
        raise problem(404, "Not Found")
    since, until = _seconds(r.query.get("since")), _seconds(r.query.get("until"))
    listed = [c for c in r.repo.log(start) if (since is None or c["commit_s"] >= since) and (
        until is None or c["commit_s"] <= until)]
    answer = r.pages(listed)
    answer.body = [shapes.commit(r.api, r.name, c) for c in answer.body]
    return answer


@at("GET", "/commits/{ref}/check-runs", ("checks", "read"))
def _checks(r, ref):
    sha = r.repo.resolve(ref)
    if not sha:
        raise problem(422, f"No commit found for SHA: {ref}")
    found = [c for c in r.repo.checks.values()
             if c["head_sha"] == sha and r.query.get("check_name") in (None, c["name"])]
    return r.pages([shapes.check(r.api, r.name, c) for c in reversed(found)], "check_runs")


@at("GET", "/commits/{ref}", ("contents", "read"))
def _commit(r, ref):
    sha = r.repo.resolve(ref)
    if not sha:
        raise problem(422, f"No commit found for SHA: {ref}")
    return Answer(200, shapes.commit(r.api, r.name, r.repo.commits[sha]))


@at("GET", "/contents/{path}", ("contents", "read"))
def _contents(r, path):
    path, branch = urllib.parse.unquote(path), r.query.get("ref", r.repo.default_branch)
    text = r.repo.files.get((branch, path))
    if text is None:
        raise problem(404, "Not Found")
    return Answer(200, shapes.content(r.api, r.name, branch, path, text))


@at("GET", "/issues", ("pull_requests", "read"))
def _issues(r):
    wanted = set(filter(None, r.query.get("labels", "").split(",")))
    found = [p for p in r.repo.pulls.values() if wanted <= set(p["labels"])
             and r.query.get("state", "open") in (p["state"], "all")]
    answer = r.pages(sorted(found, key=lambda p: -p["updated_s"]))
    answer.body = [shapes.issue(r.api, r.name, p) for p in answer.body]
    return answer


@at("GET", "/compare/{ref}", ("contents", "read"))
def _compare(r, ref):
    base, head = (r.repo.resolve(side) for side in ref.split("...", 1))
    if not base or not head:
        raise problem(404, "Not Found")
    below_base, below_head = list(r.repo.log(base)), list(r.repo.log(head))
    known = {c["sha"] for c in below_base}
    common = [c for c in below_head if c["sha"] in known]
    if not common:
        raise problem(404, "No common ancestor")
    shared = {c["sha"] for c in below_head}
    return Answer(200, shapes.comparison(
        r.api, r.name, r.repo.commits[base], r.repo.commits[head], [c for c in below_head if c["sha"] not in known],
        [c for c in below_base if c["sha"] not in shared], common[0]))


def _workflow(r, wanted):
    for workflow in r.repo.workflows.values():
        if wanted in (workflow["file"], str(workflow["id"])):
            return workflow
    raise problem(404, "Not Found")


@at("POST", "/actions/workflows/{wanted}/dispatches", ("actions", "write"))
def _dispatch(r, wanted):
    workflow = _workflow(r, wanted)
    inputs = r.body.get("inputs") or {}
    if not r.server.dispatch_knows_details and "return_run_details" in r.body:
        raise problem(422, 'Invalid request.\n\n"return_run_details" is not a permitted key.')
    ref = r.body["ref"].removeprefix("refs/heads/")
    if ref not in r.repo.branches and r.repo.branches:
        raise problem(422, f"No ref found for: {ref}")
    if not workflow["dispatchable"]:
        raise problem(422, "Workflow does not have 'workflow_dispatch' trigger")
    unexpected = sorted(set(inputs) - workflow["inputs"])
    if unexpected:
        raise problem(422, f"Unexpected inputs provided: {json.dumps(unexpected)}")
    run = r.repo.add_run(workflow["file"], ref=ref, inputs=inputs, actor=r.token.login)
    if r.server.on_run:
        r.server.on_run(r.repo, run)
    if not (r.body.get("return_run_details") and r.server.dispatch_answers_with_run):
        return Answer(204)
    return Answer(200, {"workflow_run_id": run["id"], "run_url": f"{r.api}/repos/{r.name}/actions/runs/{run['id']}",
                        "html_url": f"https://github.com/{r.name}/actions/runs/{run['id']}"})


@at("POST", "/dispatches", ("contents", "write"))
def _repository_dispatch(r):
    r.repo.repository_dispatches.append(r.body)
    return Answer(204)


def _run(r, number):
    for run in r.repo.runs:
        if str(run["id"]) == number:
            return run
    raise problem(404, "Not Found")


def _runs(r, workflow):
    def fits(run):
        fields = {"event": run["event"], "branch": run["head_branch"], "head_sha": run["head_sha"]}
        status = r.query.get("status")
        created = r.query.get("created", "").removeprefix(">=")
        return ((not workflow or run["workflow_id"] == workflow["id"])
                and (not status or status in (run["status"], run["conclusion"]))
                and (not created or run["created_s"] >= _seconds(created))
                and all(r.query.get(name) in (None, value) for name, value in fields.items()))
    return r.pages([shapes.run(r.api, r.name, run) for run in reversed(r.repo.runs) if fits(run)], "workflow_runs")


@at("GET", "/actions/runs", ("actions", "read"))
def _all_runs(r):
    return _runs(r, None)


@at("GET", "/actions/workflows/{wanted}/runs", ("actions", "read"))
def _workflow_runs(r, wanted):
    return _runs(r, _workflow(r, wanted))


@at("GET", "/actions/runs/{number}", ("actions", "read"))
def _one_run(r, number):
    return Answer(200, shapes.run(r.api, r.name, _run(r, number)))


@at("POST", "/actions/runs/{number}/cancel", ("actions", "write"))
def _cancel(r, number):
    run = _run(r, number)
    if run["status"] == "completed":
        raise problem(409, "Cannot cancel a workflow run that is completed.")
    r.repo.finish_run(run, "cancelled")
    return Answer(202, {})


@at("GET", "/actions/runs/{number}/jobs", ("actions", "read"))
def _jobs(r, number):
    run = _run(r, number)
    return r.pages([shapes.job(r.api, r.name, run, run["id"] * 10 + 1)], "jobs")


def _artifacts(r, fits):
    found = [a for a in r.repo.artifacts.values() if fits(a) and r.query.get("name") in (None, a["name"])]
    return r.pages([shapes.artifact(r.api, r.name, a) for a in reversed(found)], "artifacts")


@at("GET", "/actions/runs/{number}/artifacts", ("actions", "read"))
def _run_artifacts(r, number):
    return _artifacts(r, lambda a: str(a["run_id"]) == number)


@at("GET", "/actions/artifacts", ("actions", "read"))
def _all_artifacts(r):
    return _artifacts(r, lambda a: True)


def _artifact(r, number):
    if not number.isdigit() or int(number) not in r.repo.artifacts:
        raise problem(404, "Not Found")
    return r.repo.artifacts[int(number)]


@at("GET", "/actions/artifacts/{number}", ("actions", "read"))
def _one_artifact(r, number):
    return Answer(200, shapes.artifact(r.api, r.name, _artifact(r, number)))


@at("GET", "/actions/artifacts/{number}/zip", ("actions", "read"))
def _zip(r, number):
    artifact = _artifact(r, number)
    if r.token is None:
        raise problem(401, "Requires authentication")
    if artifact["expired"]:
        raise problem(410, "Artifact has expired")
    return Answer(302, None, {"Location": f"{r.server.blob_url}/blob/{number}?sig=secret-signature"})


@at("GET", "/issues/{number}/comments", (THREAD, "read"))
def _comments(r, number):
    since = _seconds(r.query.get("since")) or 0
    found = [c for c in r.repo.comments.values() if str(c["number"]) == number and c["updated_s"] >= since]
    return r.pages([shapes.comment(r.api, r.name, c) for c in found])


@at("POST", "/issues/{number}/comments", (THREAD, "write"))
def _create_comment(r, number):
    if len(r.body["body"]) > 65536:
        raise problem(422, "Validation Failed", errors=[{
            "resource": "IssueComment", "code": "unprocessable", "field": "data",
            "message": "Body is too long (maximum is 65536 characters)"}])
    comment = r.repo.add_comment(int(number), r.body["body"], r.token.login)
    return Answer(201, shapes.comment(r.api, r.name, comment),
                  {"Location": f"{r.api}/repos/{r.name}/issues/comments/{comment['id']}"})


def _one_comment(r, number):
    if not number.isdigit() or int(number) not in r.repo.comments:
        raise problem(404, "Not Found")
    return r.repo.comments[int(number)]


@at("GET", "/issues/comments/{comment}", (THREAD, "read"))
def _get_comment(r, comment):
    return Answer(200, shapes.comment(r.api, r.name, _one_comment(r, comment)))


@at("PATCH", "/issues/comments/{comment}", (THREAD, "write"))
def _update_comment(r, comment):
    comment = _one_comment(r, comment)
    comment.update(body=r.body["body"], updated_s=r.server.now())
    return Answer(200, shapes.comment(r.api, r.name, comment))


@at("POST", "/issues/comments/{comment}/reactions", (THREAD, "write"))
def _react(r, comment):
    comment = _one_comment(r, comment)
    for reaction in r.repo.reactions:
        if (reaction["comment"], reaction["author"], reaction["content"]) == (
                comment["id"], r.token.login, r.body["content"]):
            return Answer(200, shapes.reaction(r.api, reaction))
    reaction = {"id": len(r.repo.reactions) + 1, "comment": comment["id"], "author": r.token.login,
                "content": r.body["content"], "created_s": r.server.now()}
    r.repo.reactions.append(reaction)
    return Answer(201, shapes.reaction(r.api, reaction))


def _change_check(r, check):
    output = r.body.get("output") or {}
    check.update({name: r.body[name] for name in ("name", "external_id", "details_url", "status", "conclusion")
                  if name in r.body})
    check.update({name: output[name] for name in ("title", "summary", "text") if name in output})
    if check["conclusion"]:
        check.update(status="completed", completed_s=check["completed_s"] or r.server.now())
    return shapes.check(r.api, r.name, check)


def _only_apps(r):
    if not r.token.is_app:
        raise problem(403, "You must authenticate via a GitHub App.")


@at("POST", "/check-runs", ("checks", "write"))
def _create_check(r):
    _only_apps(r)
    if r.body["head_sha"] not in r.repo.commits:
        raise problem(422, f"No commit found for SHA: {r.body['head_sha']}")
    check = {"id": 3000 + len(r.repo.checks) + 1, "head_sha": r.body["head_sha"], "external_id": "",
             "details_url": None, "status": "queued", "conclusion": None, "title": None, "summary": None, "text": None,
             "started_s": r.server.now(), "completed_s": None, "app": r.token.login.removesuffix("[bot]")}
    r.repo.checks[check["id"]] = check
    return Answer(201, _change_check(r, check))


def _one_check(r, number):
    if not number.isdigit() or int(number) not in r.repo.checks:
        raise problem(404, "Not Found")
    return r.repo.checks[int(number)]


@at("GET", "/check-runs/{number}", ("checks", "read"))
def _get_check(r, number):
    return Answer(200, shapes.check(r.api, r.name, _one_check(r, number)))


@at("PATCH", "/check-runs/{number}", ("checks", "write"))
def _update_check(r, number):
    _only_apps(r)
    return Answer(200, _change_check(r, _one_check(r, number)))


@at("GET", "/collaborators/{login}/permission", ("metadata", "read"))
def _permission(r, login):
    if r.token is None:
        raise problem(401, "Requires authentication")
    role = r.repo.permissions.get(login)
    if role is None:
        raise problem(404, f"{login} is not a user")
    base = ROLES.get(role, "read")
    user = shapes.user(r.api, login) | {"role_name": role}
    return Answer(200, {"permission": base, "role_name": role, "user": user})


@at("GET", "/pulls", ("pull_requests", "read"))
def _pulls(r):
    state = r.query.get("state", "open")
    found = sorted((p for p in r.repo.pulls.values() if state in ("all", p["state"])), key=lambda p: -p["updated_s"])
    return r.pages([shapes.pull(r.api, r.name, p, whole=False) for p in found])


@at("GET", "/pulls/{number}", ("pull_requests", "read"))
def _pull(r, number):
    if not number.isdigit() or int(number) not in r.repo.pulls:
        raise problem(404, "Not Found")
    return Answer(200, shapes.pull(r.api, r.name, r.repo.pulls[int(number)], whole=True))


def main():
    parser = argparse.ArgumentParser(description="Serve the stand-in until the input ends; prints its address.")
    parser.add_argument("--repository", default="owner/name")
    parser.add_argument("--git", type=pathlib.Path, help="take the commits of this repository")
    parser.add_argument("--workflow", action="append", default=[], metavar="FILE[:INPUT,…]")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    with GitHubServer(options.repository, host=options.host, port=options.port) as server:
        if options.git:
            server.repo.load_git(options.git)
        for workflow in options.workflow:
            file, _, inputs = workflow.partition(":")
            server.repo.add_workflow(file, inputs=inputs.split(",") if inputs else ())
        print(server.url, flush=True)
        with contextlib.suppress(KeyboardInterrupt, EOFError):
            while True:
                input()


if __name__ == "__main__":
    main()
