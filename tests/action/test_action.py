"""'lance-bench action': the inputs of a step, its outputs, and what foreign text can not do."""

import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

import store_helpers
from conftest import tool
from docker_daemon import ROOT, TOOLS
from github_server import GitHubServer

ACTIONS = sorted(path.parent.name for path in (ROOT / "actions").glob("*/action.yml"))


class Step:
    """A step of a workflow with a workspace and command files of its own."""

    def __init__(self, agent, folder):
        self.agent, self.folder = agent, folder
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        self.output, self.summary = folder / "output", folder / "summary"
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "LANCE_BENCH_URI": str(folder / "db"),
            "LANCE_BENCH_TESTBED_FILE": "/nonexistent", "LANCE_BENCH_SPOOL": str(folder / "spool"),
            "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(self.workspace), "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
        }

    def __call__(self, command, code=0, words=(), env=None, **inputs):
        given = {"INPUT_" + name.upper().replace("_", "-"): value for name, value in inputs.items()}
        for path in (self.output, self.summary):
            path.write_text("")
        done = subprocess.run([self.agent, "action", *words], text=True, capture_output=True, check=False,
                              env={**self.env, "INPUT_COMMAND": command, **given, **(env or {})}, cwd=self.folder)
        assert done.returncode == code, f"{done.returncode}: {done.stdout}{done.stderr}"
        return done

    def outputs(self):
        """What GitHub reads out of the file."""
        found, lines = {}, self.output.read_text().splitlines()
        while lines:
            name, mark = re.fullmatch(r"([\w-]+)<<(\S+)", lines.pop(0)).groups()
            value = []
            while lines[0] != mark:
                value.append(lines.pop(0))
            lines.pop(0)
            found[name] = "\n".join(value)
        return found


@pytest.fixture
def step(agent, tmp_path):
    return Step(agent, tmp_path)


def commands_outside(text):
    """The workflow commands that a runner would carry out: those outside of what is fenced."""
    found, token = [], None
    for line in text.splitlines():
        line = line.strip()
        if token:
            token = None if line == f"::{token}::" else token
        elif line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::")
        elif line.startswith("::") or "##[" in line:
            found.append(line)
    assert token is None, "the fence is closed"
    return found


def harness_file(step, names):
    path = step.folder / "criterion.json"
    path.write_text(store_helpers.criterion_lines(names))
    return path


def publish(step, names, **inputs):
    return step("publish criterion", target=str(harness_file(step, names)), dut_version="1.2.3+abcdef0",
                dut_timestamp="1700000000", testbed_name="bed", **inputs)


def test_a_command_leaves_outputs_a_summary_and_files(step):
    publish(step, ["a", "b"])
    done = step("results", benchmark="a")
    assert step.outputs() == {"verdict": "", "regressions": "", "results": "lance-bench-results/results.json",
                              "report": "lance-bench-results/results.md", "exit-code": "0"}
    rows = json.loads((step.workspace / "lance-bench-results" / "results.json").read_text())
    assert [row["benchmark"] for row in rows] == ["a"]
    assert "| a " in step.summary.read_text()
    report = (step.workspace / "lance-bench-results" / "results.md").read_text()
    assert step.summary.read_text().rstrip() == report.rstrip()
    assert commands_outside(done.stdout) == ["::group::lance-bench results", "::endgroup::"]
    assert "abcdef0" in done.stdout and done.stderr == ""


def test_each_failure_has_its_verdict_exit_code_and_annotation(step):
    done = step("results", code=3)
    assert step.outputs()["verdict"] == "no-data" and step.outputs()["exit-code"] == "3"
    assert step.outputs()["results"] == ""
    [error] = [line for line in commands_outside(done.stdout) if line.startswith("::error")]
    assert error.startswith("::error title=lance-bench results::no results in ")
    publish(step, ["a"])
    step("compare", code=3, target="abcdef0\n1234567")
    assert step.outputs()["verdict"] == "no-data"
    done = step("run", code=1, target=str(step.folder / "nowhere"))
    assert step.outputs()["verdict"] == "" and step.outputs()["exit-code"] == "1"
    assert "there is no repository at" in step.summary.read_text()


