"""`schedule` and `backfill` over GitHub's API: commits read from it, workflow runs started and waited for. The
stand-in of github_server.py has the repository and a workflow; a runner of the test's own publishes what it "measures"."""

import os
import signal
import subprocess
import threading
import time

import pytest
from checkout_servers import git
from github_server import TOKEN, GitHubServer
from line_helpers import Line, rows
from store_helpers import Store, criterion_lines, error_line, store  # noqa: F401

WORKFLOW = "run-benchmarks.yml"


class Runner:
    """Publishes results for the commits of dispatched runs and ends the runs."""

    def __init__(self, store, server):  # noqa: F811
        self.store, self.server = store, server
        self.conclusions = {}  # by commit: what a run for it ends with, without a result unless "success"
        self.delay = 0
        self.threads = []

    def measure(self, commit):
        path = self.store.file(f"{commit}.jsonl", criterion_lines(["a", "b"]))
        done = self.store.publish(path, "--commit", commit, "--run", commit[:9], version=f"1+{commit[:7]}")
        assert done.returncode == 0, done.stderr

    def work(self, run):
        time.sleep(self.delay)
        commit = run["inputs"]["git_sha"]
        conclusion = self.conclusions.get(commit, "success")
        if conclusion == "success":
            self.measure(commit)
        self.server.repo.finish_run(run, conclusion)

    def take(self, _repo, run):
        thread = threading.Thread(target=self.work, args=(run,))
        self.threads.append(thread)
        thread.start()

    def finish(self):
        for thread in self.threads:
            thread.join(timeout=60)


@pytest.fixture
def server():
    with GitHubServer("owner/bench") as server:
        server.repo.add_workflow(WORKFLOW, inputs=["git_sha", "run_python"],
                                 title=lambda inputs: f"Benchmarks of {inputs['git_sha']}")
        server.repo.branches["main"] = server.repo.add_commit("the workflows")
        server.project = server.add_repository("owner/project")
        yield server


@pytest.fixture
def runner(store, server):  # noqa: F811
    runner = Runner(store, server)
    yield runner
    runner.finish()


def env(server, **more):
    return server.env(**{"LANCE_BENCH_POLL_INTERVAL": "0.05s", **more})


def schedule(store, server, *words, repo="github:owner/project", target="owner/bench", **more):  # noqa: F811
    dispatch = ["--dispatch-repo", target] if target else []
    done = store.run("schedule", "--repo", repo, *dispatch, "--format", "json", *words, env=env(server, **more))
    assert TOKEN not in done.stdout + done.stderr
    return done


def actions(done):
    return {row["subject"]: row["action"] for row in rows(done)}


def dispatched(server):
    """Commits that runs were started for, in order."""
    return [run["inputs"]["git_sha"] for run in server.repo.runs]


def calls(server):
    """Requests since the last call."""
    found, server.requests[:] = [(r.method, r.path) for r in server.requests], []
    return found


# --- schedule ---------------------------------------------------------------------------------


def test_the_loop_from_new_commits_to_nothing_left(store, server, runner):  # noqa: F811
    first, second, third = server.project.add_commits(3)
    runner.measure(first)
    done = schedule(store, server)
    assert done.returncode == 0, done.stderr
    assert actions(done) == {"commit 3": "dispatched", "commit 2": "dispatched", "commit 1": "none"}
    assert all("/actions/runs/" in row["url"] for row in rows(done)[:2])
    assert dispatched(server) == [second, third]
    assert [run["head_branch"] for run in server.repo.runs] == ["main"] * 2
    # One list of commits, one of runs, and the two that were started.
    assert [method for method, _ in calls(server)] == ["GET", "GET", "POST", "POST"]

    # Both wait for a runner: nothing is started twice.
    done = schedule(store, server)
    assert actions(done) == {"commit 3": "queued", "commit 2": "queued", "commit 1": "none"}
    assert len(calls(server)) == 2
    server.repo.runs[0]["status"] = "in_progress"
    assert actions(schedule(store, server))["commit 2"] == "queued"

    for run in server.repo.runs:
        runner.work(run)
    calls(server)
    done = schedule(store, server)
    assert actions(done) == {"commit 3": "none"}
    assert f"Results already exist for {third[:7]}, skipping" in done.stderr
    assert len(calls(server)) == 1
    assert dispatched(server) == [second, third]


