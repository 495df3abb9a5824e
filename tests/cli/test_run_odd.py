"""`run` on commits that do not build, and on benches that crash, hang, flood, fill the disk and spy."""

import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import time

import pytest

from poll_helpers import make_quick
from run_helpers import ODD, error_of, git, processes_with

ROOT_USER = os.geteuid() == 0


@pytest.fixture(scope="module")
def odd(machine, sample):
    """Runs one bench of the branch `odd`."""

    def run(bench, *arguments, **options):
        return machine.run(sample, "--rev", "odd", "--bench", bench, *arguments, **options)

    return run


def stored(machine, said):
    done = machine("query", "--format", "json", f"select benchmark_name from results where metadata like '%{said['run']}%'")
    if done.returncode and "not found" in done.stderr:
        return []  # nothing was ever stored
    return json.loads(done.stdout)


def test_a_commit_that_does_not_build_says_where(machine, sample):
    done, said = machine.run(sample, "--rev", "broken", "--bench", "text")
    assert done.returncode == 4
    assert "building wordbag" in error_of(done) and "missing_name" in error_of(done)
    log = error_of(done).rsplit(": ", 1)[1]
    assert "src/lib.rs:1" in pathlib.Path(log).read_text()
    assert said["outcome"] == "failed"
    assert machine.query(f"select outcome, result_count from runs where run = '{said['run']}'") == [
        {"outcome": "failed", "result_count": 0}
    ]


def test_a_bench_that_crashes(machine, odd):
    done, said = odd("crash")
    assert done.returncode == 4
    assert "was killed by signal 6 (Aborted): error: about to abort" in error_of(done)
    assert said["outcome"] == "failed" and not said["parts"][0]["stored"]
    assert stored(machine, said) == []


def test_the_others_are_kept_with_keep_going(machine, sample):
    done, said = machine.run(sample, "--rev", "odd", "--bench", "crash", "--bench", "text", "--keep-going")
    assert done.returncode == 4
    assert {part["name"]: part["stored"] for part in said["parts"]} == {"wordbag/crash": False, "wordbag/text": True}
    assert said["outcome"] == "partial"
    outcomes = machine.query(f"select harness, outcome, result_count from runs where run = '{said['run']}' order by harness")
    assert outcomes == [
        {"harness": "criterion", "outcome": "complete", "result_count": 2},
        {"harness": "run", "outcome": "partial", "result_count": 2},
    ]


def test_a_bench_that_hangs_is_stopped_with_all_it_started(machine, odd):
    done, said = odd("hang", "--timeout", "3s")
    assert done.returncode == 4
    assert "ran longer than the limit of 3.0s (--timeout)" in error_of(done)
    assert processes_with("sleep 86411") == []
    assert said["outcome"] == "failed"


def test_a_bench_that_measures_nothing(odd):
    done, _ = odd("silent")
    assert done.returncode == 4
    assert "ended well and measured nothing" in error_of(done)


def test_names_that_criterion_shortens_or_numbers_are_not_missing(machine, odd):
    done, said = odd("titles", "--bench", "titles")
    assert done.returncode == 0, done.stderr
    assert [part["results"] for part in said["parts"]] == [4]
    rows = machine.query(f"select outcome, reason, result_count from runs where run = '{said['run']}' and harness = 'criterion'")
    assert rows == [{"outcome": "complete", "reason": None, "result_count": 4}]


def test_a_bench_that_leaves_less_than_it_lists_is_partial(machine, odd):
    done, said = odd("lost")
    assert done.returncode == 4
    assert "1 of its 2 benchmarks left no result" in error_of(done)
    assert said["outcome"] == "partial" and said["parts"][0]["stored"]
    outcomes = machine.query(f"select outcome, result_count from runs where run = '{said['run']}'")
    assert outcomes == [{"outcome": "partial", "result_count": 1}] * 2


