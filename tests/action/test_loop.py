"""The whole loop on one machine: cron → schedule → dispatch → run in the container → publish to S3 → nothing left to do.

The workflows are those that `lance-bench init` writes, run by act; GitHub's API is the stand-in, S3 a real server."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

import pytest

from docker_daemon import ROOT, TOOLS
from github_server import TOKEN, GitHubServer
from run_helpers import git, make_sample

KEYS = ("the-user", "the-secret")
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


@pytest.fixture
def s3(tmp_path):
    if not (TOOLS / "versitygw.stamp").is_file():
        pytest.skip("no S3 server: run scripts/test-tools versitygw")
    (tmp_path / "s3" / "bucket").mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [TOOLS / "bin" / "versitygw", "--port", f"127.0.0.1:{port}", "--quiet", "posix", tmp_path / "s3"],
        env={"PATH": os.environ["PATH"], "ROOT_ACCESS_KEY": KEYS[0], "ROOT_SECRET_KEY": KEYS[1]},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(400):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def cache():
    """What the runner keeps between jobs; the sandbox's user has to get into it."""
    folder = tempfile.mkdtemp(prefix="lb-cache-", dir="/var/tmp")
    os.chmod(folder, 0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def repository(agent, tmp_path):
    """A consumer's repository with the workflows, and the project that is measured beside them."""
    folder = tmp_path / "consumer"
    folder.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main", folder], check=True)
    subprocess.run([agent, "init", "--dir", folder], check=True, capture_output=True)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "benchmarks")
    git(folder, "remote", "add", "origin", "https://github.com/consumer/repository")
    make_sample(folder / "target")
    git(folder / "target", "reset", "-q", "--hard", "first")
    return folder


@pytest.fixture
def loop(act, repository, s3, cache, tmp_path):
    stub = tmp_path / "credentials"
    stub.mkdir()
    (stub / "action.yml").write_text(CREDENTIALS.lstrip())
    text = (repository / ".github" / "workflows" / "schedule-benchmarks.yml").read_text()
    name, commit = re.search(r"(aws-actions/configure-aws-credentials)@([0-9a-f]{40})", text).groups()
    with GitHubServer("consumer/repository") as github:
        github.repo.add_commit("workflows")
        # As the run-name of run-benchmarks.yml says it.
        github.repo.add_workflow("run-benchmarks.yml", inputs=INPUTS, title=lambda i: f"Benchmarks of {i['git_sha']}")

        def workflow(event, file, **inputs):
            words = [word for key, value in inputs.items() for word in ("--input", f"{key}={value}")]
            return act(repository, event, "-W", f".github/workflows/{file}", "--bind",
                       "--local-repository", f"{name}@{commit}={stub}",
                       "--container-options", f"-v {cache}:/var/cache/lance-bench",
                       "--var", f"LANCE_BENCH_TARGET_URL={repository / 'target'}",
                       "--env", f"GITHUB_API_URL={github.url}", "--env", f"AWS_ENDPOINT_URL={s3}",
                       "-s", f"GITHUB_TOKEN={TOKEN}", "-s", "LANCE_BENCH_DB_URI=s3://bucket/results",
                       "-s", f"BENCH_S3_USER_ACCESS_KEY={KEYS[0]}", "-s", f"BENCH_S3_USER_SECRET_KEY={KEYS[1]}", *words)

        workflow.github = github
        workflow.results = repository / "lance-bench-results"
        yield workflow


def schedule(loop):
    """The commits that the cron job dispatches runs for."""
    before = len(loop.github.repo.runs)
    done = loop("schedule", "schedule-benchmarks.yml")
    assert "Job succeeded" in done.stdout, done.stdout[-6000:] + done.stderr[-2000:]
    assert TOKEN not in done.stdout + done.stderr
    return [run["inputs"]["git_sha"] for run in loop.github.repo.runs[before:]]


def measure(loop, commit):
    """The run that was dispatched for a commit, of the Python suite alone."""
    done = loop("workflow_dispatch", "run-benchmarks.yml", git_sha=commit, run_rust="false", run_python="true")
    result = json.loads((loop.results / "run.json").read_text())
    assert result["commit"] == commit and result["outcome"] == "complete", done.stdout[-6000:]
    [run] = [run for run in loop.github.repo.runs if run["inputs"]["git_sha"] == commit]
    loop.github.repo.finish_run(run)
    return result


def test_from_the_cron_job_to_the_database_and_back(loop, repository, agent, s3):
    target = repository / "target"
    first = git(target, "rev-parse", "first")
    assert schedule(loop) == [first], "nothing was ever measured: the newest commit"
    measure(loop, first)

    git(target, "reset", "-q", "--hard", "second")
    (target / "NOTES").write_text("one more\n")
    git(target, "add", "NOTES")
    git(target, "commit", "-q", "-m", "a third commit")
    new = git(target, "rev-list", "--reverse", "first..main").split()
    assert len(new) == 2
    assert schedule(loop) == new, "both of the new commits, not the newest alone"
    assert schedule(loop) == [], "they wait already"
    for commit in new:
        measure(loop, commit)
    requests = len(loop.github.requests)
    assert schedule(loop) == []
    assert len(loop.github.requests) - requests <= 2

    rows = subprocess.run(
        [agent, "query", "--db", "s3://bucket/results", "--format", "json",
         "SELECT dut['version'] AS version, count(*) AS n FROM results WHERE benchmark_name NOT LIKE '%#%' GROUP BY 1"],
        text=True, capture_output=True, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(repository), "AWS_ENDPOINT_URL": s3, "AWS_REGION": "us-east-1",
             "AWS_ACCESS_KEY_ID": KEYS[0], "AWS_SECRET_ACCESS_KEY": KEYS[1]})
    assert rows.returncode == 0, rows.stderr
    counts = {row["version"].split("+")[1]: row["n"] for row in json.loads(rows.stdout)}
    assert set(counts) == {commit[:7] for commit in (first, *new)}
    assert len(set(counts.values())) == 1, "each commit's benchmarks once"