def test_with_nothing_new_a_long_history_takes_one_request(store, server, runner):  # noqa: F811
    commits = server.project.add_commits(180)
    runner.measure(commits[-1])
    assert actions(schedule(store, server)) == {"commit 180": "none"}
    assert len(calls(server)) == 1


def test_a_last_measured_commit_far_behind_is_found(store, server, runner):  # noqa: F811
    commits = server.project.add_commits(180)
    runner.measure(commits[0])
    done = schedule(store, server, "--max-dispatch", "1")
    assert done.returncode == 0, done.stderr
    assert list(actions(done).values()).count("later") == 178
    assert dispatched(server) == [commits[1]]


def test_github_and_git_tell_the_same(store, server, tmp_path):  # noqa: F811
    line = Line(tmp_path / "line")
    for _ in range(3):
        line.commit()
    git(line.folder, "checkout", "-q", "-b", "side")
    git(line.folder, "commit", "-q", "--allow-empty", "-m", "aside")
    git(line.folder, "checkout", "-q", "main")
    git(line.folder, "merge", "-q", "--no-ff", "-m", "merged", "side")
    line.commit()
    server.project.load_git(line.folder)
    words = ("--since-commit", line.id("main~4"), "--branch", "main", "--dry-run")
    there, here = (rows(schedule(store, server, *words, repo=repo))
                   for repo in ("github:owner/project", line.folder))
    assert there == here
    assert [row["subject"] for row in here] == ["commit 4", "merged", "commit 3", "commit 2", "commit 1"]


def test_commits_of_a_local_repository_are_dispatched_too(store, server, tmp_path):  # noqa: F811
    line = Line(tmp_path / "line")
    commit = line.commit()
    done = schedule(store, server, "--input", "run_python=false", repo=line.folder)
    assert done.returncode == 0, done.stderr
    assert server.repo.runs[0]["inputs"] == {"git_sha": commit, "run_python": "false"}


def test_the_environment_of_upstream_is_understood(store, server):  # noqa: F811
    (commit,) = server.project.add_commits(1)
    done = store.run("schedule", "--repo", "github:owner/project", db="unused",
                     env=env(server, LANCE_BENCH_REPO="owner/bench"))
    assert done.returncode == 0, done.stderr
    assert dispatched(server) == [commit]
    line = error_line(store.run("schedule", "--repo", "github:owner/project",
                                env=env(server, LANCE_BENCH_REPO="nonsense")), 129)
    assert "$LANCE_BENCH_REPO 'nonsense'" in line


def test_an_answer_without_the_run_is_fine(store, server):  # noqa: F811
    server.project.add_commits(1)
    server.dispatch_answers_with_run = False
    assert actions(schedule(store, server)) == {"commit 1": "dispatched"}
    assert actions(schedule(store, server)) == {"commit 1": "queued"}


def test_more_runs_may_wait_than_fit_on_a_page(store, server, runner):  # noqa: F811
    commits = server.project.add_commits(131)
    runner.measure(commits[0])
    done = schedule(store, server)
    assert list(actions(done).values()).count("dispatched") == 130
    done = schedule(store, server)
    assert list(actions(done).values()).count("queued") == 130, done.stderr
    assert dispatched(server) == commits[1:]


def test_a_dry_run_starts_nothing(store, server):  # noqa: F811
    server.project.add_commits(1)
    assert actions(schedule(store, server, "--dry-run")) == {"commit 1": "due"}
    assert not server.repo.runs and not store.tables()


