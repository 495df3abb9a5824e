"""A repository that uses the workflows as `lance-bench init` writes them, run by act: GitHub's API is the stand-in, the
database lies on a real S3 server, and pull requests come from a git server on this machine."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

from checkout_servers import free_port, git_daemon, stopping, wait_for_port
from docker_daemon import ROOT, TOOLS
from github_server import TOKEN, GitHubServer
from run_helpers import git, make_sample
from s3_gate import Gate

NAME = "consumer/repository"
KEYS = ("the-user", "the-secret")
DB = "s3://bucket/results"
INPUTS = ["git_sha", "pr_number", "pr_repo", "run_rust", "run_python", "rust_crates"]
# What aws-actions/configure-aws-credentials does with keys.
CREDENTIALS = """
name: stand-in
inputs: {aws-access-key-id: {required: false}, aws-secret-access-key: {required: false}, aws-region: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env:
        ID: ${{ inputs.aws-access-key-id }}
        SECRET: ${{ inputs.aws-secret-access-key }}
        REGION: ${{ inputs.aws-region }}
      run: |
        { echo "AWS_ACCESS_KEY_ID=$ID"; echo "AWS_SECRET_ACCESS_KEY=$SECRET"; echo "AWS_REGION=$REGION"; } >>"$GITHUB_ENV"
"""
# What actions/upload-artifact and its like for Pages do: the files below `path`, under a name.
UPLOAD = """
name: stand-in
inputs: {name: {default: github-pages}, path: {required: true}, retention-days: {required: false}}
runs:
  using: composite
  steps:
    - shell: bash
      env:
        FROM: ${{ inputs.path }}
        TO: ${{ github.workspace }}/artifacts/${{ inputs.name }}
      run: |
        mkdir -p "$TO" && cp -R "$FROM/." "$TO/" && env >"$TO.env"
"""
DEPLOY = """
name: stand-in
outputs: {page_url: {value: "https://consumer.github.io/repository"}}
runs:
  using: composite
  steps:
    - shell: bash
      run: echo DEPLOYED
"""
STAND_INS = {"aws-actions/configure-aws-credentials": CREDENTIALS, "actions/upload-artifact": UPLOAD,
             "actions/upload-pages-artifact": UPLOAD, "actions/deploy-pages": DEPLOY}
# A runner has a Node of its own, for hashFiles(); the image has none.
NODE = f"-v {os.path.realpath(shutil.which('node') or '/usr/bin/node')}:/usr/local/bin/node:ro"
# The sandbox for foreign code needs namespaces, which a container gets from nobody by itself.
NAMESPACES = ("--cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt seccomp=unconfined "
              "--security-opt apparmor=unconfined")


def versitygw(folder):
    """A command that serves the folder as S3, and its port."""
    port = free_port()
    return [TOOLS / "bin" / "versitygw", "--port", f"127.0.0.1:{port}", "--quiet", "posix", folder], port


class Consumer:
    """`target` is the project that is measured, the sample; `forks` the folder of repositories of pull requests.
    `results` is the folder where each step leaves what its command printed, `artifacts` where a job's artifacts go."""

    def __init__(self, act, agent, folder):
        self.act, self.agent, self.folder = act, agent, pathlib.Path(folder)
        self.repository, self.forks = self.folder / "consumer", self.folder / "forks"
        self.target = self.repository / "target"
        self.results = self.repository / "lance-bench-results"
        self.artifacts = self.repository / "artifacts"
        # What the runner keeps between jobs; the sandbox's user has to get into it.
        self.cache = tempfile.mkdtemp(prefix="lb-cache-", dir="/var/tmp")
        os.chmod(self.cache, 0o755)
        self.container_options = f"-v {self.cache}:/var/cache/lance-bench"
        self.open = contextlib.ExitStack()

    def __enter__(self):
        self.repository.mkdir()
        self.forks.mkdir()
        subprocess.run(["git", "init", "-q", "-b", "main", self.repository], check=True)
        subprocess.run([self.agent, "init", "--dir", self.repository], check=True, capture_output=True)
        git(self.repository, "add", "-A")
        git(self.repository, "commit", "-q", "-m", "benchmarks")
        git(self.repository, "remote", "add", "origin", f"https://github.com/{NAME}")
        make_sample(self.target)
        (self.folder / "s3" / "bucket").mkdir(parents=True)
        command, port = versitygw(self.folder / "s3")
        process = self.open.enter_context(stopping(subprocess.Popen(
            command, env={"PATH": os.environ["PATH"], "ROOT_ACCESS_KEY": KEYS[0], "ROOT_SECRET_KEY": KEYS[1]},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)))
        wait_for_port(port, process)
        self.gate = self.open.enter_context(Gate(f"http://127.0.0.1:{port}"))
        self.s3 = self.gate.url
        self.git_url = f"git://127.0.0.1:{self.open.enter_context(git_daemon(self.forks))}"
        self.github = self.open.enter_context(GitHubServer(NAME))
        self.github.repo.add_commit("workflows")
        # As the run-name of run-benchmarks.yml says it.
        self.github.repo.add_workflow(
            "run-benchmarks.yml", inputs=INPUTS, name="Run benchmarks",
            title=lambda i: f"Benchmarks of {i['git_sha']}" + (
                f" for pull request #{i['pr_number']}" if i.get("pr_number") else ""))
        self.github.repo.add_workflow("publish-results.yml", inputs=["run_id", "step"], name="Publish results")
        return self

    def __exit__(self, *_):
        self.open.close()
        shutil.rmtree(self.cache, ignore_errors=True)

    def stand_ins(self):
        """act's options for the actions of others that the workflows use, by the commits they are pinned to."""
        text = "".join(path.read_text() for path in (ROOT / "workflows").iterdir())
        for name, action in STAND_INS.items():
            folder = self.folder / name.replace("/", "-")
            folder.mkdir(exist_ok=True)
            (folder / "action.yml").write_text(action.lstrip())
            for commit in set(re.findall(rf"{name}@([0-9a-f]{{40}})", text)):
                yield from ("--local-repository", f"{name}@{commit}={folder}")

    def words(self, event, file, *more, db=DB, container="", env=None, **inputs):
        """The arguments of act. An input's name is the workflow's."""
        given = {"GITHUB_API_URL": self.github.url, "AWS_ENDPOINT_URL": self.s3, **(env or {})}
        kept = {"LANCE_BENCH_DB_URI": db, "BENCH_S3_USER_ACCESS_KEY": KEYS[0], "BENCH_S3_USER_SECRET_KEY": KEYS[1]}
        return [event, "-W", f".github/workflows/{file}", "--bind", *self.stand_ins(),
                "--container-options", f"{self.container_options} {container}",
                "--var", f"LANCE_BENCH_TARGET_URL={self.target}", "-s", f"GITHUB_TOKEN={TOKEN}",
                *(word for name, value in given.items() for word in ("--env", f"{name}={value}")),
                *(word for name, value in kept.items() for word in ("-s", f"{name}={value}")),
                *(word for name, value in inputs.items() for word in ("--input", f"{name}={value}")), *more]

    def workflow(self, *words, **options):
        """Runs a workflow to its end."""
        shutil.rmtree(self.results, ignore_errors=True)
        done = self.act(self.repository, *self.words(*words, **options))
        for secret in (TOKEN, KEYS[1]):
            assert secret not in done.stdout + done.stderr
        return done

    def start(self, *words, **options):
        """Begins one; the process of act."""
        shutil.rmtree(self.results, ignore_errors=True)
        return self.act.start(self.repository, *self.words(*words, **options))

    def kill_agent(self):
        """kill -9 to every process of the agent in a container, as when memory runs out."""
        docker = self.act.docker
        for container in docker("ps", "-q").stdout.split():
            for line in docker("top", container, "-eo", "pid,comm", check=False).stdout.splitlines()[1:]:
                pid, name = line.split(None, 1)
                if name.strip() == "lance-bench":
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)

    def kill_containers(self):
        """As when the power fails: nothing in them goes on, and nothing is left of them."""
        docker = self.act.docker
        containers = docker("ps", "-aq").stdout.split()
        if containers:
            docker("rm", "-f", *containers, check=False)

    def result(self, name):
        """What a step's command printed."""
        return json.loads((self.results / f"{name}.json").read_text())

    def lance_bench(self, *words, db=DB, check=True, env=None):
        """The agent on this machine, with the database of the workflows."""
        done = subprocess.run(
            [self.agent, "--db", db, *map(str, words)], text=True, capture_output=True, check=False,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANCE_BENCH_TESTBED_FILE": "/nonexistent",
                 "LANCE_BENCH_HOST_ROOT": "/nonexistent", "AWS_ENDPOINT_URL": self.s3, "AWS_REGION": "us-east-1",
                 "AWS_ACCESS_KEY_ID": KEYS[0], "AWS_SECRET_ACCESS_KEY": KEYS[1], **(env or {})})
        assert not check or done.returncode == 0, done.stderr
        return done

    def query(self, sql):
        return json.loads(self.lance_bench("query", "--format", "json", sql).stdout)

    def counts(self):
        """How many results each commit has, by its short id; the machine's own and what was taken back aside."""
        found = {}
        done = self.lance_bench("results", "--format", "json", "--limit", 100000, check=False)
        assert done.returncode in (0, 3), done.stderr
        for row in json.loads(done.stdout or "[]"):
            if "#" not in row["benchmark"]:
                commit = row["version"].split("+")[1]
                found[commit] = found.get(commit, 0) + 1
        return found


def succeeded(done):
    assert "Job succeeded" in done.stdout and "Job failed" not in done.stdout, done.stdout[-6000:] + done.stderr[-2000:]
    return done
