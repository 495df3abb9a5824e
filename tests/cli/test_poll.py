"""`lance-bench poll` and `jobs`: machines that share a queue. Commits are those of a crate that is measured in a second
or two (poll_helpers)."""

import contextlib
import json
import os
import pathlib
import signal
import time

import pytest

from github_server import GitHubServer
from poll_helpers import (Pollers, add_commits, all_done, has_ended, listening_inodes, make_quick, sockets_of, states)
from run_helpers import git, processes_with
from store_helpers import error_line
from test_s3 import KEYS, running, server  # noqa: F401

NOW = ("--retry-after", "0")


@pytest.fixture
def repo(tmp_path):
    return make_quick(tmp_path / "repo")


@contextlib.contextmanager
def machines(agent, folder, repo, **options):
    pollers = Pollers(agent, folder, repo, **options)
    try:
        yield pollers
    finally:
        pollers.stop()


@pytest.fixture
def pollers(agent, tmp_path, repo):
    with machines(agent, tmp_path, repo) as made:
        yield made


@pytest.fixture
def slow(agent, tmp_path):
    """Machines whose benchmark takes half a minute: it is always stopped before."""
    with machines(agent, tmp_path, make_quick(tmp_path / "repo", sleep_ms=30_000)) as made:
        yield made


def published_once(pollers, commits):
    """Each commit has one complete run, named after its job, and its results once."""
    runs = pollers.query("SELECT commit, run, outcome FROM runs WHERE harness = 'run' ORDER BY commit")
    assert [row["commit"] for row in runs] == sorted(commits)
    assert {row["outcome"] for row in runs} == {"complete"}
    assert len({row["run"] for row in runs}) == len(commits)
    rows = pollers.query("SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM results")
    assert rows == [{"rows": len(commits), "ids": len(commits)}]


def test_new_commits_of_a_local_repository_are_measured_once(pollers, repo):
    first = git(repo, "rev-parse", "HEAD")
    done = pollers.once("a", "--format", "json")
    assert done.returncode == 0, done.stderr
    two = add_commits(repo, 2)
    done = pollers.once("a", "--format", "json")
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["commit"], row["kind"], row["state"]) for row in told] == [(id, "commit", "done") for id in two]
    published_once(pollers, [first, *two])
    version = pollers.versions()
    done = pollers.once("a")
    assert (done.returncode, done.stdout) == (0, "")
    assert pollers.versions() == version, "a look that finds nothing makes no version"
    # One for the table, two for what was queued; each job is leased, publishes and ends.
    assert version == 1 + 2 + 3 * 3


def test_six_machines_share_twelve_jobs(pollers, repo):
    commits = [git(repo, "rev-parse", "HEAD"), *add_commits(repo, 11)]
    assert pollers.add(*commits) == {"queued": 12, "known": 0}
    assert pollers.add(*commits) == {"queued": 0, "known": 12}
    for number in range(6):
        pollers.start(f"machine{number}")
    jobs = pollers.wait(has_ended, 300)
    pollers.stop()
    assert all_done(jobs) and len(jobs) == 12, pollers.logs()
    assert {(job["attempts"], job["token"]) for job in jobs} == {(1, 1)}
    published_once(pollers, commits)
    assert pollers.versions() == 1 + 1 + 3 * 12


def test_machines_share_a_queue_on_s3(agent, tmp_path, repo, server):  # noqa: F811
    keys = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}", "AWS_REGION": "us-east-1", **KEYS}
    with machines(agent, tmp_path, repo, db="s3://bucket/poll", env=keys) as pollers:
        commits = [git(repo, "rev-parse", "HEAD"), *add_commits(repo, 5)]
        pollers.add(*commits)
        for number in range(6):
            pollers.start(f"machine{number}")
        jobs = pollers.wait(has_ended, 300)
        pollers.stop()
        assert all_done(jobs) and len(jobs) == 6, pollers.logs()
        published_once(pollers, commits)
        assert pollers.versions() == 1 + 1 + 3 * 6