def test_a_workflow_that_is_not_there_is_named(store, server):  # noqa: F811
    server.project.add_commits(1)
    server.repo.workflows.clear()
    line = error_line(schedule(store, server), 1)
    assert f"{WORKFLOW}, which has to lie on the default branch: not there" in line


def test_a_branch_that_is_not_there_is_named(store, server):  # noqa: F811
    server.project.add_commits(1)
    assert "absent" in error_line(schedule(store, server, "--branch", "absent"), 1)


def test_a_repository_that_is_not_there_is_named(store, server):  # noqa: F811
    assert "owner/absent" in error_line(schedule(store, server, repo="github:owner/absent"), 1)
    server.project.add_commits(1)
    assert "owner/absent" in error_line(schedule(store, server, target="owner/absent"), 1)


def test_repositories_that_were_renamed_are_followed(store, server):  # noqa: F811
    (commit,) = server.project.add_commits(1)
    server.rename("owner/project", "owner/renamed")
    done = schedule(store, server)
    assert done.returncode == 0, done.stderr
    assert dispatched(server) == [commit]


def test_one_that_fails_does_not_hold_up_the_others(store, server, runner):  # noqa: F811
    commits = server.project.add_commits(4)
    runner.measure(commits[0])
    server.fail(422, "nobody knows why", method="POST")
    done = schedule(store, server)
    assert done.returncode == 1
    assert actions(done) == {"commit 4": "dispatched", "commit 3": "dispatched", "commit 2": "broken",
                             "commit 1": "none"}
    assert f"error: 1 of 3 commits failed: {commits[1][:12]} (" in done.stderr and "nobody knows why" in done.stderr
    # The next one makes up for it.
    assert actions(schedule(store, server))["commit 2"] == "dispatched"
    assert sorted(dispatched(server)) == sorted(commits[1:])


def test_after_two_failures_in_a_row_the_others_are_put_off(store, server, runner):  # noqa: F811
    commits = server.project.add_commits(5)
    runner.measure(commits[0])
    server.fail(403, "Resource not accessible by integration", method="POST", times=9)
    done = schedule(store, server)
    assert done.returncode == 1
    assert actions(done) == {"commit 5": "later", "commit 4": "later", "commit 3": "broken", "commit 2": "broken",
                             "commit 1": "none"}


def test_a_rate_limit_is_waited_for(store, server):  # noqa: F811
    server.project.add_commits(1)
    server.limit(retry_after=1, method="POST")
    started = time.monotonic()
    assert actions(schedule(store, server)) == {"commit 1": "dispatched"}
    assert time.monotonic() - started >= 1
    assert len(server.repo.runs) == 1


def test_a_dispatch_whose_answer_was_lost_is_not_repeated(store, server):  # noqa: F811
    (commit,) = server.project.add_commits(1)
    server.drop(method="POST", after=True)
    done = schedule(store, server)
    assert done.returncode == 1 and actions(done) == {"commit 1": "broken"}
    assert actions(schedule(store, server)) == {"commit 1": "queued"}
    assert dispatched(server) == [commit]


def test_a_run_that_died_without_a_record_is_said_and_retried_when_asked(store, server, runner):  # noqa: F811
    first, second, third = server.project.add_commits(3)
    runner.measure(first)
    runner.conclusions[second] = "failure"
    schedule(store, server)
    for run in server.repo.runs:
        runner.work(run)
    done = schedule(store, server)
    assert done.returncode == 0, done.stderr
    (row,) = [row for row in rows(done) if row["subject"] == "commit 2"]
    assert row["action"] == "lost" and row["url"].endswith(str(server.repo.runs[0]["id"]))
    assert row["reason"] == "its workflow run ended (failure) and left no record"
    assert dispatched(server) == [second, third]
    assert actions(schedule(store, server, "--retry-failed", "1"))["commit 2"] == "dispatched"
    assert dispatched(server) == [second, third, second]


