"""From a comment to a result, over the stand-in GitHub, with a real run; and killed at every arrow."""

import json
import os
import shutil
import signal
import time

import pytest

import github_description
from artifact_helpers import files_of, make_quick_repo, make_zip
from bot_helpers import BOT, Forge
from run_helpers import git


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    return make_quick_repo(tmp_path_factory.mktemp("quick") / "quick")


@pytest.fixture
def forge(agent, tmp_path):
    with Forge(agent, tmp_path) as forge:
        yield forge


def pack(folder):
    """What actions/upload-artifact does."""
    return make_zip({p.relative_to(folder).as_posix(): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()})


def measure(machine, quick, run, folder, **options):
    """The job of run-benchmarks.yml that has foreign code: no token, no database."""
    inputs = run["inputs"]
    words = ["--rev", inputs["git_sha"], "--pull-request", "--results-dir", folder, "--config",
             quick.parent / "base.json"]
    words += ["--rust-only"] if inputs["run_python"] == "false" else []
    words += [w for crate in inputs["rust_crates"].split(",") if crate for w in ("--crate", crate)]
    done, said = machine.run(quick, *words, **options)
    if "cannot hold it" in done.stderr:
        pytest.skip(done.stderr)
    return done, said


def test_from_a_comment_to_a_result(agent, machine, quick, tmp_path):
    (quick.parent / "base.json").write_text('{"rust": {}}')
    with Forge(agent, tmp_path, git=quick) as forge:
        base = git(quick, "rev-parse", "main")
        # The base is measured for the default history, by a job that has the database.
        done, _ = machine.run(quick, "--rev", "main")
        assert done.returncode == 0, done.stderr
        forge.store.db = str(machine.db)

        forge.say("@bench-bot benchmark")
        line = next(line for line in forge.text.splitlines() if line.startswith("@bench-bot benchmark "))
        assert forge.say(line)["action"] == "dispatched"
        (run,) = forge.runs
        run["status"] = "in_progress"
        forge.done(forge.bot("progress", forge.run_event(run, action="in_progress")))

        folder = tmp_path / "lance-bench-pull-request"
        done, said = measure(machine, quick, run, folder)
        assert done.returncode == 0, done.stderr
        assert said["commit"] == forge.head
        forge.server.repo.add_artifact("lance-bench-pull-request", pack(folder), run_id=run["id"])
        forge.repo.finish_run(run)
        env = {**forge.run_event(run), "LANCE_BENCH_TESTBED": "bed"}
        said = forge.done(forge.bot("finish", env))

        assert said["action"] == "published" and said["results"] == 2
        # Neutral where other work on this machine had so large a part in it that it is not to be judged.
        assert said["conclusion"] in ("success", "neutral"), forge.text
        rows = forge.store.query("select benchmark_name as b, dut['version'] as v, test_bed as t, metadata as m "
                                 "from results_pr order by 1")
        assert [r["b"] for r in rows] == ["quick/one", "quick/two"]
        assert {r["v"] for r in rows} == {f"0.1.0+{forge.head[:7]}"}
        assert {json.loads(r["m"])["commit"] for r in rows} == {forge.head}
        known = forge.store.query("select test_bed as t from results limit 1")[0]["t"]
        assert all(r["t"] == known for r in rows)
        if "conditions that spoil it" in forge.text:
            assert said["conclusion"] == "neutral" and "| `quick/one` | 6 µs |" in forge.text
        elif "count nowhere" in forge.text:
            # The base's own results are not to be judged: there is nothing to set beside these.
            assert "| `quick/one` | – | – | 6 µs |" in forge.text or "| `quick/one` | 6 µs |" in forge.text, forge.text
        else:
            assert f"beside it the base `{base[:7]}`" in forge.text
            assert "| `quick/one` | 6 µs | 1.000 | 6 µs |" in forge.text
        assert len(forge.ours) == len(forge.checks) == len(forge.runs) == 1
        # Pull requests never enter the default history.
        assert forge.store.query("select count(*) as n from results") == [{"n": 2}]
        forge.say("@bench-bot status")
        assert f"({said['conclusion']})" in forge.text and len(forge.ours) == 1


def test_a_run_that_was_killed_leaves_nothing_and_its_second_attempt_all(agent, machine, quick, tmp_path):
    (quick.parent / "base.json").write_text('{"rust": {}}')
    folder = tmp_path / "left"
    run = {"inputs": {"git_sha": git(quick, "rev-parse", "topic"), "run_python": "true", "rust_crates": ""}}
    killed = 0
    for moment in (.05, .15, .3, .6):
        process = machine.start("run", quick, "--rev", run["inputs"]["git_sha"], "--pull-request", "--results-dir", folder,
                                "--config", quick.parent / "base.json")
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if process.returncode != -signal.SIGKILL:
            shutil.rmtree(folder)
            break
        # What is there is there as a whole: the folder gets its name last.
        assert not folder.exists() or (folder / "manifest.json").is_file()
        shutil.rmtree(folder, ignore_errors=True)
        killed += 1
    assert killed
    done, _ = measure(machine, quick, run, folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "manifest.json").is_file()


