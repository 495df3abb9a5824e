"""`compare --measure`: two commits built and measured side by side; with Criterion in test_clock.py. Here it is a
program whose figures are made up from the files of its commit, so that the truth is known and no noise of this machine
comes in.
"""

import json
import os
import re
import signal
import time

import pytest

from run_helpers import Machine, git, processes_with

# Prints a figure for each line "NAME MEASURE LEVEL NOISE" of the file `levels`; NOISE is a standard deviation in per
# cent. The noise of a process follows from how many ran before it, so that a comparison can be repeated.
PROGRAM = r"""
count=$(cat "$HOME/count" 2>/dev/null || echo 0)
echo $((count + 1)) > "$HOME/count"
[ ! -e sleep ] || sleep "$(cat sleep)"
awk -v count="$count" -v salt="$(cat salt 2>/dev/null)" -v padding="${#LANCE_BENCH_PADDING}" '
BEGIN { srand(1000 * count + salt); for (i = 0; i < 10; i++) rand(); printf "{" }
{
    noise = -6
    for (i = 0; i < 12; i++) noise += rand()
    level = $3 == "padding" ? 1000 + padding : $3
    printf "%s\"%s\": {\"%s\": {\"value\": %.9f}}", (NR > 1 ? ", " : ""), $1, $2, level * exp($4 / 100 * noise)
}
END { print "}" }' levels
"""
FAST = "-- --retakes 0 --min-free 0 --testbed-name bed".split()


def write(repo, levels, salt=0, **files):
    (repo / "levels").write_text("".join(f"{line}\n" for line in levels))
    (repo / "salt").write_text(str(salt))
    for name, text in files.items():
        (repo / name).write_text(text)


def commit(repo, levels, config=None, **more):
    command = {"name": "made-up", "run": ["sh", "program.sh"], "format": "bmf"}
    write(repo, levels, **more)
    (repo / "lance-bench.json").write_text(json.dumps({"commands": [{**command, **(config or {}).pop("command", {})}],
                                                       **(config or {})}))
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--allow-empty", "-m", "a commit")
    return git(repo, "rev-parse", "HEAD")


@pytest.fixture
def repo(tmp_path):
    repo = tmp_path / "repo"
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main", ".")
    (repo / "program.sh").write_text(PROGRAM)
    return repo


@pytest.fixture(scope="module")
def quick(agent, tmp_path_factory):
    machine = Machine(agent, tmp_path_factory.mktemp("quick"))
    yield machine
    machine.remove()


def compare(machine, repo, base, head, *arguments, run=FAST, **options):
    """The finished process, what it printed, and its rows by name."""
    done = machine("--format", "json", "compare", base, head, "--measure", "--repo", repo, "--seed", 7, *arguments,
                   *run, **options)
    printed = json.loads(done.stdout) if done.stdout.strip() else None
    return done, printed, {row["benchmark"]: row for row in printed["benchmarks"]} if printed else None


def test_what_changed_is_found_and_confirmed(quick, repo):
    base = commit(repo, ["slower latency 1000 1", "faster latency 500 1", "equal latency 200 1", "old latency 5 1",
                         "rate throughput 5000 1", "wild latency 100 60"])
    head = commit(repo, ["slower latency 1050 1", "faster latency 450 1", "equal latency 200 1", "new latency 5 1",
                         "rate throughput 4500 1", "wild latency 100 60"], salt=500)
    done, printed, rows = compare(quick, repo, base, head)
    assert done.returncode == 2, done.stderr
    assert printed["base"] == base and printed["head"] == head and printed["verdict"] == "worse"
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "slower": "worse", "faster": "better", "equal": "same", "rate#throughput": "worse", "wild": "unsure"}
    assert printed["only_base"] == ["old"] and printed["only_head"] == ["new"]
    assert printed["fresh_session"] and printed["alpha"] == 0.01 and printed["seed"] == 7
    slower = rows["slower"]
    assert slower["change_low"] < 0.05 < slower["change_high"] and abs(slower["change"] - 0.05) < 0.015
    assert 6 <= slower["found_after"] < slower["pairs"] <= 20
    assert slower["pairs"] == len(slower["log_ratios"])
    assert set(slower["notes"]) <= {"others disturbed some of its pairs"}
    assert 0.007 < slower["noise"] < 0.03 and slower["units"] == "nanoseconds"
    assert rows["rate#throughput"]["higher_is_better"] and rows["rate#throughput"]["change"] < 0
    assert rows["equal"]["found_after"] == 0
    assert rows["wild"]["pairs"] == 40 and rows["wild"]["pairs_needed"] > 40
    assert re.search(r"cannot tell: --max-pairs \d+ would show a change of 5 %", rows["wild"]["notes"][0])


