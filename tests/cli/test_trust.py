"""What design and documentation promise about pull requests and credentials, sentence by sentence.

Promises that have their tests elsewhere: what foreign code may read, write and reach (test_run_odd.py, "sees no secret",
"has no network", "has no privileges"); a pull request leaves no trace in the caches (test_run_odd.py); it is refused
without a sandbox (test_run.py); artifacts that lie (test_artifact.py); who may approve, and which commit
(test_bot.py); the names that a configuration may not hand on (test_run.py).
"""

import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import time

import pytest

from artifact_helpers import files_of, make_quick_repo, make_zip
from bot_helpers import Forge
from github_server import TOKEN
from run_helpers import ROOT, git

SECRETS = {
    "GITHUB_TOKEN": "hidden-github", "GH_TOKEN": "hidden-gh", "SCHEDULER_GITHUB_TOKEN": "hidden-scheduler",
    "ACTIONS_RUNTIME_TOKEN": "hidden-runtime", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "hidden-oidc",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://hidden-oidc-url", "ACTIONS_CACHE_URL": "https://hidden-cache",
    "AWS_ACCESS_KEY_ID": "hidden-aws-id", "AWS_SECRET_ACCESS_KEY": "hidden-aws-secret",
    "AWS_SESSION_TOKEN": "hidden-aws-session", "LANCE_BENCH_GIT_TOKEN": "hidden-git",
    "LANCE_BENCH_URI": "s3://hidden-bucket/db", "GITHUB_ENV": "/hidden-env", "GITHUB_OUTPUT": "/hidden-output",
    "RUNNER_TOKEN": "hidden-runner", "ORDINARY": "hidden-too",
}


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    repo = make_quick_repo(tmp_path_factory.mktemp("quick") / "quick")
    (repo.parent / "base.json").write_text('{"rust": {}}')
    git(repo, "checkout", "-q", "-b", "grabbing", "topic")
    (repo / "lance-bench.json").write_text(json.dumps({
        "project": "renamed", "rust": {"timeout": "9h"}, "env": {"ORDINARY": None, "ADDED": "by-the-pull-request"}}))
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "a configuration of its own")
    git(repo, "checkout", "-q", "main")
    return repo


@pytest.fixture
def forge(agent, tmp_path):
    with Forge(agent, tmp_path) as forge:
        yield forge


def run_pull_request(machine, quick, folder, *words, rev="topic"):
    done, said = machine.run(quick, "--rev", rev, "--pull-request", "--keep-files", "--results-dir", folder, *words,
                             env=SECRETS)
    if "cannot hold it" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    logs = "".join(p.read_text(errors="replace") for p in pathlib.Path(said["files"]).glob("logs/*"))
    assert "env PATH=" in logs, "the benchmark did print its environment"
    return done, said, logs


# --- the job that runs foreign code --------------------------------------------------------------


def test_the_benchmark_sees_no_credential(machine, quick, tmp_path):
    folder = tmp_path / "left"
    done, _, logs = run_pull_request(machine, quick, folder, "--config", quick.parent / "base.json")
    names = set(re.findall(r"^env (\w+)=", logs, re.M))
    assert not names & set(SECRETS), names
    left = "".join(p.read_text() for p in folder.rglob("*") if p.is_file())
    for text in (logs, left, done.stdout, done.stderr):
        assert "hidden-" not in text


def test_the_checkouts_own_configuration_hands_nothing_on(machine, quick, tmp_path):
    done, _, logs = run_pull_request(machine, quick, tmp_path / "left", rev="grabbing")
    assert "hidden-" not in logs
    assert "ORDINARY is not handed on to a pull request" in done.stderr


def test_what_is_run_says_the_base_and_not_the_checkout(machine, quick, tmp_path):
    done, said, logs = run_pull_request(machine, quick, tmp_path / "left", "--config", quick.parent / "base.json",
                                        rev="grabbing")
    assert said["config"].endswith("base.json") and said["project"] == "quick"
    assert "by-the-pull-request" not in logs and "hidden-" not in logs


def test_the_job_needs_no_database(machine, quick, tmp_path):
    """Its database is one that nobody can reach, and it never notices."""
    folder, before = tmp_path / "left", sorted(machine.db.rglob("*"))
    _, said, _ = run_pull_request(machine, quick, folder, "--config", quick.parent / "base.json")
    assert said["outcome"] == "complete" and (folder / "manifest.json").is_file()
    assert sorted(machine.db.rglob("*")) == before


def workflow(name):
    """The text of a shipped workflow without its comments."""
    text = (ROOT / "workflows" / name).read_text()
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")) + "\n"


def test_the_shipped_job_with_foreign_code_has_nothing_to_steal():
    text = workflow("run-benchmarks.yml")
    assert "\npermissions: {}\n" in text
    job = re.search(r"^  pull-request:\n((?:    .*\n|\n)*)", text, re.M)[1]
    assert re.search(r"^    permissions:\n((?:      .*\n)*)", job, re.M)[1].split() == ["contents:", "read"]
    for word in ("secrets", "github.token", "id-token", "actions/cache", "run:", "uses: ./"):
        assert word not in job, word
    checkout = re.search(r"uses: actions/checkout@.*\n((?:        .*\n)*)", job)[1]
    assert "persist-credentials: false" in checkout
    assert "repository:" not in checkout and "ref:" not in checkout, "the trusted repository alone"