def test_a_bench_that_prints_for_ever(machine, odd):
    done, _ = odd("flood", "--output-limit", "5M")
    assert done.returncode == 4
    assert "printed more than the limit of 5242880 bytes" in error_of(done)
    job = max((machine.cache / "lance-bench" / "jobs").iterdir())
    assert sum(log.stat().st_size for log in (job / "logs").glob("??-wordbag-flood.*")) == 5 << 20


def test_a_bench_without_criterion_is_named_and_left_out(machine, sample):
    done, said = machine.run(sample, "--rev", "odd", "--bench", "plain", "--bench", "text")
    assert done.returncode == 0, done.stderr
    assert said["skipped"] == ["wordbag/plain: made neither with Criterion nor with #[bench]"]
    assert [part["name"] for part in said["parts"]] == ["wordbag/text"]


@pytest.fixture
def small_disk(machine):
    """The folder of jobs on a disk of 100 MB: nobody else's disk is filled by these tests."""
    if not ROOT_USER:
        pytest.skip("only root can mount a small disk")
    jobs = machine.cache / "lance-bench" / "jobs"
    jobs.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", jobs], check=True)
    yield jobs
    subprocess.run(["umount", jobs], check=True)


def test_a_bench_that_fills_the_disk_is_an_error_of_its_own(machine, odd, small_disk):
    done, said = odd("full", "--min-free", "1M")
    assert done.returncode == 4
    # It finds the disk full, or is stopped a moment before.
    assert "No space left on device" in error_of(done) or "of the disk free (--min-free)" in error_of(done)
    assert said["outcome"] == "failed"
    assert stored(machine, said) == []
    # What it wrote is gone, the log is there.
    used = sum(path.stat().st_size for path in small_disk.rglob("*") if path.is_file())
    assert 0 < used < 4 << 20


def test_a_bench_that_leaves_too_little_of_the_disk_is_stopped(odd, small_disk):
    done, _ = odd("fill_slowly", "--min-free", "60M")
    assert done.returncode == 4
    assert "of the disk free (--min-free)" in error_of(done)


@pytest.mark.skipif(not ROOT_USER, reason="only for root can another user's file be secret")
def test_a_link_among_the_results_is_not_followed(machine, odd):
    done, said = odd("link")
    assert done.returncode == 4
    assert "is neither a file nor a folder" in error_of(done)
    assert not said["parts"][0]["stored"]


@pytest.fixture(scope="module")
def secrets(machine):
    """Files that every developer's machine has, and a server that listens on the loopback."""
    for name in (".ssh/id_ed25519", ".aws/credentials", ".config/gh/hosts.yml", ".cargo/credentials.toml"):
        path = machine.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def spy_report(machine, odd, tmp_path, port, *arguments):
    config = tmp_path / "bench.json"
    paths = [*machine.home.glob(".*/*"), machine.home, machine.db, "/etc/shadow", machine.cache / "lance-bench" / "jobs"]
    joined = ":".join(map(str, paths))
    config.write_text(
        '{"rust": {}, "env": {"SPY_PATHS": "%s", "SPY_ADDRESS": "127.0.0.1:%d", "HANDED_ON": null}}' % (joined, port)
    )
    env = {
        "GITHUB_TOKEN": "hidden-1",
        "AWS_SECRET_ACCESS_KEY": "hidden-2",
        "LANCE_BENCH_GIT_TOKEN": "hidden-3",
        "SOMETHING_ELSE": "hidden-4",
        "HANDED_ON": "seen",
    }
    done, said = odd("spy", "--config", config, "--keep-files", *arguments, env=env)
    assert done.returncode == 0, done.stderr
    (log,) = pathlib.Path(said["files"]).glob("logs/??-wordbag-spy.out")
    return said, log.read_text()