def test_a_comparison_can_be_repeated(quick, repo):
    base = commit(repo, ["layout latency 1000 1"])
    head = commit(repo, ["layout latency padding 1"], salt=500)
    ratios = [compare(quick, repo, base, head, "--seed", seed)[2]["layout"]["log_ratios"] for seed in (7, 7, 8)]
    assert ratios[0] == ratios[1] != ratios[2]


def test_a_commit_is_the_same_as_itself(quick, repo):
    base = commit(repo, ["one latency 200 0", "two latency 300 0"])
    done, printed, rows = compare(quick, repo, base, base)
    assert done.returncode == 0 and printed["verdict"] == "same"
    assert not printed["fresh_session"]
    assert all(row["change"] == 0 and row["pairs"] == 16 for row in rows.values())


def test_both_processes_of_a_pair_find_the_same_environment(quick, repo):
    """The figure is the size of the environment's padding: it varies, and both sides of each pair have the same."""
    base = commit(repo, ["layout latency padding 0"])
    _, _, rows = compare(quick, repo, base, base)
    assert set(rows["layout"]["log_ratios"]) == {0}
    assert 1000 < rows["layout"]["base"] < 1000 + 4096


def test_people_read_a_table(quick, repo):
    base = commit(repo, ["slower latency 1000 1"])
    head = commit(repo, ["slower latency 1100 1"], salt=500)
    text = quick("compare", base, head, "--measure", "--repo", repo, "--seed", 7, *FAST)
    assert text.returncode == 2, text.stderr
    assert re.search(r"^slower +worse +1\.\d+ µs +1\.\d+ µs +\+\d.* % \(\+\d.* to \+\d.*\)", text.stdout, re.M)
    assert text.stdout.splitlines()[-1] == (f"{head[:12]} against {base[:12]}: worse. 1 worse, 0 better, 0 same, 0 "
                                            "unsure, of 1; any of them by chance: at most 1 %")
    markdown = quick("--format", "markdown", "compare", base, head, "--measure", "--repo", repo, "--seed", 7, *FAST)
    assert markdown.stdout.startswith("| benchmark |")


def test_the_budget_ends_it_without_a_guess(quick, repo):
    base = commit(repo, ["slower latency 1000 1"])
    head = commit(repo, ["slower latency 2000 1"], salt=500)
    done, printed, rows = compare(quick, repo, base, head, "--budget", "0.01")
    assert done.returncode == 0 and printed["budget_ended"]
    assert rows["slower"]["verdict"] == "unsure" and "the budget ended" in rows["slower"]["notes"][0]
    assert compare(quick, repo, base, head, "--budget", "0.01", "--fail-on", "unsure")[0].returncode == 2


def test_thresholds_are_those_of_the_base(quick, repo):
    rules = {"verdicts": {"rules": [{"benchmark": "slight*", "minimum_effect": "10%"},
                                    {"benchmark": "ignored", "ignore": True}]}}
    levels = ["slight latency 1000 .5", "ignored latency 1000 .5", "large latency 1000 .5"]
    base = commit(repo, levels, rules)
    generous = {"verdicts": {"rules": [{"benchmark": "*", "ignore": True}]}}
    head = commit(repo, [line.replace("1000", "1050") for line in levels], generous, salt=500)
    done, printed, rows = compare(quick, repo, base, head)
    assert done.returncode == 2 and printed["ignored"] == 1
    assert {name: row["verdict"] for name, row in rows.items()} == {"slight": "same", "large": "worse"}


def test_a_broken_file_of_the_base_is_named_with_its_commit(quick, repo):
    (repo / "lance-bench.json").write_text("{broken")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "not JSON")
    base, head = git(repo, "rev-parse", "HEAD"), commit(repo, ["one latency 200 1"])
    done, _, _ = compare(quick, repo, base, head)
    assert done.returncode == 129
    assert done.stderr.splitlines()[-1] == f"error: base {base[:12]}: lance-bench.json is not JSON: line 1"


def test_rules_for_a_machine_go_by_its_name(quick, repo):
    rules = {"verdicts": {"rules": [{"test_bed": "be?", "ignore": True, "benchmark": "one"}]}}
    base = commit(repo, ["one latency 200 0", "two latency 200 0"], rules)
    _, printed, rows = compare(quick, repo, base, base)
    assert printed["ignored"] == 1 and list(rows) == ["two"]
    _, printed, rows = compare(quick, repo, base, base, run=[*FAST[:-1], "other"])
    assert printed["ignored"] == 0 and len(rows) == 2