def test_a_commit_far_from_its_history_is_a_regression_and_counted(step):
    def store(number, nanoseconds):
        path = step.folder / "criterion.json"
        path.write_text("".join(
            json.dumps(store_helpers.criterion_message(name, [value + number % 3 for _ in range(10)])) + "\n"
            for name, value in (("steady", 100.0), ("slower", nanoseconds))))
        step("publish criterion", target=str(path), dut_version=f"1.0.0+{number:07x}", testbed_name="bed",
             commit=f"{number:040x}", dut_timestamp=str(1_700_000_000 + 60 * number))

    for number in range(1, 13):
        store(number, 100.0)
    step("changes")
    assert (step.outputs()["verdict"], step.outputs()["regressions"]) == ("ok", "0")
    store(13, 200.0)
    step("compare", code=2, history="true")
    assert (step.outputs()["verdict"], step.outputs()["regressions"]) == ("regression", "1")
    assert "slower" in step.summary.read_text()


BENCHES = """use criterion::Criterion;
fn benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("words");
    group.bench_function("split", |b| b.iter(f));
    c.bench_function("odd, name: 100%", f);
}
"""
SUITE = """import pytest


class TestWords:
    @pytest.mark.parametrize("n", [1])
    def test_count(self, benchmark, n):
        pass
"""


def store_levels(step, names, first, level):
    """Twelve commits of one level."""
    for number in range(first, first + 12):
        path = step.folder / "criterion.json"
        path.write_text("".join(json.dumps(store_helpers.criterion_message(name, [level + number % 3] * 10)) + "\n"
                                for name in names))
        step("publish criterion", target=str(path), dut_version=f"1.0.0+{number:07x}", testbed_name="bed",
             commit=f"{number:040x}", dut_timestamp=str(1_700_000_000 + 60 * number))


def test_a_regression_is_shown_on_the_line_of_its_benchmark(step):
    names = {"words/split": "rust/benches/a,b.rs:4", "odd, name: 100%": "rust/benches/a,b.rs:5",
             "suite/test_words.py::TestWords::test_count[1]": "python/suite/test_words.py:6", "made at run time": None}
    store_levels(step, names, 1, 100.0)
    store_levels(step, names, 13, 200.0)
    (step.workspace / "rust" / "benches").mkdir(parents=True)
    (step.workspace / "rust" / "benches" / "a,b.rs").write_text(BENCHES)
    (step.workspace / "python" / "suite").mkdir(parents=True)
    (step.workspace / "python" / "suite" / "test_words.py").write_text(SUITE)
    for command, more, code in (("changes", {}, 0), ("changes", {"fail_on": "regression"}, 2),
                                ("compare", {"history": "true", "target": f"{13:040x}"}, 2),
                                ("report", {"target": f"{13:040x}"}, 0)):
        done = step(command, code=code, **more)
        assert step.outputs()["regressions"] == "4" and step.outputs()["verdict"] == "regression"
        found = {}
        for line in commands_outside(done.stdout):
            if line.startswith("::warning "):
                place, message = re.fullmatch(r"::warning (.*?)title=Benchmark regression::(.*)", line).groups()
                name = message.split(" is worse")[0].replace("%25", "%")
                assert "on bed: +9" in message
                found[name] = place
        wanted = {name: "" if not place else "file=%s,line=%s," % tuple(
            place.replace(",", "%2C").rsplit(":", 1)) for name, place in names.items()}
        assert found == wanted, command


def test_of_very_many_regressions_the_last_annotation_counts_the_rest(step):
    names = [f"b{number}" for number in range(14)]
    store_levels(step, names, 1, 100.0)
    store_levels(step, names, 13, 200.0)
    warnings = [line for line in commands_outside(step("changes").stdout) if line.startswith("::warning ")]
    assert len(warnings) == 10 and "::5 more benchmarks are worse" in warnings[-1]