def test_foreign_code_sees_no_secret(machine, odd, secrets, tmp_path):
    said, report = spy_report(machine, odd, tmp_path, secrets)
    assert "hidden-" not in report
    assert "env HANDED_ON=seen" in report
    if "mount" not in said["sandbox"]:
        pytest.skip(f"this machine allows no mount namespace: {said['sandbox']}")
    for line in report.splitlines():
        if line.startswith("read "):
            assert line.endswith(": no"), line
        if line.startswith("list "):
            assert line.endswith((": no", ": 0", ": 1")), line
    for path in ("/usr/spy", "/etc/spy"):
        assert f"write {path}: no" in report
    for path in ("/tmp/spy", "spy"):
        assert f"write {path}: yes" in report
    assert not pathlib.Path("/tmp/spy").exists()


def test_foreign_code_has_no_network(machine, odd, secrets, tmp_path):
    said, report = spy_report(machine, odd, tmp_path, secrets)
    if "network" not in said["sandbox"]:
        pytest.skip(f"this machine allows no network namespace: {said['sandbox']}")
    assert f"connect 127.0.0.1:{secrets}: no" in report


def test_foreign_code_has_no_privileges_and_knows_its_commit(machine, sample, odd, secrets, tmp_path):
    said, report = spy_report(machine, odd, tmp_path, secrets)
    assert "NoNewPrivs:\t1" in report
    assert "CapEff:\t0000000000000000" in report and "CapBnd:\t0000000000000000" in report
    assert "limit Max core file size        0" in report
    assert f"git {git(sample, 'rev-parse', 'odd')}" in report
    if "pid" in said["sandbox"]:
        processes = [line for line in report.splitlines() if line.startswith("process ")]
        # The first process of the namespace, and the spy itself.
        assert len(processes) == 2 and "unreadable" in processes[0]
    if ROOT_USER:
        assert "Uid:\t0" not in report


def test_a_pull_request_is_stored_apart_and_leaves_no_trace_in_the_caches(machine, sample, odd):
    done, _ = odd("text")
    assert done.returncode == 0, done.stderr
    done, said = machine.run(sample, "--rev", "poison", "--bench", "text", "--pull-request", "--keep-files")
    if "cannot hold it" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    # It did write; the trusted caches have none of it, and were built upon.
    (log,) = pathlib.Path(said["files"]).glob("logs/*-cargo-bench.err")
    assert "poison true" in log.read_text() and "Compiling criterion" not in log.read_text()
    assert list((machine.cache / "lance-bench" / "build").rglob("poison")) == []
    run = said["run"]
    assert machine.query(f"select count(*) as n from results_pr where metadata like '%{run}%'") == [{"n": 2}]
    assert machine.query(f"select count(*) as n from results where metadata like '%{run}%'") == [{"n": 0}]
    clear_jobs(machine)


def wait_for(log_folder, text, process):
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        for log in log_folder.glob("*/logs/*.err"):
            try:
                if text in log.read_text(errors="replace"):
                    return
            except OSError:
                pass
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    raise AssertionError(f"{text!r} does not appear")


def clear_jobs(machine):
    subprocess.run(["rm", "-rf", machine.cache / "lance-bench" / "jobs"], check=True)


def test_ctrl_c_keeps_what_was_measured_and_leaves_no_process(machine, sample):
    clear_jobs(machine)
    process = machine.start("run", sample, "--format", "json", "--testbed-name", "bed", "--rev", "odd",
                            "--bench", "text", "--bench", "hang")
    wait_for(machine.cache / "lance-bench" / "jobs", "hanging now", process)
    process.send_signal(signal.SIGINT)
    said = process.stdout.read()
    process.wait(timeout=60)
    assert process.returncode == 130
    assert processes_with("sleep 86411") == []
    said = json.loads(said)
    assert said["outcome"] == "interrupted"
    assert {part["name"]: part["stored"] for part in said["parts"]} == {"wordbag/text": True, "wordbag/hang": False}
    outcomes = machine.query(f"select harness, outcome from runs where run = '{said['run']}' order by harness")
    assert outcomes == [{"harness": "criterion", "outcome": "complete"}, {"harness": "run", "outcome": "interrupted"}]