def test_new_commits_come_before_backfill_and_only_those_of_the_own_test_bed(pollers, repo):
    old, new, other = git(repo, "rev-parse", "HEAD"), *add_commits(repo, 2)
    pollers.add(old, kind="backfill")
    pollers.add(new)
    pollers.add(other, bed="another")
    done = pollers.once("a", "--first", "0", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["commit"] for line in done.stdout.splitlines()] == [new, old]
    assert {job["commit"]: job["state"] for job in pollers.jobs()} == {old: "done", new: "done", other: "queued"}


def test_older_commits_are_queued_until_so_many_wait(pollers, repo):
    commits = [git(repo, "rev-parse", "HEAD"), *add_commits(repo, 2)]
    process = pollers.start("a", "--backfill", "1")
    jobs = pollers.wait(lambda jobs: len(jobs) == 3 and all_done(jobs))
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    kinds = {job["commit"]: job["kind"] for job in jobs}
    assert kinds == {commits[-1]: "commit", **{id: "backfill" for id in commits[:-1]}}
    published_once(pollers, commits)


def test_a_backfill_takes_every_nth_commit_in_the_order_that_was_asked_for(pollers, repo):
    commits = [git(repo, "rev-parse", "HEAD"), *add_commits(repo, 4)]
    done = pollers.once("a", "--backfill", "9", "--backfill-order", "oldest-first", "--backfill-interval", "2",
                        "--format", "json")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["commit"] for line in done.stdout.splitlines()] == [commits[4], commits[0], commits[2]]
    done = pollers.once("a", "--backfill", "1", "--backfill-order", "information", "--backfill-since", commits[1],
                        "--format", "json")
    assert done.returncode == 0, done.stderr
    told, = [json.loads(line) for line in done.stdout.splitlines()]
    assert told["kind"] == "backfill" and told["commit"] in (commits[1], commits[3])


def test_a_commit_that_cannot_be_built_fails_after_its_tries_and_says_why(pollers, repo):
    (repo / "src" / "lib.rs").write_text("pub fn broken() -> u32 { missing_name }\n")
    git(repo, "commit", "-q", "-a", "-m", "broken")
    done = pollers.once("a", "--max-attempts", "2", *NOW)
    assert error_line_of(done) == "error: 2 of 2 executions failed"
    job, = pollers.jobs()
    assert (job["state"], job["attempts"]) == ("failed", 2)
    assert "quick" in job["reason"] and "missing_name" not in job["commit"]
    (repo / "src" / "lib.rs").write_text("")
    git(repo, "commit", "-q", "-a", "-m", "mended")
    assert pollers.once("a", *NOW).returncode == 0
    assert states(pollers.jobs()) == ["done", "failed"]


def error_line_of(done):
    lines = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert done.returncode == 1 and lines, done.stderr
    return lines[-1]


def test_a_job_that_is_cancelled_while_it_runs_stores_nothing(slow):
    process = slow.start("a")
    job, = slow.wait(lambda jobs: states(jobs) == ["leased"] and is_measuring(slow))
    assert job["owner"] == os.uname().nodename
    slow.ask("jobs", "cancel", job["job"][:8], "--reason", "not needed")
    end_without_benchmark(slow, process)
    job, = slow.jobs()
    assert (job["state"], job["reason"], job["token"]) == ("cancelled", "not needed", 2)
    assert {row["table"] for row in slow.ask("db", "info")} == {"jobs"}, "nothing was stored"


def benchmarks(pollers):
    """Processes of the benchmark: below the caches of these machines."""
    return processes_with(f"{pollers.folder}/a/cache/lance-bench/build")


def end_without_benchmark(pollers, process):
    """The machine has stopped its benchmark; then it is asked to end."""
    deadline = time.monotonic() + 60
    while benchmarks(pollers) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not benchmarks(pollers), pollers.logs()
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def is_measuring(pollers):
    return "running quick/quick" in pollers.logs()