def test_a_report_is_the_summary_and_leaves_what_was_asked_for(step):
    step("report", code=3)
    assert step.outputs()["verdict"] == "no-data"
    store_levels(step, ["::error::forged", "b"], 1, 100.0)
    temp = step.folder / "temp"
    temp.mkdir()
    done = step("report", env={"RUNNER_TEMP": str(temp)}, site=str(step.folder / "site"), html=str(step.folder / "a.html"))
    outputs = step.outputs()
    assert (outputs["verdict"], outputs["regressions"], outputs["exit-code"]) == ("ok", "0", "0")
    assert json.loads((step.workspace / outputs["results"]).read_text())["verdict"] == "same"
    report = (step.workspace / outputs["report"]).read_text()
    assert report.strip() == step.summary.read_text().strip() and "lance-bench report" in report
    assert (step.folder / "site" / "index.html").is_file() and (step.folder / "a.html").is_file()
    assert not list(temp.iterdir()), "nothing of ours stays"
    assert commands_outside(done.stdout) == ["::group::lance-bench report", "::endgroup::"]
    step("report", markdown=str(step.folder / "a.md"), json=str(step.folder / "a.json"))
    assert (step.folder / "a.md").read_text() in step.summary.read_text()
    assert step.outputs()["results"] == "" and json.loads((step.folder / "a.json").read_text())["verdict"] == "same"


def test_two_commits_without_a_benchmark_in_common_are_not_comparable(step):
    publish(step, ["a"])
    step("publish criterion", target=str(harness_file(step, ["b"])), dut_version="1.2.3+1234567",
         dut_timestamp="1700000000", testbed_name="bed")
    step("compare", code=5, target="abcdef0\n1234567")
    assert step.outputs()["verdict"] == "not-comparable"


@pytest.mark.parametrize("name", [
    "::error::forged", "a\n::set-output name=verdict::ok", "##[error]forged", "::add-mask::a", "%0A::warning::forged",
    "</td>\n\n# Big <script>alert(1)</script>", "\u202e::notice::x", "$(id)`id`; id", "'\"\\",
])
def test_the_name_of_a_benchmark_is_only_text(step, name):
    done = publish(step, [name])
    done = step("results")
    assert commands_outside(done.stdout) == ["::group::lance-bench results", "::endgroup::"]
    assert set(step.outputs()) == {"verdict", "regressions", "results", "report", "exit-code"}
    assert step.outputs()["verdict"] == ""
    for sign in ("\n::", "<script", "\n# Big"):
        assert sign not in step.summary.read_text()


@pytest.mark.parametrize("value", [
    "a'b\"c $(touch owned) `touch owned`; touch owned", "--db=/etc", "%0A::error::forged", "::error::forged",
    "##[error]forged", "\u202eab",
])
def test_an_input_is_only_data(step, value):
    done = step("results", code=3, benchmark=value)
    assert not list(step.folder.rglob("owned"))
    assert all(line.startswith(("::group::", "::endgroup::", "::error title=lance-bench results::"))
               for line in commands_outside(done.stdout))
    listed = json.loads(step("results", words=["--dry-run", "--format", "json"], benchmark=value).stdout)
    assert [row["argument"] for row in listed][-1] == f"--benchmark={value}"


def test_what_is_wrong_with_the_inputs_is_an_annotation_and_no_plain_line(step):
    for command, inputs, reason in (
            ("", {}, "'command' is missing"), ("::error::x\n::add-path::/tmp", {}, "no command"),
            ("run", {"benchmrk": "x"}, "no option of 'run'"), ("run", {"rev": "a\n::set-env::b"}, "one line"),
            ("results", {"results": "../../escape"}, "inside the workspace")):
        done = step(command, code=129, **inputs)
        [line] = done.stdout.splitlines()
        assert line.startswith("::error title=lance-bench action::") and reason in line
        assert done.stderr == "" and step.output.read_text() == ""


def test_a_link_in_the_workspace_is_not_followed(step):
    publish(step, ["a"])
    outside = step.folder / "outside"
    outside.mkdir()
    folder = step.workspace / "lance-bench-results"
    for path in folder.iterdir():
        path.unlink()
    (folder / "results.json").symlink_to(outside / "file")
    step("results")
    assert not (outside / "file").exists() and not (folder / "results.json").is_symlink()
    (folder / "results.json").unlink()
    (folder / "results.md").unlink()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.symlink_to(outside)
    done = step("results", code=1)
    assert "cannot write lance-bench-results/results.md" in done.stdout and not list(outside.iterdir())