def test_a_stranger_is_measured_in_the_whole_sandbox(quick, repo):
    """What is built there is seen within the sandbox alone, and is run all the same."""
    build = ["sh", "-c", "cat salt > built"]
    made = {"command": {"build": build, "run": ["sh", "-c", "cmp salt built && sh program.sh"]}}
    base = commit(repo, ["one latency 200 1"], json.loads(json.dumps(made)))
    head = commit(repo, ["one latency 220 1"], json.loads(json.dumps(made)), salt=500)
    done, _, rows = compare(quick, repo, base, head, "--pull-request")
    if "cannot hold it" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 2, done.stderr
    assert rows["one"]["verdict"] == "worse"


def test_what_is_run_is_what_the_head_says(quick, repo):
    base = commit(repo, ["one latency 200 1"])
    (repo / "other.sh").write_text(PROGRAM)
    git(repo, "add", "-A")
    base = commit(repo, ["one latency 200 1"])
    head = commit(repo, ["one latency 200 1"], {"command": {"run": ["sh", "other.sh"]}}, salt=500)
    done, printed, _ = compare(quick, repo, base, head)
    assert done.returncode == 0 and printed["processes"] > 32


def test_a_build_that_fails_is_no_regression(quick, repo):
    base = commit(repo, ["one latency 200 1"], {"command": {"build": ["test", "!", "-e", "broken"]}})
    head = commit(repo, ["one latency 200 1"], {"command": {"build": ["test", "!", "-e", "broken"]}}, broken="")
    done, printed, _ = compare(quick, repo, base, head)
    assert done.returncode == 4 and printed is None
    assert f"head {head}" in done.stderr and "build-made-up" in done.stderr


def test_a_benchmark_that_fails_names_its_side(quick, repo):
    base = commit(repo, ["one latency 200 1"], {"command": {"run": ["sh", "-c", "test ! -e bad && sh program.sh"]}},
                  bad="")
    (repo / "bad").unlink()
    head = commit(repo, ["one latency 200 1"], {"command": {"run": ["sh", "-c", "test ! -e bad && sh program.sh"]}})
    done, _, _ = compare(quick, repo, base, head)
    assert done.returncode == 4 and f"base {base[:12]}: made-up" in done.stderr


def test_without_a_benchmark_in_common_there_is_nothing_to_compare(quick, repo):
    base = commit(repo, ["one latency 200 1"])
    head = commit(repo, ["two latency 200 1"])
    done, _, _ = compare(quick, repo, base, head)
    assert done.returncode == 5 and "no benchmark in common" in done.stderr
    assert compare(quick, repo, base, base, "--benchmark", "nothing")[0].returncode == 5


def test_a_value_of_zero_has_no_ratio(quick, repo):
    base = commit(repo, ["zero latency 0 0", "one latency 200 0"])
    head = commit(repo, ["zero latency 5 0", "one latency 200 0"])
    done, _, rows = compare(quick, repo, base, head)
    assert done.returncode == 0
    assert rows["zero"]["verdict"] == "not comparable" and "ratio" in rows["zero"]["notes"][0]
    assert rows["one"]["verdict"] == "same"
    assert compare(quick, repo, base, head, "--benchmark", "zero")[0].returncode == 5


@pytest.mark.parametrize("arguments, message", [
    (["a", "--measure"], "two commits"),
    (["a", "--measure", "--", "--min-free", "0"], "two commits"),
    (["a", "b", "--measure", "--max-pairs", "4"], "--max-pairs"),
    (["a", "b", "--measure", "--alpha", "2"], "--alpha"),
    (["a", "b", "--measure", "--history"], "exclude"),
    (["a", "b", "--measure", "--", "--rev", "x"], "--rev"),
    (["a", "b", "--measure", "--fail-on", "same"], "--fail-on"),
    (["a", "b", "c"], "two commits"),
])
def test_wrong_usage(quick, arguments, message):
    done = quick("compare", *arguments)
    assert done.returncode == 129 and message in done.stderr


def test_an_unknown_commit_is_not_found(quick, repo):
    base = commit(repo, ["one latency 200 1"])
    done, _, _ = compare(quick, repo, base, "0" * 40)
    assert done.returncode == 1 and "head " + "0" * 40 in done.stderr


def test_ctrl_c_leaves_nothing_behind(quick, repo):
    base = commit(repo, ["one latency 200 1"], sleep="0.2731")
    going = quick.start("compare", base, base, "--measure", "--repo", repo, *FAST)
    try:
        until = time.monotonic() + 60
        while not processes_with("sleep 0.2731") and time.monotonic() < until:
            time.sleep(0.05)
        assert processes_with("sleep 0.2731")
        going.send_signal(signal.SIGINT)
        out, err = going.communicate(timeout=60)
    finally:
        going.kill()
        going.wait()
    assert going.returncode == 130 and out == "", err
    assert not processes_with("sleep 0.2731")
    jobs = quick.cache / "lance-bench" / "jobs"
    assert not [name for name in os.listdir(jobs) if (jobs / name / "out").exists()]