def test_a_job_that_a_machine_with_a_fast_clock_has_taken_is_stopped_and_left_to_it(slow):
    """Another machine, whose clock is beyond the end of the lease, takes it in the middle of the benchmark."""
    lancedb = pytest.importorskip("lancedb", reason="no lancedb to write the lease with")
    process = slow.start("a")
    slow.wait(lambda jobs: states(jobs) == ["leased"] and is_measuring(slow))
    until = int(time.time()) + 86_400
    table = lancedb.connect(slow.db).open_table("jobs")
    (row,) = table.to_arrow().to_pylist()
    table.update(values={"token": row["token"] + 1, "lease_until": until,
                         "owner": "another/0123456789abcdef/00000000-0000-0000-0000-000000000000/1/1/1"})
    end_without_benchmark(slow, process)
    job, = slow.jobs()
    assert (job["state"], job["token"], job["owner"]) == ("leased", 2, "another")
    assert {row["table"] for row in slow.ask("db", "info")} == {"jobs"}, "nothing was stored"


def test_sigterm_hands_the_job_back_and_another_machine_takes_it(slow, agent, tmp_path):
    process = slow.start("a")
    slow.wait(lambda jobs: states(jobs) == ["leased"] and is_measuring(slow))
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, slow.logs()
    job, = slow.jobs()
    assert (job["state"], job["attempts"], job["reason"]) == ("queued", 0, "the machine was stopped")
    assert {row["table"] for row in slow.ask("db", "info")} == {"jobs"}
    other = slow.start("b")
    job, = slow.wait(lambda jobs: states(jobs) == ["leased"])
    assert (job["attempts"], job["token"]) == (1, 2)
    other.send_signal(signal.SIGTERM)
    assert other.wait(60) == 0


def test_a_run_whose_lease_is_gone_stores_nothing(pollers, repo):
    commit = git(repo, "rev-parse", "HEAD")
    pollers.add(commit)
    job, = pollers.jobs()
    machine = pollers.machine("late")
    run = ("run", repo, "--rev", commit, "--min-free", "1M", "--retakes", "0", "--testbed-name", "bed", "--job")
    late = machine(*run, f"{job['job']}:1:600", timeout=120)
    assert late.returncode == 1
    assert f"nothing is stored: job {job['job'][:8]} is not held any more: it is queued" in late.stderr
    assert {row["table"] for row in pollers.ask("db", "info")} == {"jobs"}
    gone = machine(*run, "00000000-0000-0000-0000-000000000000:1:600", timeout=120)
    assert "there is no job 00000000 any more" in gone.stderr
    assert machine(*run, "nonsense").returncode == 129


def test_two_executions_of_a_job_store_each_result_once(pollers, repo):
    """As when a machine is lost behind the results and in front of the run's record."""
    lancedb = pytest.importorskip("lancedb", reason="no lancedb to write the lease with")
    commit = git(repo, "rev-parse", "HEAD")
    pollers.add(commit)
    job, = pollers.jobs()
    lancedb.connect(pollers.db).open_table("jobs").update(
        values={"state": "leased", "token": 5, "lease_until": int(time.time()) + 600})
    for _ in range(2):
        done = pollers.machine("a")("run", repo, "--rev", commit, "--min-free", "1M", "--retakes", "0", "--run",
                                    f"job-{job['job']}", "--testbed-name", "bed", "--job", f"{job['job']}:5:600")
        assert done.returncode == 0, done.stderr
    published_once(pollers, [commit])
    assert pollers.query("SELECT count(*) AS n FROM runs") == [{"n": 2}], "the run's and the part's"