@pytest.mark.skipif(not github_description.FILE.exists(),
                    reason="GitHub's description is not there: scripts/test-tools prism")
def test_every_request_of_the_bot_is_as_github_describes_it(forge):
    forge.repo.files["main", "lance-bench.json"] = '{"verdicts": {"matters": "3%"}}'
    forge.say("@bench-bot benchmark")
    forge.say(f"@bench-bot benchmark {forge.old}")
    forge.say("@bench-bot cancel")
    forge.say(f"@bench-bot benchmark {forge.head} --crate lance-io")
    run = forge.runs[-1]
    forge.done(forge.bot("progress", forge.run_event(run, action="in_progress")))
    forge.say("@bench-bot status")
    forge.done(forge.finish(run, make_zip(files_of(commit=forge.head))))
    forge.say(f"@bench-bot compare {forge.base}")
    forge.say("@bench-bot nonsense", author="reader")
    judge = github_description.Judge(github_description.load())
    wrong = [line for record in forge.server.requests for line in judge.check(record)]
    assert not wrong, "\n".join(wrong[:20])
    assert len(forge.ours) == 1


def test_a_dispatch_that_does_not_name_its_run_is_found_by_its_title(forge):
    """GitHub's older answer, 204, says nothing of the run."""
    forge.server.dispatch_answers_with_run = False
    comment = forge.repo.add_comment(7, f"@bench-bot benchmark {forge.head}", "maintainer")
    env = forge.comment_event(comment)
    assert forge.done(forge.bot("comment", env))["workflow_run"] == 0
    assert forge.done(forge.bot("comment", env))["workflow_run"] == forge.runs[0]["id"]
    assert len(forge.runs) == 1 and str(forge.runs[0]["id"]) in forge.text
    assert forge.done(forge.finish(forge.runs[0], make_zip(files_of(commit=forge.head))))["action"] == "published"


# --- kill -9 ------------------------------------------------------------------------------------


class Killer:
    """Starts a step of the bot and kills it at its n-th request, in front of what GitHub does or behind it."""

    def __init__(self, forge):
        self.forge = forge

    def run(self, step, env, number, after):
        seen, process = [], []

        def act(handler):
            seen.append(1)
            if len(seen) == number:
                os.kill(process[0].pid, signal.SIGKILL)
                process[0].wait()
                handler.give_up()

        self.forge.server.faults.clear()
        self.forge.server.lock.acquire()
        try:  # no request is answered before the process is known
            process.append(self.forge.store.start("bot", step, "--format", "json", env=env))
        finally:
            self.forge.server.lock.release()
        self.forge.server._fault(act, times=1000, after=after)
        process[0].communicate(timeout=60)
        self.forge.server.faults.clear()
        return process[0].returncode == -signal.SIGKILL


def every_arrow(agent, tmp_path, prepare, step, check):
    """Kills `step` at each of its requests, runs it again, and holds what is left to what one whole step leaves."""
    killed = 0
    for after in (False, True):
        for number in range(1, 100):
            folder = tmp_path / f"{number}{after}"
            folder.mkdir()
            with Forge(agent, folder) as forge:
                env = prepare(forge)
                if not Killer(forge).run(step, env, number, after):
                    break
                killed += 1
                forge.done(forge.bot(step, env))
                check(forge, f"request {number}, {'after' if after else 'before'}")
    return killed


def test_a_killed_answer_leaves_one_of_everything(agent, tmp_path):
    def prepare(forge):
        return forge.comment_event(forge.repo.add_comment(7, f"@bench-bot benchmark {forge.head}", "maintainer"))

    def check(forge, where):
        assert (len(forge.ours), len(forge.checks), len(forge.runs)) == (1, 1, 1), where
        assert "**Queued**" in forge.text and str(forge.runs[0]["id"]) in forge.text, where
        assert forge.checks[0]["status"] == "queued", where

    assert every_arrow(agent, tmp_path, prepare, "comment", check) > 10


def test_a_killed_end_leaves_one_of_everything(agent, tmp_path):
    def prepare(forge):
        forge.say(f"@bench-bot benchmark {forge.head}")
        run = forge.runs[0]
        forge.repo.add_artifact("lance-bench-pull-request", make_zip(files_of(commit=forge.head)), run_id=run["id"])
        forge.repo.finish_run(run)
        return forge.run_event(run)

    def check(forge, where):
        assert (len(forge.ours), len(forge.checks), len(forge.runs)) == (1, 1, 1), where
        assert forge.checks[0]["conclusion"] == "success" and "`count`" in forge.text, where
        assert forge.store.query("select count(*) as n from results_pr") == [{"n": 2}], where
        assert forge.store.query("select harness from runs order by 1") == [
            {"harness": "criterion"}, {"harness": "pull-request"}], where

    assert every_arrow(agent, tmp_path, prepare, "finish", check) > 10


def test_the_comment_is_the_bots_own(forge):
    forge.say("@bench-bot help")
    assert [c["author"] for c in forge.repo.comments.values()] == ["maintainer", BOT]