def test_files_belong_to_whom_the_workspace_belongs(step):
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(step.workspace, 1234, 1235)
    publish(step, ["a"])
    for path in step.workspace.rglob("*"):
        assert (path.stat().st_uid, path.stat().st_gid) == (1234, 1235), path


def test_outside_of_a_workflow_it_prints_no_commands(step):
    publish(step, ["a"])
    done = step("results", env={"GITHUB_ACTIONS": ""})
    assert "::" not in done.stdout and "abcdef0" in done.stdout
    done = step("results", code=129, env={"GITHUB_ACTIONS": "", "INPUT_BENCHMRK": "x"})
    assert done.stdout == "" and done.stderr.startswith("error: the input 'benchmrk'")


def test_a_token_in_the_environment_of_the_step_shows_nowhere(step):
    secret = "ghs_0123456789abcdefghijABCDEFGHIJ012345"
    publish(step, ["a"])
    done = step("results", verbose="true", env={"GITHUB_TOKEN": secret})
    assert secret not in done.stdout + done.stderr + step.output.read_text() + step.summary.read_text()


def test_a_signal_reaches_the_command_and_its_result_is_told(step, tmp_path):
    """A cancelled job: the command ends as it does by itself, and leaves no process behind."""
    fifo = tmp_path / "never.json"
    os.mkfifo(fifo)
    process = subprocess.Popen(
        [step.agent, "action"], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path,
        env={**step.env, "INPUT_COMMAND": "publish criterion", "INPUT_TARGET": str(fifo),
             "INPUT_DUT-VERSION": "1", "INPUT_DUT-TIMESTAMP": "1"})
    try:
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        for _ in range(100):
            if children.read_text().strip():
                break
            time.sleep(0.05)
        child = int(children.read_text())
        # An argument list would show in /proc; there is none but the step's own.
        assert pathlib.Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[1] == b"action"
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert process.returncode != 0
        for _ in range(100):
            if not pathlib.Path(f"/proc/{child}").exists():
                break
            time.sleep(0.05)
        assert not pathlib.Path(f"/proc/{child}").exists()
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def load(path):
    """YAML as the linters' Python reads it."""
    tool("check-jsonschema")
    script = ("import json, sys, ruamel.yaml\n"
              "print(json.dumps(ruamel.yaml.YAML(typ='safe', pure=True).load(open(sys.argv[1])), default=str))")
    done = subprocess.run([TOOLS / "venv-lint" / "bin" / "python", "-c", script, path], text=True,
                          capture_output=True, check=True)
    return json.loads(done.stdout)


def arguments(agent, env):
    done = subprocess.run([agent, "action", "--dry-run", "--format", "json"], text=True, capture_output=True,
                          check=False, env={"PATH": os.environ["PATH"], **env})
    assert done.returncode == 0, done.stderr
    return [row["argument"] for row in json.loads(done.stdout)]


COMMANDS = {"publish": ["publish auto", "publish criterion", "publish pytest"],
            "comment": ["bot comment", "bot progress", "bot finish"]}
# What an action has for some of its commands only.
ONLY = {"LB_ARTIFACT": "publish", "LB_CHECK_RUN": "publish", "LB_EXPECT_COMMIT": "publish", "LB_DUT_VERSION": "publish auto",
        "LB_TESTBED_NAME": "bot finish", "LB_DUT_NAME": "bot finish", "LB_NO_DISPATCH": "bot comment",
        "LB_RUN_ID": "bot finish"}