def test_a_database_that_is_away_is_waited_for_and_nothing_is_lost(agent, tmp_path, repo, server):  # noqa: F811
    keys = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}", "AWS_REGION": "us-east-1",
            "LANCE_BENCH_S3_RETRIES": "0", **KEYS}
    repo = make_quick(tmp_path / "three seconds", sleep_ms=3_000)
    with machines(agent, tmp_path, repo, db="s3://bucket/away", env=keys) as pollers:
        pollers.start("a")
        pollers.wait(lambda jobs: states(jobs) == ["leased"] and is_measuring(pollers))
        server.stop()
        deadline = time.monotonic() + 60
        while "waits for the database" not in pollers.logs() and time.monotonic() < deadline:
            time.sleep(0.2)
        assert "waits for the database" in pollers.logs()
        server.start()
        assert all_done(pollers.wait(has_ended))
        published_once(pollers, [git(repo, "rev-parse", "HEAD")])
        assert pollers.jobs()[0]["attempts"] == 1


def test_a_machine_that_polls_listens_on_nothing(slow):
    process = slow.start("a")
    slow.wait(lambda jobs: states(jobs) == ["leased"] and is_measuring(slow))
    listening = listening_inodes()
    family = [process.pid, *children_of(process.pid)]
    assert len(family) > 1, "the run is a process of its own"
    for pid in family:
        assert not sockets_of(pid) & listening, pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()


def children_of(pid):
    found = []
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(child), *children_of(int(child))]
    return found


def test_jobs_say_what_is_wrong_in_one_line(pollers, repo):
    machine = pollers.machine("asking")
    commit = git(repo, "rev-parse", "HEAD")
    assert machine("jobs", "list", "--format", "json").stdout == "[]\n"
    for words, code, text in (
            (("jobs", "add", commit), 129, "jobs add needs --repo REPO"),
            (("jobs", "add", "--repo", repo, commit[:12]), 129, "a full commit id"),
            (("jobs", "add", "--repo", repo, "--kind", "pull_request", commit), 129, "commit or backfill"),
            (("jobs", "list", "--state", "lost"), 129, "--state is one of"),
            (("jobs", "cancel", "abcdef"), 1, "there is no job 'abcdef'"),
            (("jobs",), 129, "jobs needs one of"),
            (("poll",), 129, "poll needs --repo"),
            (("poll", "--repo", repo, "--lease", "9m"), 129, "--lease takes 10 minutes at least"),
            (("poll", "--repo", repo, "--interval", "10m"), 129, "a quarter of --lease"),
            (("poll", "--repo", repo, "--interval", "0"), 129, "--interval takes a second"),
            (("poll", "--repo", repo, "--pull-requests"), 129, "needs --github"),
            (("poll", "--repo", repo, "--backfill-order", "x"), 129, "--backfill-order is one of newest-first"),
            (("poll", "--repo", repo, "--backfill-interval", "0"), 129, "--backfill-interval lies between"),
            (("poll", "--repo", repo, "--github", "nobody"), 129, "not OWNER/NAME"),
            (("poll", "--repo", repo, "--github", "a/b"), 129, "token"),
            (("poll", "--repo", repo, "--", "--rev", "main"), 129, "--rev has no place"),
            (("poll", "--repo", repo, "--", "--testbed-name", "x"), 129, "in front of --"),
            (("poll", "--repo", "/nonexistent/repo"), 1, "/nonexistent/repo"),
    ):
        done = machine(*words)
        assert text in error_line(done, code), words
    pollers.add(commit)
    pollers.add(commit.upper())
    job, = pollers.jobs()
    assert job["commit"] == commit
    pollers.ask("jobs", "cancel", job["job"])
    assert "has ended: it is cancelled" in error_line(machine("jobs", "cancel", job["job"]), 1)
    pollers.ask("jobs", "retry", job["job"])
    assert "has not ended: it is queued" in error_line(machine("jobs", "retry", job["job"]), 1)


