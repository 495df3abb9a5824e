"""The whole loop on one machine: cron → schedule → dispatch → run in the container → publish to S3 → nothing left
to do; and the same with a kill at every arrow.

The workflows are those that `lance-bench init` writes, run by act; GitHub's API is the stand-in, S3 a real server."""

import json

import pytest

from consumer import NAME, succeeded
from github_server import TOKEN
from run_helpers import git

ALL = 3  # the benchmarks of the sample's Python suite


def schedule(loop):
    """The commits that the cron job dispatches runs for."""
    before = len(loop.github.repo.runs)
    succeeded(loop.workflow("schedule", "schedule-benchmarks.yml"))
    return [run["inputs"]["git_sha"] for run in loop.github.repo.runs[before:]]


def schedule_here(loop):
    """The same by the agent on this machine, where the container has nothing to do with the answer; and its rows."""
    before = len(loop.github.repo.runs)
    done = loop.lance_bench("schedule", "--repo", loop.target, "--dispatch-repo", NAME, "--workflow",
                            "run-benchmarks.yml", "--ref", "main", "--format", "json",
                            env={"GITHUB_API_URL": loop.github.url, "GITHUB_TOKEN": TOKEN})
    return [run["inputs"]["git_sha"] for run in loop.github.repo.runs[before:]], json.loads(done.stdout)


def run_of(loop, commit):
    [run] = [run for run in loop.github.repo.runs if run["inputs"]["git_sha"] == commit]
    return run


def run_words(run):
    """What a runner starts for a run that was dispatched, of the Python suite alone."""
    return {"git_sha": run["inputs"]["git_sha"], "run_rust": "false", "run_python": "true",
            "env": {"GITHUB_RUN_ID": run["id"], "GITHUB_RUN_ATTEMPT": run["attempt"]}}


def measure(loop, commit):
    run = run_of(loop, commit)
    done = loop.workflow("workflow_dispatch", "run-benchmarks.yml", **run_words(run))
    result = loop.result("run")
    assert result["commit"] == commit and result["outcome"] == "complete", done.stdout[-6000:]
    assert result["run"] == f"{run['id']}.{run['attempt']}-python"
    loop.github.repo.finish_run(run)
    return result


def add_commits(loop, *names):
    for name in names:
        (loop.target / "NOTES").write_text(f"{name}\n")
        git(loop.target, "add", "NOTES")
        git(loop.target, "commit", "-q", "-m", name)
    return git(loop.target, "rev-list", "--reverse", f"HEAD~{len(names)}..HEAD").split()


@pytest.fixture(scope="module")
def loop(consumer):
    """The loop after its first turn: nothing was ever measured, and the newest commit is."""
    git(consumer.target, "reset", "-q", "--hard", "first")
    first = git(consumer.target, "rev-parse", "first")
    assert schedule(consumer) == [first]
    measure(consumer, first)
    consumer.first = first
    return consumer


def test_from_the_cron_job_to_the_database_and_back(loop):
    new = add_commits(loop, "two", "three")
    assert schedule(loop) == new, "both of the new commits, not the newest alone"
    assert schedule_here(loop)[0] == [], "they wait already"
    for commit in new:
        measure(loop, commit)
    requests = len(loop.github.requests)
    assert schedule(loop) == []
    assert len(loop.github.requests) - requests <= 2
    assert loop.counts() == {commit[:7]: ALL for commit in (loop.first, *new)}


def killed(loop, *words, **options):
    """Begins a workflow, whose end the caller has seen to, and what act has said of it."""
    process = loop.start(*words, **options)
    try:
        said, _ = process.communicate(timeout=200)
    finally:
        process.kill()
        process.wait()
        loop.kill_containers()
    return said


def test_a_kill_at_every_arrow_loses_nothing_and_doubles_nothing(loop):
    before = loop.counts()
    new = add_commits(loop, "four", "five")
    github = loop.github

    # cron → schedule: act dies with its container before anything was dispatched
    def ends(_handler):
        process.kill()
        loop.kill_containers()
        raise ConnectionAbortedError
    github._fault(ends, path="/actions/workflows/.*/runs")
    process = loop.start("schedule", "schedule-benchmarks.yml")
    process.communicate(timeout=200)
    assert not [run for run in github.repo.runs if run["inputs"]["git_sha"] in new]
    assert process.returncode == -9

    # schedule → dispatch: the agent dies when GitHub has taken the first run, before it hears of it
    def agent_dies(handler):
        loop.kill_agent()
        handler.give_up()
    github._fault(agent_dies, method="POST", path="/dispatches", after=True)
    assert "Job failed" in killed(loop, "schedule", "schedule-benchmarks.yml")
    assert [run["inputs"]["git_sha"] for run in github.repo.runs if run["inputs"]["git_sha"] in new] == new[:1]
    assert schedule(loop) == new[1:], "what GitHub took is not dispatched again"

    # dispatch → run → publish: the power fails while a benchmark runs, then the agent dies before its
    # first write, and when its results and its record are stored
    run = run_of(loop, new[0])
    process = loop.start("workflow_dispatch", "run-benchmarks.yml", **run_words(run))
    for line in process.stdout:
        if "running pytest on CPU" in line:
            process.kill()
            loop.kill_containers()
            break
    process.wait()
    github.repo.finish_run(run, "failure")
    started, rows = schedule_here(loop)
    assert started == []
    assert {row["commit"]: row["action"] for row in rows}[new[0]] == "lost", "it is said"
    for path, after in (("", False), ("results.lance/_versions", True), ("runs.lance/_versions", True)):
        run.update(attempt=run["attempt"] + 1, status="in_progress", conclusion=None)
        loop.gate.at(loop.kill_agent, path, after=after)
        said = killed(loop, "workflow_dispatch", "run-benchmarks.yml", **run_words(run))
        assert loop.gate.trap is None and "Job failed" in said, said[-4000:]
        assert new[0] not in schedule_here(loop)[0]
    run["attempt"] += 1
    measure(loop, new[0])

    # publish → schedule: the agent dies at its first look into the database
    loop.gate.at(loop.kill_agent, methods=("GET", "HEAD"))
    assert "Job failed" in killed(loop, "schedule", "schedule-benchmarks.yml")
    measure(loop, new[1])
    assert schedule(loop) == []
    assert loop.counts() == {**before, **{commit[:7]: ALL for commit in new}}
    assert len(github.repo.runs) == len({run["inputs"]["git_sha"] for run in github.repo.runs})