def test_a_run_for_a_pull_request_is_none_for_the_history(store, server):  # noqa: F811
    (commit,) = server.project.add_commits(1)
    server.repo.add_run(WORKFLOW, title=f"Benchmarks of {commit} for pull request #7")
    assert actions(schedule(store, server)) == {"commit 1": "dispatched"}


def test_what_was_put_off_is_not_forgotten(store, server, runner):  # noqa: F811
    commits = server.project.add_commits(4)
    runner.measure(commits[0])
    assert actions(schedule(store, server, "--max-dispatch", "1")) == {
        "commit 4": "later", "commit 3": "later", "commit 2": "dispatched", "commit 1": "none"}
    # Somebody measures the newest out of turn. The others were seen, so they are still due.
    runner.measure(commits[3])
    assert actions(schedule(store, server, "--dry-run")) == {
        "commit 4": "none", "commit 3": "due", "commit 2": "due"}
    assert actions(schedule(store, server)) == {"commit 4": "none", "commit 3": "dispatched", "commit 2": "queued"}


def test_what_was_put_off_is_not_forgotten_however_much_it_is(store, server, runner):  # noqa: F811
    commits = server.project.add_commits(61)
    runner.measure(commits[0])
    assert list(actions(schedule(store, server, "--max-dispatch", "1")).values()).count("later") == 59
    runner.measure(commits[-1])
    assert list(actions(schedule(store, server, "--dry-run")).values()).count("due") == 59


def test_commits_are_noted_once(store, server, runner):  # noqa: F811
    commits = server.project.add_commits(3)
    runner.measure(commits[0])
    schedule(store, server)
    found = store.query("select * from commits order by time")
    assert [(row["id"], row["parent"], row["subject"], row["project"]) for row in found] == [
        (commits[1], commits[0], "commit 2", "project"), (commits[2], commits[1], "commit 3", "project")]
    before = store.state()
    schedule(store, server)
    assert store.state() == before


def test_a_history_that_was_rewritten_is_counted_from_the_common_ancestor(store, server, runner):  # noqa: F811
    commits = server.project.add_commits(2)
    runner.measure(commits[0])
    schedule(store, server, "--branch", "main")
    runner.measure(commits[1])
    store.ok("invalidate", commits[0][:9])
    server.project.branches["main"] = commits[0]
    server.project.add_commit("another 2")
    server.project.add_commit("another 3")
    done = schedule(store, server, "--branch", "main", "--dry-run")
    assert actions(done) == {"another 3": "due", "another 2": "due", "commit 1": "due"}
    assert f"last measured commit {commits[1][:12]} is not on main any more: counting from their common ancestor " \
           f"{commits[0][:12]}" in done.stderr


