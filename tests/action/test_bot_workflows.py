"""The bench bot's two workflows under act, against the stand-in for GitHub: a comment, an approval, an artifact."""

import json
import re
import subprocess

import pytest

from artifact_helpers import files_of, make_zip
from bot_helpers import Forge
from docker_daemon import ROOT
from github_server import TOKEN
from run_helpers import git
from consumer import CREDENTIALS


@pytest.fixture
def forge(agent, tmp_path):
    folder = tmp_path / "forge"
    folder.mkdir()
    with Forge(agent, folder) as forge:
        yield forge


@pytest.fixture
def workflow(act, agent, forge, tmp_path):
    """Runs one of the workflows that 'init' writes, with an event of the forge."""
    repository = tmp_path / "consumer"
    repository.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main", repository], check=True)
    subprocess.run([agent, "init", "--dir", repository], check=True, capture_output=True)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "benchmarks")
    git(repository, "remote", "add", "origin", f"https://github.com/{forge.repo.name}")
    stub = tmp_path / "credentials"
    stub.mkdir()
    (stub / "action.yml").write_text(CREDENTIALS.lstrip())
    text = (ROOT / "workflows" / "publish-results.yml").read_text()
    name, commit = re.search(r"(aws-actions/configure-aws-credentials)@([0-9a-f]{40})", text).groups()
    db = repository / "db"

    def run(file, event_env):
        forge.permit(file)
        done = act(repository, event_env["GITHUB_EVENT_NAME"], "-W", f".github/workflows/{file}", "--bind",
                   "-e", event_env["GITHUB_EVENT_PATH"], "--local-repository", f"{name}@{commit}={stub}",
                   "--env", f"GITHUB_API_URL={forge.server.url}", "--var", "LANCE_BENCH_TESTBED=metal",
                   "-s", f"GITHUB_TOKEN={TOKEN}", "-s", f"LANCE_BENCH_DB_URI={db}")
        assert TOKEN not in done.stdout + done.stderr
        return done

    run.db = db
    return run


def comment(forge, workflow, body, author="maintainer", **more):
    written = forge.repo.add_comment(7, body, author)
    return workflow("pr-benchmarks.yml", forge.comment_event(written, **more))


def test_from_a_comment_to_published_results(forge, workflow):
    evil = f"@bench-bot benchmark {forge.head}\n\n```\n$(touch /tmp/owned) ::error::x ${{{{ github.token }}}}\n```\n"
    assert "Job succeeded" in comment(forge, workflow, evil, author="stranger").stdout
    assert not forge.runs, "having opened the pull request counts for nothing"
    done = comment(forge, workflow, evil)
    assert "Job succeeded" in done.stdout, done.stdout[-5000:]
    [run] = forge.runs
    assert run["inputs"]["git_sha"] == forge.head and run["inputs"]["pr_number"] == "7"

    forge.repo.add_artifact("lance-bench-pull-request", make_zip(files_of(commit=forge.head)), run_id=run["id"])
    forge.repo.finish_run(run)
    done = workflow("publish-results.yml", forge.run_event(run))
    assert "Job succeeded" in done.stdout, done.stdout[-5000:]
    rows = forge.store.run("query", "select benchmark_name as b, test_bed['name'] as bed from results_pr order by 1",
                           "--format", "json", db=workflow.db)
    assert [(row["b"], row["bed"]) for row in json.loads(rows.stdout)] == [("count", "metal"), ("split", "metal")]
    [check] = forge.checks
    assert check["conclusion"] == "success" and len(forge.ours) == 1 and "`count`" in forge.text


def test_a_run_that_starts_no_workflow_is_published_by_a_call(forge, workflow):
    """GitHub starts nothing at the end of a run that a workflow's own token has dispatched."""
    comment(forge, workflow, f"@bench-bot benchmark {forge.head}")
    [run] = forge.runs
    run["status"] = "in_progress"

    def call(step):
        event = forge.dispatch_event("publish-results.yml", run_id=str(run["id"]), step=step)
        return workflow("publish-results.yml", event)

    done = call("progress")
    assert "Job succeeded" in done.stdout and "**Running**" in forge.text, done.stdout[-5000:]
    forge.repo.add_artifact("lance-bench-pull-request", make_zip(files_of(commit=forge.head)), run_id=run["id"])
    forge.repo.finish_run(run)
    done = call("finish")
    assert "Job succeeded" in done.stdout and "`count`" in forge.text, done.stdout[-5000:]
    [check] = forge.checks
    assert check["conclusion"] == "success" and len(forge.ours) == 1


def test_what_is_no_business_of_the_bot_starts_no_job(forge, workflow):
    done = comment(forge, workflow, "no mention of anybody")
    assert "Run Main" not in done.stdout
    done = comment(forge, workflow, "@bench-bot help", is_pull=False)
    assert "Run Main" not in done.stdout
    run = forge.repo.add_run("run-benchmarks.yml", title=f"Benchmarks of {forge.head}")
    done = workflow("publish-results.yml", forge.run_event(run))
    assert "Run Main" not in done.stdout
    run = forge.repo.add_run("run-benchmarks.yml", title=f"Benchmarks of {forge.head} for pull request #7")
    done = workflow("publish-results.yml", forge.run_event(run, head_repository={"full_name": "stranger/quick"}))
    assert "Run Main" not in done.stdout
    done = workflow("publish-results.yml", forge.run_event(run, event="pull_request"))
    assert "Run Main" not in done.stdout
    assert not forge.ours and not forge.checks