def test_a_job_that_is_asked_for_again_is_a_run_of_its_own(pollers, repo):
    assert pollers.once("a").returncode == 0
    job, = pollers.jobs()
    pollers.ask("jobs", "retry", job["job"])
    assert pollers.once("a").returncode == 0
    runs = pollers.query("SELECT DISTINCT run FROM runs ORDER BY run")
    assert [row["run"] for row in runs] == [f"job-{job['job']}", f"job-{job['job']}-1"]
    assert pollers.query("SELECT count(*) AS n FROM results") == [{"n": 2}]


def test_a_commit_whose_results_were_taken_back_is_measured_again_once(pollers, repo):
    assert pollers.once("a").returncode == 0
    job, = pollers.jobs()
    done = pollers.machine("asking")("invalidate", f"job-{job['job']}", "--reason", "the fan was off")
    assert done.returncode == 0, done.stderr
    time.sleep(1.1)  # the table counts in seconds
    for _ in range(2):
        assert pollers.once("a").returncode == 0
        assert states(pollers.jobs()) == ["done"]
    runs = pollers.query("SELECT run, outcome FROM runs WHERE harness = 'run' ORDER BY run")
    assert [(row["run"], row["outcome"]) for row in runs] == [
        (f"job-{job['job']}", "invalidated"), (f"job-{job['job']}-1", "complete")]


def test_each_job_has_a_check_run(pollers, repo):
    with GitHubServer() as github:
        github.repo.load_git(repo)
        pollers.machine("a").env |= github.env()
        done = pollers.once("a", "--github", "owner/name")
        assert done.returncode == 0, done.stderr
        check, = github.repo.checks.values()
        job, = pollers.jobs()
        assert (check["name"], check["conclusion"], check["external_id"]) == ("lance-bench/bed", "success", job["job"])
        (repo / "src" / "lib.rs").write_text("pub fn broken() -> u32 { missing_name }\n")
        git(repo, "commit", "-q", "-a", "-m", "broken")
        github.repo.load_git(repo)
        assert pollers.once("a", "--github", "owner/name", "--max-attempts", "2", *NOW).returncode == 1
        broken = [c for c in github.repo.checks.values() if c["head_sha"] == git(repo, "rev-parse", "HEAD")]
        assert [c["conclusion"] for c in broken] == ["failure"], "both tries are one check run"
        (repo / "src" / "lib.rs").write_text("")
        git(repo, "commit", "-q", "-a", "-m", "mended")
        done = pollers.once("a", "--github", "owner/name")  # the stand-in has no such commit
        assert done.returncode == 0 and "has no check run" in done.stderr, "news are no part of the work"


@pytest.fixture
def pull(pollers, repo):
    """A pull request of one commit, with a token of GitHub's stand-in in the environment of machine a."""
    git(repo, "checkout", "-q", "-b", "topic")
    commit, = add_commits(repo, 1)
    git(repo, "checkout", "-q", "main")
    with GitHubServer() as github:
        github.repo.load_git(repo)
        github.repo.permissions["maintainer"] = "write"
        github.repo.add_pull(7, head_sha=commit)
        pollers.machine("a").env |= github.env()
        yield github, commit


def approve(pollers, github, commit, body="@bench-bot benchmark", scope="all", head=None):
    comment = github.repo.add_comment(7, f"{body}", "maintainer")
    done = pollers.machine("a")("github", "check", head or commit, "--name", "lance-bench", "--status", "queued",
                                "--external-id", f"lance-bench/1/7/{commit}/{comment['id']}/{scope}")
    assert done.returncode == 0, done.stderr


PULLS = ("--first", "0", "--github", "owner/name", "--pull-requests")


def fit_for_strangers(pollers):
    done = pollers.once("a", *PULLS)
    if "cannot hold it" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return done