def test_kill_9_at_any_moment_dispatches_each_commit_once(store, server, runner):  # noqa: F811
    commits = server.project.add_commits(6)
    runner.measure(commits[0])
    words = [store.agent, "--db", store.db, "schedule", "--repo", "github:owner/project",
             "--dispatch-repo", "owner/bench", "--max-dispatch", "2"]
    server.slow(.02, times=1000)
    for number in range(40 if os.environ.get("LANCE_BENCH_LONG") else 12):
        process = subprocess.Popen(words, env={**store.env, **env(server)}, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(.02 * number)
        process.kill()
        process.wait()
        time.sleep(.1)  # what the server has received it carries out
    while "dispatched" in actions(schedule(store, server, "--max-dispatch", "2")).values():
        pass
    assert sorted(dispatched(server)) == sorted(commits[1:])
    for run in server.repo.runs:
        runner.work(run)
    assert actions(schedule(store, server)) == {"commit 6": "none"}
    assert len(store.results()) == 2 * len(commits)


# --- backfill ---------------------------------------------------------------------------------


def backfill(store, server, *words, **more):  # noqa: F811
    done = store.run("backfill", "--repo", "github:owner/project", "--dispatch-repo", "owner/bench", "--format", "json",
                     *words, env=env(server, **more))
    assert TOKEN not in done.stdout + done.stderr
    return done


@pytest.mark.parametrize("answers_with_run", [True, False])
def test_a_backfill_waits_for_each_run(store, server, runner, answers_with_run):  # noqa: F811
    commits = server.project.add_commits(5)
    server.on_run = runner.take
    server.dispatch_answers_with_run = answers_with_run
    runner.measure(commits[3])
    runner.delay = .1
    done = backfill(store, server, "--max-commits", "4")
    assert done.returncode == 0, done.stderr
    assert actions(done) == {"commit 5": "measured", "commit 3": "measured", "commit 2": "measured"}
    assert dispatched(server) == [commits[4], commits[2], commits[1]]
    assert store.names("--commit", commits[1]) == ["a", "b"]
    assert "[1/3]" in done.stderr and "left" in done.stderr


def test_a_run_that_fails_does_not_end_a_backfill(store, server, runner):  # noqa: F811
    commits = server.project.add_commits(3)
    server.on_run = runner.take
    runner.conclusions[commits[1]] = "failure"
    done = backfill(store, server)
    assert done.returncode == 4
    assert actions(done) == {"commit 3": "measured", "commit 2": "broken", "commit 1": "measured"}
    assert f"1 of 3 commits failed: {commits[1][:12]} (its workflow run ended with failure" in done.stderr


def test_a_run_that_ended_before_is_not_taken_for_the_one_that_was_started(store, server, runner):  # noqa: F811
    commit, = server.project.add_commits(1)
    server.on_run = runner.take
    server.dispatch_answers_with_run = False
    runner.conclusions[commit] = "failure"
    assert backfill(store, server).returncode == 4
    runner.conclusions.clear()

    def take_late(repo, run):  # GitHub lists a run some seconds after it has accepted it
        repo.runs.remove(run)
        timer = threading.Timer(1, lambda: (repo.runs.append(run), runner.take(repo, run)))
        runner.threads.append(timer)
        timer.start()

    server.on_run = take_late
    done = backfill(store, server)
    assert done.returncode == 0, done.stderr
    assert actions(done) == {"commit 1": "measured"}
    assert dispatched(server) == [commit] * 2


def test_by_information_the_next_commit_depends_on_what_came_before(store, server, runner):  # noqa: F811
    commits = server.project.add_commits(9)
    server.on_run = runner.take
    done = backfill(store, server, "--order", "information", "--max-commits", "3", "--since", commits[0])
    assert done.returncode == 0, done.stderr
    assert dispatched(server) == [commits[8], commits[0], commits[4]]


def test_a_backfill_that_was_killed_waits_for_the_run_that_is_there(store, server, runner):  # noqa: F811
    commits = server.project.add_commits(2)
    process = subprocess.Popen(
        [store.agent, "--db", store.db, "backfill", "--repo", "github:owner/project", "--dispatch-repo", "owner/bench"],
        env={**store.env, **env(server)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not server.repo.runs and time.monotonic() < deadline:
        time.sleep(.02)
    process.kill()
    process.wait()
    assert dispatched(server) == [commits[1]]
    server.on_run = runner.take
    runner.delay = .3
    runner.take(server.repo, server.repo.runs[0])
    done = backfill(store, server)
    assert done.returncode == 0, done.stderr
    assert dispatched(server) == [commits[1], commits[0]]
    assert actions(done) == {"commit 2": "measured", "commit 1": "measured"}
    assert len(store.results()) == 4


def test_ctrl_c_ends_the_waiting_and_leaves_the_run_alone(store, server):  # noqa: F811
    server.project.add_commits(2)
    process = subprocess.Popen(
        [store.agent, "--db", store.db, "backfill", "--repo", "github:owner/project", "--dispatch-repo", "owner/bench"],
        env={**store.env, **env(server, LANCE_BENCH_POLL_INTERVAL="60s")}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not any("/actions/runs/" in path for path in server.paths("GET")) and time.monotonic() < deadline:
        time.sleep(.02)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert [run["status"] for run in server.repo.runs] == ["queued"]