COMMON = """
mod common {
    pub fn is_listing() -> bool {
        std::env::args().any(|a| a == "--list")
    }
    pub fn measure(name: &str) {
        // By this name the agent knows Criterion's programs.
        if std::env::var("CRITERION_HOME").is_ok() && is_listing() {
            println!("{name}: benchmark");
        }
    }
}
"""


@pytest.fixture(scope="module")
def hanging(tmp_path_factory):
    """The bench `hang` in a crate without dependencies: without a sandbox everything is compiled once more."""
    text = (ODD / "benches" / "hang.rs").read_text()
    assert text.startswith("mod common;\n")
    return make_quick(tmp_path_factory.mktemp("hanging") / "hanging", bench=text.replace("mod common;\n", COMMON))


@pytest.mark.parametrize("sandbox", ["auto", "off"])
def test_killing_the_agent_leaves_no_process(machine, hanging, sandbox):
    clear_jobs(machine)
    process = machine.start("run", hanging, "--bench", "quick", "--sandbox", sandbox)
    wait_for(machine.cache / "lance-bench" / "jobs", "hanging now", process)
    assert processes_with("sleep 86411")
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 10
    while processes_with("sleep 86411") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_with("sleep 86411") == []


KILLS = 100 if os.environ.get("LANCE_BENCH_LONG") else 6


def test_a_run_that_was_killed_anywhere_leaves_a_whole_database(machine, sample):
    """kill -9 at random points: what is reported as stored is there, nothing is there twice, and the next run works.
    LANCE_BENCH_LONG=1 makes it a hundred kills; LANCE_BENCH_SEED=N repeats those of a failure."""
    arguments = ("run", sample, "--format", "json", "--rev", "odd", "--bench", "text", "--testbed-name", "bed")
    started = time.monotonic()
    process = machine.start(*arguments, "--run", "whole")
    process.communicate()
    assert process.returncode == 0
    duration = time.monotonic() - started
    seed = int(os.environ.get("LANCE_BENCH_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"LANCE_BENCH_SEED={seed}")  # pytest shows it when the test fails
    random.seed(seed)
    reported = 1
    for n in range(KILLS):
        process = machine.start(*arguments, "--run", f"kill-{n}")
        try:
            process.wait(timeout=random.uniform(0, 1.1 * duration))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        reported += process.returncode == 0
        rows = machine.query("select id from results")
        assert len(rows) == len({row["id"] for row in rows})
    done, said = machine.run(sample, "--rev", "odd", "--bench", "text", "--run", "afterwards")
    assert done.returncode == 0 and said["outcome"] == "complete", done.stderr
    runs = machine.query("select run, outcome from runs where harness = 'run' and (run = 'whole' or run like 'kill-%')")
    assert sum(row["outcome"] == "complete" for row in runs) >= reported
    for row in runs:
        found = machine.query(f"select count(*) as n from results where metadata like '%\"{row['run']}\"%'")
        assert found == [{"n": 2}], row
    clear_jobs(machine)


def test_the_agent_sleeps_while_a_benchmark_runs(machine, sample):
    clear_jobs(machine)
    process = machine.start("run", sample, "--rev", "odd", "--bench", "hang")
    try:
        wait_for(machine.cache / "lance-bench" / "jobs", "hanging now", process)
        time.sleep(1)

        def ticks():
            fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            return int(fields[11]) + int(fields[12])

        before = ticks()
        time.sleep(5)
        # One tick is 10 ms: no work at all in five seconds, where a thousandth of a core were 5 ms.
        assert ticks() - before <= 1
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode == 130


def test_a_database_that_is_not_there_is_code_6_and_spools(machine, sample):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
    env = {
        "AWS_ENDPOINT": address,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "y",
        "AWS_REGION": "us-east-1",
        "XDG_STATE_HOME": str(machine.folder / "state"),
    }
    done = machine("--db", "s3://nowhere/db", "run", sample, "--rev", "odd", "--bench", "text",
                   "--testbed-name", "bed", env=env)
    assert done.returncode == 6, done.stderr
    assert "publish --spooled" in done.stderr
