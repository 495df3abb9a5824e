"""What GitHub reads is valid and safe, as the tools say that read it for a living."""

import json
import re
import shutil
import subprocess

import pytest

from conftest import tool
from docker_daemon import ROOT

WORKFLOWS = sorted((ROOT / "workflows").glob("*.yml"))
OWN = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = [ROOT / "action.yml", *sorted((ROOT / "actions").glob("*/action.yml"))]
IDS = [path.relative_to(ROOT).as_posix() for path in [*WORKFLOWS, *OWN, *ACTIONS]]


def run(*words, **options):
    return subprocess.run(list(map(str, words)), text=True, capture_output=True, check=False, **options)


@pytest.fixture
def consumer(tmp_path, agent):
    """A repository that 'lance-bench init' has written the workflows into."""
    run("git", "init", "-q", tmp_path)
    assert run(agent, "init", "--dir", tmp_path).returncode == 0
    return tmp_path


def test_there_is_something_to_look_at():
    assert len(WORKFLOWS) == 9 and len(ACTIONS) >= 8 and len(OWN) >= 2


@pytest.mark.parametrize("kind", ["lance", "rust", "python"])
def test_actionlint_and_shellcheck_find_nothing_in_the_workflows(tmp_path, agent, kind):
    run("git", "init", "-q", tmp_path)
    assert run(agent, "init", "--dir", tmp_path, "--for", kind).returncode == 0
    assert shutil.which("shellcheck"), "actionlint calls it for each run:"
    done = run(tool("actionlint"), cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_actionlint_finds_nothing_in_our_own_workflows():
    done = run(tool("actionlint"), *OWN, cwd=ROOT)
    assert done.returncode == 0, done.stdout


def test_shellcheck_finds_nothing_in_the_scripts_of_actions():
    scripts = sorted((ROOT / "actions").glob("*/*.sh"))
    assert scripts
    done = run("shellcheck", *scripts)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing_in_the_actions_and_in_our_own_workflows():
    config = ROOT / ".github" / "zizmor.yml"
    done = run(tool("zizmor"), "--offline", "--no-progress", "--config", config, *ACTIONS, *OWN)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing_in_the_workflows(consumer):
    shutil.copy(ROOT / ".github" / "zizmor.yml", consumer / ".github" / "zizmor.yml")
    done = run(tool("zizmor"), "--offline", "--no-progress", consumer)
    assert done.returncode == 0, done.stdout
    assert "No findings" in done.stdout + done.stderr


def test_what_zizmor_is_told_to_pass_over_is_two_triggers_and_a_syntax(consumer):
    """Nothing hides behind the comments: without them and without the configuration these findings are left."""
    for path in (consumer / ".github" / "workflows").iterdir():
        text = re.sub(r".*# zizmor:.*\n", "", path.read_text())
        path.write_text(re.sub(r"(uses: lancedb/lance-bench[^@]*)@v1", r"\1@" + 40 * "a", text))
    done = run(tool("zizmor"), "--offline", "--no-progress", "--format", "json", consumer)
    found = {(finding["ident"], name) for finding in json.loads(done.stdout)
             for name in re.findall(r"[\w-]+\.yml", json.dumps(finding["locations"][0]["symbolic"]["key"]))}
    assert found == {("dangerous-triggers", "pr-benchmarks.yml"), ("dangerous-triggers", "publish-results.yml"),
                     ("self-repository", "run-benchmarks.yml")}


@pytest.mark.parametrize("path", [*WORKFLOWS, *OWN, *ACTIONS], ids=IDS)
def test_the_schema_of_github_fits(path):
    schema = "vendor.github-actions" if path.name == "action.yml" else "vendor.github-workflows"
    done = run(tool("check-jsonschema"), "--builtin-schema", schema, path)
    assert done.returncode == 0, done.stdout


def test_the_local_stack_is_a_valid_compose_file_and_listens_on_this_machine_alone():
    path = ROOT / "docker" / "compose.yml"
    done = run(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", path)
    assert done.returncode == 0, done.stdout
    ports = re.findall(r"ports: (.*)", path.read_text())
    assert ports and all(port.startswith('["127.0.0.1:') for port in ports)


@pytest.mark.parametrize("path", [*WORKFLOWS, *OWN, *ACTIONS], ids=IDS)
def test_no_expression_stands_in_a_script(path):
    lines, script, indent = path.read_text().splitlines(), [], None
    for line in lines:
        started = re.match(r"( {,8})(- )?run: *(.*)", line)  # further in it is an input of that name
        depth = len(line) - len(line.lstrip())
        if started:
            script.append(started[3])
            indent = len(started[1])
        elif indent is not None and (not line.strip() or depth > indent):
            script.append(line)
        else:
            indent = None
    assert "${{" not in "\n".join(script)


@pytest.mark.parametrize("path", [*WORKFLOWS, *OWN, *ACTIONS], ids=IDS)
def test_actions_of_others_are_pinned_by_their_full_commit_id(path):
    for used, comment in re.findall(r"uses: *(\S+)(.*)", path.read_text()):
        if not used.startswith(("./", "lancedb/lance-bench")):
            assert re.search(r"@[0-9a-f]{40}$", used), used
            assert re.match(r" # v\d+\.\d+\.\d+$", comment), f"{used}: which version is that?"


def job(path, name):
    """The lines of one job."""
    text = path.read_text().split("\njobs:\n")[1]
    found = re.search(rf"^  {name}:\n((?:    .*\n|\n|  #.*\n)*)", text, re.MULTILINE)
    assert found, f"{path.name} has no job {name}"
    return found[1]


def test_the_job_that_runs_a_pull_request_has_nothing_to_steal():
    lines = job(ROOT / "workflows" / "run-benchmarks.yml", "pull-request")
    assert "secrets." not in lines and "github.token" not in lines and "cache" not in lines.lower()
    assert re.findall(r"permissions:\n((?:      \S.*\n)+)", lines) == ["      contents: read\n"]
    # The one checkout is of this repository, into a folder of its own, without the token; actions are full names.
    assert "ref:" not in lines and "persist-credentials: false" in lines
    assert all("@" in used for used in re.findall(r"uses: *(\S+)", lines))
    assert "pull-request: true" in lines and "results-dir:" in lines


@pytest.mark.parametrize("name, step", [("begins", "progress"), ("ended", "finish")])
def test_the_jobs_beside_it_have_a_token_and_nothing_of_the_pull_request(name, step):
    lines = job(ROOT / "workflows" / "run-benchmarks.yml", name)
    assert re.findall(r"permissions:\n((?:      \S.*\n)+)", lines) == [
        "      actions: write # dispatches publish-results.yml\n"]
    assert "runs-on: ubuntu-latest" in lines and "secrets." not in lines and "artifact" not in lines
    assert re.findall(r"inputs\.\w+", lines) == ["inputs.pr_number"] and "checkout" not in lines
    assert f'--input "run_id=$GITHUB_RUN_ID" --input step={step}\n' in lines


def test_no_job_hands_over_what_the_one_before_it_has_left():
    """The workspace of a self-hosted runner is kept: a folder of results there would stop each run but the first, and
    its upload would be that of another run."""
    lines = job(ROOT / "workflows" / "run-benchmarks.yml", "pull-request")
    [left] = re.findall(r"results-dir: (.*)", lines)
    [taken] = re.findall(r"upload-artifact@.*\n(?: .*\n)*? +path: (.*)", lines)
    assert left == taken == "${{ runner.temp }}/lance-bench-${{ github.run_id }}-${{ github.run_attempt }}"


def test_what_publishes_checks_nothing_out():
    text = (ROOT / "workflows" / "publish-results.yml").read_text()
    assert "actions/checkout" not in text and "head_branch" not in text and "download-artifact" not in text
    assert "github.event.workflow_run.head_repository.full_name == github.repository" in text


def test_no_comment_of_a_stranger_takes_the_place_of_a_command_that_waits():
    """A concurrency group keeps one that waits; a workflow's is entered by every comment, a job's by what is for it."""
    path = ROOT / "workflows" / "pr-benchmarks.yml"
    assert not re.search(r"^concurrency:", path.read_text(), re.MULTILINE)
    group = re.search(r"concurrency:\n      group:((.*\n)+?)      cancel", job(path, "bot"))[1]
    assert "github.event.issue.number" in group and "github.event.comment.author_association" in group


@pytest.mark.parametrize("path", WORKFLOWS, ids=[path.name for path in WORKFLOWS])
def test_every_job_has_a_deadline_and_only_the_permissions_it_names(path):
    text = path.read_text()
    assert re.search(r"^permissions: \{\}$", text, re.MULTILINE), "the workflow as a whole gets none"
    assert re.search(r"^(    )?concurrency:$", text, re.MULTILINE)
    for name in re.findall(r"^  ([\w-]+):\n    name:", text, re.MULTILINE):
        lines = job(path, name)
        assert "permissions:" in lines
        assert "timeout-minutes:" in lines or "uses: ./" in lines