@pytest.mark.parametrize("name", [name for name in ACTIONS if name != "setup"])
def test_every_input_of_a_composite_is_an_option_of_its_command(agent, name):
    action = load(ROOT / "actions" / name / "action.yml")
    [run] = action["runs"]["steps"]
    assert run["run"] == "lance-bench action" and run["shell"] == "bash"
    known = subprocess.run([agent, "help", "--readme"], text=True, capture_output=True, check=True).stdout
    for command in COMMANDS.get(name, [name]):
        assert f"| `{command}` |" in known, f"there is no command '{command}'"
        help_text = subprocess.run([agent, "help", *command.split()], text=True, capture_output=True, check=True).stdout
        for variable, value in run["env"].items():
            used = re.findall(r"inputs\.([\w-]+)", value)
            assert all(one in action["inputs"] for one in used)
            if not variable.startswith("LB_") or variable in ("LB_COMMAND", "LB_TARGET", "LB_ARGUMENTS"):
                continue
            option = variable.removeprefix("LB_").lower().replace("_", "-")
            if not re.search(rf"^  --{option}( |$)", help_text, re.MULTILINE):
                assert variable in ONLY, f"'{command}' has no --{option}"
                help_of = subprocess.run([agent, "help", *ONLY[variable].split()], text=True, capture_output=True,
                                         check=True).stdout
                assert re.search(rf"^  --{option}( |$)", help_of, re.MULTILINE), f"no command has --{option}"
    handed_on = "\n".join(run["env"].values())
    for one in action["inputs"]:
        assert f"inputs.{one}" in handed_on, f"the input {one} goes nowhere"


def test_every_input_of_the_container_action_is_an_option_of_a_command(agent):
    action = load(ROOT / "action.yml")
    assert action["runs"]["image"].startswith("docker://") and action["runs"]["args"] == ["action"]
    words = ["run", "publish criterion", "schedule", "backfill", "compare", "report", "results"]
    text = "".join(subprocess.run([agent, "help", *word.split()], text=True, capture_output=True, check=True).stdout
                   for word in words)
    for one in set(action["inputs"]) - {"command", "target", "arguments", "results"}:
        assert re.search(rf"^  --{one}( |$)", text, re.MULTILINE), one


@pytest.mark.parametrize("path", sorted((ROOT / "workflows").glob("*.yml")), ids=lambda path: path.name)
def test_every_step_of_a_workflow_gives_inputs_that_its_action_has(agent, path):
    for job in load(path)["jobs"].values():
        for used in job.get("steps", []):
            found = re.fullmatch(r"lancedb/lance-bench/actions/(\w+)@v1", used.get("uses", ""))
            if found:
                inputs = load(ROOT / "actions" / found[1] / "action.yml")["inputs"]
                assert set(used.get("with", {})) <= set(inputs), found[1]
                needed = {name for name, row in inputs.items() if row.get("required")}
                assert needed <= set(used.get("with", {})), found[1]
            elif "LB_COMMAND" in used.get("env", {}):
                env = {name: value for name, value in used["env"].items() if name.startswith("LB_")}
                assert arguments(agent, env)[1] == env["LB_COMMAND"].split()[0]


def test_the_daily_analysis_takes_the_label_of_merged_pull_requests(step):
    steps = {row.get("name"): row.get("env", {}) for row in load(
        ROOT / "workflows" / "analyze-results.yml")["jobs"]["analyze"]["steps"]}
    update, changes = steps["Update the alerts"], steps["Changes"]
    assert list(steps).index("Update the alerts") < list(steps).index("Changes"), "what is announced is noted first"
    store_levels(step, ["b"], 1, 100.0)
    store_levels(step, ["b"], 13, 200.0)
    with GitHubServer("owner/lance") as server:
        server.repo.add_pull(5, head_sha="1" * 40, state="closed", merged_as=f"{13:040x}", labels=["perf: expected"])
        env = {"LB_COMMAND": update["LB_COMMAND"], "LB_PROJECT": "lance", **server.env()}
        step("alerts update", env=env | {name: "owner/lance" for name in update if name == "LB_GITHUB"})
        step("changes", env={"LB_COMMAND": "changes", "LB_FAIL_ON": changes["LB_FAIL_ON"]})
    assert step.outputs()["regressions"] == "0"


def test_who_ignores_the_end_of_its_children_gets_the_exit_code_all_the_same(step):
    """Ignored signals are inherited: a step that failed would end with 0."""
    done = subprocess.run([step.agent, "action"], capture_output=True, text=True, check=False, cwd=step.folder,
                          env={**step.env, "INPUT_COMMAND": "results"},
                          preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    assert done.returncode == 3 and step.outputs()["exit-code"] == "3"
