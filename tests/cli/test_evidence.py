"""The circumstances of each measured process, the canary, retakes; `host calibrate`.

The benchmarks here keep to Criterion's files without its crate, so that they compile in seconds."""

import contextlib
import ctypes
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

from run_helpers import Machine, git
from store_helpers import error_line, store  # noqa: F401

BENCH = r"""
use std::{fs, time::{Duration, Instant}};

/// One benchmark that spins, with what Criterion would leave of it: "Criterion.rs ERROR: " is in its messages.
fn main() {
    if std::env::args().any(|a| a == "--list") {
        println!("quick/spin: benchmark");
        return;
    }
    let home = std::env::var("CRITERION_HOME").expect("Criterion.rs ERROR: no CRITERION_HOME");
    let start = Instant::now();
    let (mut times, mut x) = (Vec::new(), 1_u64);
    while start.elapsed() < Duration::from_millis(1200) {
        let sample = Instant::now();
        for _ in 0..1_000_000 {
            x = std::hint::black_box(x.rotate_left(5) ^ 0x9e37_79b9);
        }
        times.push(sample.elapsed().as_nanos() as f64);
    }
    let folder = format!("{home}/quick/spin/new");
    fs::create_dir_all(&folder).unwrap();
    let iters = vec!["1.0"; times.len()].join(",");
    let shown: Vec<String> = times.iter().map(|t| format!("{t:.1}")).collect();
    fs::write(format!("{folder}/sample.json"),
        format!(r#"{{"sampling_mode":"Flat","iters":[{iters}],"times":[{}]}}"#, shown.join(","))).unwrap();
    fs::write(format!("{folder}/benchmark.json"),
        r#"{"group_id":"quick","function_id":"spin","value_str":null,"throughput":null,"full_id":"quick/spin",
            "directory_name":"quick/spin","title":"quick/spin"}"#).unwrap();
    let e = r#"{"confidence_interval":{"confidence_level":0.95,"lower_bound":1.0,"upper_bound":1.0},
                "point_estimate":1.0,"standard_error":0.0}"#;
    fs::write(format!("{folder}/estimates.json"),
        format!(r#"{{"mean":{e},"median":{e},"median_abs_dev":{e},"slope":null,"std_dev":{e}}}"#)).unwrap();
    eprintln!("Benchmarking quick/spin: Analyzing");
}
"""


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    repo = tmp_path_factory.mktemp("quick") / "quick"
    (repo / "src").mkdir(parents=True)
    (repo / "benches").mkdir()
    (repo / "src" / "lib.rs").write_text("")
    (repo / "benches" / "spin.rs").write_text(BENCH)
    (repo / "Cargo.toml").write_text(
        '[package]\nname = "quick"\nversion = "0.1.0"\nedition = "2021"\n\n'
        '[[bench]]\nname = "spin"\nharness = false\n')
    (repo / "Cargo.lock").write_text('version = 3\n\n[[package]]\nname = "quick"\nversion = "0.1.0"\n')
    git(repo, "init", "-q", "-b", "main")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "a quick bench")
    return repo


@pytest.fixture(scope="module")
def bed(agent, tmp_path_factory):
    machine = Machine(agent, tmp_path_factory.mktemp("evidence"))
    yield machine
    machine.remove()


@pytest.fixture(scope="module")
def measured(bed, quick):
    """One run, its row's evidence and its host session."""
    done, said = bed.run(quick, "--run", "one")
    assert done.returncode == 0, done.stderr
    return said, evidence_of(bed, "one"), session_of(bed, said), done.stderr


def evidence_of(bed, run):
    rows = [json.loads(row["metadata"]) for row in bed.query("select metadata from results")]
    found = [row["evidence"] for row in rows if row["run"] == run]
    assert len(found) == 1
    return found[0]


def session_of(bed, said):
    rows = bed.query("select h.* from host_sessions h join runs r on r.host_session = h.id "
                     f"where r.harness = 'run' and r.run = '{said['run']}'")
    assert len(rows) == 1
    return rows[0]


NEIGHBOUR = """
import os, sys
cpus = os.sched_getaffinity(0)
if sys.argv[1] != "all":
    ranges = [piece.partition("-") for piece in sys.argv[1].split(",")]
    cpus = {cpu for first, _, last in ranges for cpu in range(int(first), int(last or first) + 1)}
mine = min(cpus)
for cpu in sorted(cpus - {mine}):
    if not os.fork():
        mine = cpu
        break
os.sched_setaffinity(0, {mine})
print("spinning", flush=True)
while True:
    pass
"""