def test_the_shipped_trusted_jobs_check_nothing_out_and_have_no_shell():
    for name in ("pr-benchmarks.yml", "publish-results.yml"):
        text = workflow(name)
        assert "actions/checkout" not in text and not re.search(r"^\s*(- )?run:", text, re.M), name


# --- tokens --------------------------------------------------------------------------------------


def comment_env(forge, body="@bench-bot help"):
    return forge.comment_event(forge.repo.add_comment(7, body, "maintainer"))


@pytest.mark.parametrize("status", [401, 403, 404, 409, 422])
def test_a_token_stands_in_no_output(forge, status):
    forge.server.fail(status, message=f"what about {TOKEN}?" if status == 404 else "no", times=100)
    done = forge.bot("comment", comment_env(forge), "--verbose")
    assert done.returncode != 0
    assert (TOKEN not in done.stdout + done.stderr) or status == 404, "GitHub's own words are GitHub's"


def in_flight(forge, env):
    """A step that waits for an answer of GitHub's, with the token in its hands."""
    forge.server.slow(20, times=1)
    process = forge.store.start("bot", "comment", env=env)
    deadline = time.monotonic() + 20
    while not forge.server.requests and time.monotonic() < deadline:
        time.sleep(.01)
    assert forge.server.requests, "the request was sent"
    return process


def test_a_token_stands_in_no_command_line(forge):
    process = in_flight(forge, comment_env(forge))
    try:
        command_line = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
        assert command_line and TOKEN.encode() not in command_line
    finally:
        process.kill()
        process.communicate()


def dumps_core(process):
    """Whether the kernel wrote, or would have written, a core of this process when it died of a signal."""
    _, status = os.waitpid(process.pid, 0)
    assert os.WIFSIGNALED(status)
    process.returncode = -os.WTERMSIG(status)
    return os.WCOREDUMP(status)


@pytest.fixture
def core_files(monkeypatch):
    before = resource.getrlimit(resource.RLIMIT_CORE)
    if before[1] != resource.RLIM_INFINITY:
        pytest.skip("core files are not allowed here at all")
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, before)


def test_a_token_is_in_no_core_dump(forge, core_files, tmp_path):
    plain = subprocess.Popen(["sleep", "60"], cwd=tmp_path)
    time.sleep(.2)
    plain.send_signal(signal.SIGSEGV)
    if not dumps_core(plain):
        pytest.skip("this machine writes no core files, so that nothing can be seen of them")
    process = in_flight(forge, comment_env(forge))
    process.send_signal(signal.SIGSEGV)
    assert not dumps_core(process)
    for stream in (process.stdout, process.stderr):
        stream.close()


def test_keys_of_the_database_are_in_no_core_dump_of_the_job_that_publishes(agent, forge, core_files, tmp_path):
    """publish --artifact holds AWS keys while it reads hostile bytes."""
    plain = subprocess.Popen(["sleep", "60"], cwd=tmp_path)
    time.sleep(.2)
    plain.send_signal(signal.SIGSEGV)
    if not dumps_core(plain):
        pytest.skip("this machine writes no core files, so that nothing can be seen of them")
    archive = forge.store.file("results.zip", make_zip(files_of([f"n{i}" for i in range(3000)])))
    process = forge.store.start("publish", "--artifact", archive, "--expect-commit", "0" * 40, "--testbed-name", "b",
                                env={"TMPDIR": str(tmp_path)})
    deadline = time.monotonic() + 20
    while not list(tmp_path.glob("lance-bench-artifact-*/*")) and time.monotonic() < deadline:
        time.sleep(.001)
    process.send_signal(signal.SIGSEGV)
    assert not dumps_core(process)
    for stream in (process.stdout, process.stderr):
        stream.close()


# --- text of strangers ----------------------------------------------------------------------------


def test_a_comment_reaches_no_shell_and_no_file(forge, tmp_path):
    before = {p.name for p in tmp_path.iterdir()}
    for body in ("@bench-bot benchmark $(touch pwned)", "@bench-bot compare `touch pwned`",
                 "@bench-bot benchmark ; touch pwned", "@bench-bot compare ../../../etc/passwd",
                 "@bench-bot benchmark --crate ../../x", "@bench-bot\nbenchmark $(touch pwned)"):
        forge.say(body)
    assert forge.runs == []
    assert {p.name for p in tmp_path.iterdir()} - before == {"event.json"} - before
    assert not list(tmp_path.rglob("pwned"))


def test_a_commands_words_of_a_workflow_cannot_be_forged(forge):
    """What is printed where a runner reads commands: a foreign word is never at the beginning of a line."""
    comment = forge.repo.add_comment(7, "@bench-bot benchmark x\n::set-output name=a::b\n##[error]x", "maintainer")
    done = forge.store.run("bot", "comment", env=forge.comment_event(comment))
    assert done.returncode == 0, done.stderr
    forge.say(f"@bench-bot benchmark {forge.head}")
    names = ["::error::x", "a\n::error::x", "\r::error::x", "##[error]x", "a ##[set-output name=a]b"]
    files = files_of(names, commit=forge.head, reason="::error::x\n::error::y ##[error]z")
    ended = forge.finish(forge.runs[0], make_zip(files), "--verbose")
    listed = forge.store.run("query", "select benchmark_name, metadata from results_pr")
    read = forge.store.run("results", "--format", "json", "--pull-request")
    for done in (done, ended, listed, read):
        for text in (done.stdout, done.stderr):
            assert not re.search(r"^\s*::|##\[", text, re.M), text
    assert "error" in listed.stdout