def test_only_an_approved_commit_of_a_pull_request_is_measured(pollers, pull):
    github, commit = pull
    fit_for_strangers(pollers)
    assert pollers.jobs() == [], "nobody has approved it"
    approve(pollers, github, commit)
    done = pollers.once("a", *PULLS)
    assert done.returncode == 0, done.stderr
    job, = pollers.jobs()
    assert (job["kind"], job["commit"], job["state"], job["priority"]) == ("pull_request", commit, "done", 300)
    assert [check["conclusion"] for check in github.repo.checks.values()] == ["success"]
    assert pollers.query("SELECT count(*) AS n FROM results_pr") == [{"n": 1}]
    assert "results" not in {row["table"] for row in pollers.ask("db", "info")}
    version = pollers.versions()
    assert pollers.once("a", *PULLS).returncode == 0
    assert pollers.versions() == version
    approve(pollers, github, commit)
    assert pollers.once("a", *PULLS).returncode == 0
    assert pollers.query("SELECT count(*) AS n FROM results_pr") == [{"n": 2}], "another approval, another run"


def test_an_approval_runs_what_its_comment_has_chosen(pollers, pull):
    github, commit = pull
    fit_for_strangers(pollers)
    approve(pollers, github, commit, body=f"@bench-bot benchmark {commit} --crate absent", scope="part")
    done = pollers.once("a", *PULLS, "--max-attempts", "1")
    assert done.returncode == 1 and "absent" in done.stderr
    job, = pollers.jobs()
    assert job["state"] == "failed" and "absent" in job["reason"]
    assert [check["conclusion"] for check in github.repo.checks.values()] == ["failure"]


def test_a_job_whose_approval_was_taken_back_is_not_tried_again(pollers, pull, repo):
    github, _ = pull
    fit_for_strangers(pollers)
    git(repo, "checkout", "-q", "topic")
    (repo / "src" / "lib.rs").write_text("pub fn broken() -> u32 { missing_name }\n")
    git(repo, "commit", "-q", "-a", "-m", "broken")
    commit = git(repo, "rev-parse", "HEAD")
    git(repo, "checkout", "-q", "main")
    github.repo.load_git(repo).pulls[7]["head_sha"] = commit
    approve(pollers, github, commit)
    done = pollers.once("a", *PULLS, "--retry-after", "2")
    assert done.returncode == 1, done.stderr
    job, = pollers.jobs()
    check, = github.repo.checks.values()
    assert (job["state"], job["attempts"], check["status"]) == ("queued", 1, "queued")
    check.update(status="completed", conclusion="cancelled", title="cancelled")
    time.sleep(3)
    assert pollers.once("a", *PULLS).returncode == 1
    job, = pollers.jobs()
    assert (job["state"], job["reason"]) == ("failed", "its approval was taken back: the check run is cancelled")
    assert (check["conclusion"], check["title"]) == ("cancelled", "cancelled"), "that is the bot's word"
    retry = pollers.machine("a")("jobs", "retry", job["job"])
    assert "approve its commit again" in error_line(retry, 129)


def test_an_approval_that_is_none_runs_nothing(pollers, pull):
    github, commit = pull
    fit_for_strangers(pollers)
    main = git(pollers.repo, "rev-parse", "main")
    approve(pollers, github, main, head=commit)  # it names a commit that it does not stand on
    approve(pollers, github, commit, body="@bench-bot benchmark --crate '; rm -rf /'", scope="part")
    approve(pollers, github, commit, body="never mind", scope="part")
    done = pollers.once("a", *PULLS)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("pull request 7 is not run") == 2
    assert pollers.jobs() == []


def test_a_row_of_the_database_cannot_loosen_the_sandbox(pollers, repo):
    """Whoever may write to the database chooses benchmarks, and nothing else."""
    lancedb = pytest.importorskip("lancedb", reason="no lancedb to write the row with")
    commit = git(repo, "rev-parse", "HEAD")
    pollers.add(commit)
    lancedb.connect(pollers.db).open_table("jobs").update(values={"arguments": '["--sandbox=off"]'})
    done = pollers.once("a", "--first", "0")
    assert done.returncode == 1
    job, = pollers.jobs()
    assert job["state"] == "failed" and "--sandbox=off" in job["reason"]