@contextlib.contextmanager
def neighbour(cpus):
    """A process that wants all of the benchmark's CPUs."""
    process = subprocess.Popen([sys.executable, "-c", NEIGHBOUR, cpus], stdout=subprocess.PIPE, start_new_session=True)
    process.stdout.readline()
    try:
        yield
    finally:
        os.killpg(process.pid, 9)
        process.wait()


def test_a_row_says_under_which_circumstances_it_was_measured(measured):
    said, evidence, _, _ = measured
    assert evidence["cpus"] == said["cpus"]
    assert evidence["attempt"] == 1 and "discarded" not in evidence
    assert 1e9 < evidence["wall_ns"] < 600e9
    assert 0 < evidence["user_ns"] + evidence["system_ns"] <= 1.5 * evidence["wall_ns"]
    assert evidence["peak_bytes"] is None or evidence["peak_bytes"] > 5_000_000
    assert evidence["minor_faults"] > 10 and evidence["major_faults"] >= 0
    assert evidence["voluntary_switches"] >= 0 and evidence["involuntary_switches"] >= 0
    assert set(evidence["flags"]) <= {"throttled", "stolen", "loaded"}
    assert re.fullmatch("[0-9a-f]{64}", evidence["executable_sha256"])


def test_what_the_machine_does_not_count_is_null(measured):
    _, evidence, _, _ = measured
    for name in ("migrations", "instructions", "cycles", "cache_misses", "branch_misses"):
        count = evidence[name]
        assert count is None or isinstance(count, int) or count["value"] >= 0, name
        if name in ("instructions", "cycles"):
            assert count is None or (count if isinstance(count, int) else count["value"]) > 1_000_000
    if not list(pathlib.Path("/sys/devices/system/cpu").glob("cpu*/thermal_throttle")):
        assert evidence["throttles"] is None and evidence["throttled_ms"] is None
    if not list(pathlib.Path("/sys/devices/system/cpu").glob("cpu*/cpufreq")) and evidence["mhz"]:
        assert evidence["mhz"]["source"] == "cpuinfo"
    assert evidence["steal_ns"] is not None and evidence["load_ns"] is not None


@pytest.mark.skipif(os.geteuid() != 0, reason="counting migrations needs root here")
def test_migrations_are_counted(measured):
    assert 0 <= measured[1]["migrations"] < 100_000


def test_the_session_describes_the_machine(measured):
    machine = json.loads(measured[2]["knobs"])["machine"]
    assert machine["kernel_command_line"] == pathlib.Path("/proc/cmdline").read_text().strip()
    assert machine["aslr"] == pathlib.Path("/proc/sys/kernel/randomize_va_space").read_text().strip()
    vulnerabilities = pathlib.Path("/sys/devices/system/cpu/vulnerabilities")
    if vulnerabilities.is_dir():
        assert set(machine["mitigations"]) == {path.name for path in vulnerabilities.iterdir()}
    if not pathlib.Path("/sys/devices/system/cpu/cpufreq").is_dir():
        assert machine["governor"] is None and machine["boost"] is None
    found = re.search(r"^microcode\s*: (\S+)", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    if found:
        assert measured[2]["microcode"] == machine["microcode"] == found[1]


def test_the_canary_is_run_first_and_last_and_says_its_verdict(measured):
    said, evidence, session, log = measured
    counters = json.loads(session["counters"])
    canary = counters["canary"]
    assert said["canary"] == canary["verdict"]
    assert canary["verdict"] in ("trusted", "drifting", "spoiled")
    assert canary["correct"] is True
    assert len(canary["readings"]) == 2
    assert canary["readings"][0]["at_s"] < 1 < canary["readings"][1]["at_s"]
    for reading in canary["readings"]:
        assert all(reading[kind]["median_ns"] > 1000 for kind in ("integer", "memory", "branch"))
    assert f"the canary: {canary['verdict']}" in log
    assert counters["processes"] == {"quick/spin": evidence}


def test_a_neighbour_is_noticed_and_the_process_is_measured_once_more(bed, quick, measured):
    with neighbour(measured[0]["cpus"]):
        done, said = bed.run(quick, "--run", "crowded", retakes=None)
        assert done.returncode == 0, done.stderr
        once, alone = bed.run(quick, "--run", "crowded once")
    evidence = evidence_of(bed, "crowded")
    assert "loaded" in evidence["flags"] and evidence["beyond_limit"]
    assert evidence["attempt"] == 2 and len(evidence["discarded"]) == 1
    assert "loaded" in evidence["discarded"][0]["flags"]
    assert evidence["load_ns"] > 0.05 * evidence["wall_ns"]
    assert said["parts"][0]["attempts"] == 2
    assert "others took" in said["parts"][0]["disturbed"]
    assert "it is measured once more" in done.stderr and "are stored with that flag" in done.stderr
    assert said["parts"][0]["results"] == 1 and said["outcome"] == "complete"
    # The canary had to share its CPU too.
    assert said["canary"] == "spoiled"
    assert once.returncode == 0, once.stderr
    assert alone["parts"][0]["attempts"] == 1
    assert "loaded" in evidence_of(bed, "crowded once")["flags"]


def test_a_spoiled_session_cannot_be_held_against_another(bed, quick, measured):
    """And `results` shows the flags of its rows."""
    git(quick, "checkout", "-q", "-b", "later")
    git(quick, "commit", "-q", "--allow-empty", "-m", "nothing changed")
    git(quick, "checkout", "-q", "main")
    with neighbour(measured[0]["cpus"]):
        done, said = bed.run(quick, "--rev", "later", "--run", "later")
    assert done.returncode == 0, done.stderr
    assert said["canary"] == "spoiled"
    row, = json.loads(bed("results", "--run", "later", "--format", "json").stdout)
    assert "loaded" in row["flags"] and row["canary"] == "spoiled"
    done = bed("compare", measured[0]["commit"], said["commit"], "--format", "json")
    assert done.returncode == 5, done.stderr
    pair, = json.loads(done.stdout)
    assert pair["comparable"] is False and pair["ratio"] > 0
    assert "B was measured in a spoiled session" in pair["notes"]
    assert "B was measured in a spoiled session" in done.stderr or "A was measured" in done.stderr


def test_cpus_that_the_agent_may_not_use_are_none_of_its_business(bed, quick):
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        pytest.skip("needs two CPUs")
    with neighbour(str(cpus[0])):
        # One CPU is nothing to choose from: the benchmark is not pinned.
        done = subprocess.run(["taskset", "-c", str(cpus[-1]), *bed.command("run", "--format", "json", quick, "--run", "apart",
                                                                            "--testbed-name", "bed", "--retakes", "0")],
                              env=bed.env, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    evidence = evidence_of(bed, "apart")
    assert evidence["cpus"] == "all"
    # No more than one CPU had, the other one's neighbour not counted.
    assert evidence["user_ns"] + evidence["system_ns"] + evidence["load_ns"] < 1.2 * evidence["wall_ns"] + 1e8


def test_the_summary_names_the_verdict(bed, quick):
    done = bed("run", quick, "--testbed-name", "bed", "--retakes", "0")
    assert done.returncode == 0, done.stderr
    assert re.search(r"complete; the machine: (trusted|drifting|spoiled)$", done.stdout, re.M), done.stdout


def test_evidence_waits_in_the_spool_with_the_results(bed, quick, tmp_path):
    dead = {"AWS_ENDPOINT": "http://127.0.0.1:9", "AWS_ALLOW_HTTP": "true", "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1", "LANCE_BENCH_SPOOL": str(tmp_path / "spool")}
    done, said = bed.run(quick, "--db", "s3://bucket/db", env=dead)
    assert done.returncode == 6, done.stderr
    requests = list((tmp_path / "spool").glob("*/request.json"))
    assert len(requests) == 1
    evidence = json.loads(json.loads(requests[0].read_text())["evidence"])
    assert evidence["cpus"] == said["cpus"]


@pytest.mark.parametrize("retakes", ["-1", "101", "many"])
def test_retakes_take_a_small_number(store, retakes):  # noqa: F811
    assert "retakes" in error_line(store.run("run", "nowhere", "--retakes", retakes), 129)


# --- host calibrate ---------------------------------------------------------------------------

METRICS = {
    "quantum/p50", "quantum/p99", "quantum/max", "frequency", "lost", "migrations",
    *(f"{work}{figure}" for work in ("integer", "memory", "branch") for figure in ("", "/cv", "/smallest_change")),
}


def test_a_calibration_is_printed_and_stored_as_results(store):  # noqa: F811
    done = store.ok("host", "calibrate", "--duration", "1s", "--testbed-name", "bed", "--format", "json")
    printed = {row["metric"]: row for row in json.loads(done.stdout)}
    assert METRICS <= set(printed) <= METRICS | {"steal", "load"}
    assert printed["quantum/p50"]["value"] <= printed["quantum/p99"]["value"] <= printed["quantum/max"]["value"]
    assert 5e7 < printed["frequency"]["value"] < 2e10
    rows = {row["benchmark_name"]: row for row in store.query("select * from results")}
    assert set(rows) == set(printed)
    for name, row in rows.items():
        assert row["dut"]["name"] == "lance-bench-host" and row["test_bed"]["name"] == "bed"
        assert row["units"] == printed[name]["units"]
        assert (row["summary"]["min"], row["summary"]["max"]) == (printed[name]["min"], printed[name]["max"])
    metadata = json.loads(rows["integer"]["metadata"])
    assert metadata["harness"] == "calibration"
    assert metadata["details"]["rounds"] == len(rows["integer"]["values"]) >= 10
    assert metadata["evidence"]["machine"]["aslr"] is not None


def test_each_calibration_is_a_run_of_its_own(store):  # noqa: F811
    env = {"GITHUB_RUN_ID": "1", "GITHUB_RUN_ATTEMPT": "1"}
    for _ in range(2):
        store.ok("host", "calibrate", "--duration", "1s", "--testbed-name", "bed", env=env)
    assert store.query("select count(*) as n from results where benchmark_name = 'integer'") == [{"n": 2}]
    assert store.query("select count(*) as n from runs where outcome = 'complete'") == [{"n": 2}]


def test_a_calibration_can_be_looked_at_without_a_database(store):  # noqa: F811
    done = store.ok("host", "calibrate", "--duration", "1s", "--no-store", "--format", "markdown",
                    db="s3://nobody/here")
    assert done.stdout.startswith("| metric ")
    assert store.tables() == {} and not store.spooled()


def test_a_calibration_that_cannot_be_stored_waits_in_the_spool(store):  # noqa: F811
    dead = {"AWS_ENDPOINT": "http://127.0.0.1:9", "AWS_ALLOW_HTTP": "true", "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1"}
    done = store.run("host", "calibrate", "--duration", "1s", "--testbed-name", "bed", db="s3://bucket/db", env=dead)
    assert done.returncode == 6, done.stderr
    entry, = store.spooled()
    # What waits is an input like any other.
    store.ok("publish", "auto", entry / "input", "--dut-version", "1", "--dut-timestamp", 1, "--testbed-name", "b")
    assert METRICS <= set(store.names())


@pytest.mark.parametrize("words, said", [
    (["--duration", "0.5s"], "--duration"),
    (["--duration", "2h"], "--duration"),
    (["--duration", "soon"], "duration"),
    (["--cpus", ""], "CPU"),
    (["--cpus", "1-"], "CPU"),
    (["--cpus", "4000"], "CPU"),
    (["--cpus", "0", "extra"], "extra"),
])
def test_what_calibrate_does_not_understand(store, words, said):  # noqa: F811
    assert said in error_line(store.run("host", "calibrate", *words), 129)


def test_ctrl_c_stores_nothing(store):  # noqa: F811
    process = store.start("host", "calibrate", "--duration", "60s", "--testbed-name", "bed")
    while "calibrating" not in process.stderr.readline():
        pass
    process.send_signal(2)
    assert process.wait(timeout=20) == 130
    assert process.stdout.read() == "" and store.tables() == {}
    process.stderr.close()
    process.stdout.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may empty the page cache")
@pytest.mark.parametrize("where", [{"page_cache": "drop"}, {"crates": [{"name": "quick", "page_cache": "drop"}]}],
                         ids=["all crates", "one crate"])
def test_the_page_cache_is_emptied_where_the_configuration_says_so(bed, quick, tmp_path, where):
    config = tmp_path / "bench.json"
    config.write_text(json.dumps({"rust": where}))
    run = f"cold-{len(where)}-{'crates' in where}"
    done, _ = bed.run(quick, "--run", run, "--config", config)
    assert done.returncode == 0, done.stderr
    assert evidence_of(bed, run)["page_cache"] == "dropped"


def may_bind_memory():
    """Some containers forbid set_mempolicy (x86-64's number 238; MPOL_DEFAULT changes nothing)."""
    return os.uname().machine == "x86_64" and ctypes.CDLL(None).syscall(238, 0, None, 0) == 0


def test_the_page_cache_is_kept_and_memory_comes_from_the_node_of_the_cpus(measured):
    evidence = measured[1]
    assert evidence["page_cache"] == "kept"
    nodes = pathlib.Path("/sys/devices/system/node").glob("node[0-9]*")
    names = {node.name.removeprefix("node") for node in nodes}
    if may_bind_memory() and len(names) == 1:
        assert {evidence["memory_nodes"]} == names
    else:
        assert evidence.get("memory_nodes", "0").split("-")[0].split(",")[0] in names | {"0"}
