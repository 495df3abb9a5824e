"""What the tests of `lance-bench poll` share: a repository whose commits are measured in a second or two, machines
that poll one database, and the queue."""

import json
import os
import pathlib
import signal
import subprocess
import time

from run_helpers import Machine, git

# A bench without a dependency that leaves what Criterion leaves: compiling the real one takes a minute.
BENCH = r'''
use std::{env, fs, path::Path, thread, time::{Duration, Instant}};

fn main() {
    if env::args().any(|a| a == "--list") {
        println!("quick/add: benchmark");
        return;
    }
    let home = env::var("CRITERION_HOME").unwrap();
    let folder = Path::new(&home).join("quick").join("add").join("new");
    fs::create_dir_all(&folder).unwrap();
    thread::sleep(Duration::from_millis(SLEEP_MS));
    let started = Instant::now();
    let sum = (0..std::hint::black_box(100_000_u64)).fold(1_u64, |a, x| a.rotate_left(5) ^ x);
    let ns = std::hint::black_box(started.elapsed().as_nanos() as u64 | (sum & 1));
    let each = format!("[{ns}.0,{ns}.0,{ns}.0]");
    fs::write(folder.join("sample.json"),
        format!(r#"{{"sampling_mode":"Flat","iters":[1.0,1.0,1.0],"times":{each}}}"#)).unwrap();
    fs::write(folder.join("benchmark.json"),
        r#"{"group_id":"quick","function_id":"add","value_str":null,"throughput":null,"full_id":"quick/add",
            "directory_name":"quick/add","title":"quick/add"}"#).unwrap();
    let estimate = format!(r#"{{"confidence_interval":{{"confidence_level":0.95,"lower_bound":{ns}.0,
        "upper_bound":{ns}.0}},"point_estimate":{ns}.0,"standard_error":0.0}}"#);
    fs::write(folder.join("estimates.json"), format!(r#"{{"mean":{estimate},"median":{estimate},
        "median_abs_dev":{estimate},"slope":null,"std_dev":{estimate}}}"#)).unwrap();
}
'''
MANIFEST = """[package]
name = "quick"
version = "0.1.0"
edition = "2021"

[[bench]]
name = "quick"
harness = false

[profile.bench]
opt-level = 0
"""
CONFIG = {"project": "quick", "rust": {"crates": [{"name": "quick", "benches": ["quick"]}]}}


def make_quick(folder, sleep_ms=0, bench=BENCH):
    """A repository with one commit on main."""
    repo = pathlib.Path(folder)
    (repo / "src").mkdir(parents=True)
    (repo / "benches").mkdir()
    (repo / "src" / "lib.rs").write_text("")
    (repo / "benches" / "quick.rs").write_text(bench.replace("SLEEP_MS", str(sleep_ms)))
    (repo / "Cargo.toml").write_text(MANIFEST)
    (repo / "Cargo.lock").write_text('version = 4\n\n[[package]]\nname = "quick"\nversion = "0.1.0"\n')
    (repo / "lance-bench.json").write_text(json.dumps(CONFIG))
    git(repo, "init", "-q", "-b", "main")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "commit 0")
    return repo


def add_commits(repo, count):
    """Ids of new commits, oldest first. They change nothing that is compiled."""
    ids = []
    for _ in range(count):
        (repo / "NOTES").write_text(f"{time.time_ns()}\n")
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "-m", "another commit")
        ids.append(git(repo, "rev-parse", "HEAD"))
    return ids


class Pollers:
    """Machines of one test bed: each has a home and caches of its own, and all have one database."""

    def __init__(self, agent, folder, repo, db=None, env=None):
        self.agent, self.folder, self.repo = agent, pathlib.Path(folder), repo
        self.db = str(db or self.folder / "db")
        self.env = env or {}
        self.machines, self.processes = {}, []

    def machine(self, name):
        if name not in self.machines:
            machine = Machine(self.agent, self.folder / name)
            machine.db = self.db
            machine.env |= {"LANCE_BENCH_JOBS": "1", "XDG_STATE_HOME": str(machine.folder / "state"), **self.env}
            self.machines[name] = machine
        return self.machines[name]

    def words(self, *more, bed="bed"):
        return ("poll", "--repo", self.repo, "--testbed-name", bed, "--interval", "1", *more, "--", "--retakes", "0",
                "--min-free", "1M")

    def once(self, name, *more, **options):
        return self.machine(name)(*self.words("--once", *more), timeout=300, **options)

    def start(self, name, *more, **options):
        log = (self.folder / f"{name}.log").open("ab")
        machine = self.machine(name)
        process = subprocess.Popen(machine.command(*self.words(*more)), stdout=log, stderr=log,
                                   env={**machine.env, **(options.get("env") or {})})
        log.close()
        self.processes.append(process)
        return process

    def stop(self):
        """Every process that was started here."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()

    def logs(self):
        return "".join(f"--- {path.name}\n{path.read_text(errors='replace')}"
                       for path in sorted(self.folder.glob("*.log")))

    def ask(self, *words):
        done = self.machine("asking")(*words, "--format", "json", timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def jobs(self):
        return self.ask("jobs", "list")

    def add(self, *commits, bed="bed", **options):
        words = [f"--{name}={value}" for name, value in options.items()]
        return self.ask("jobs", "add", "--repo", self.repo, "--test-bed", bed, *words, *commits)

    def query(self, sql):
        return self.ask("query", sql)

    def versions(self):
        """Of the table `jobs`."""
        rows = {row["table"]: row for row in self.ask("db", "info")}
        return rows["jobs"]["version"]

    def wait(self, condition, seconds=120):
        """Until `condition` of the jobs holds."""
        deadline = time.monotonic() + seconds
        while True:
            jobs = self.jobs()
            if condition(jobs):
                return jobs
            assert time.monotonic() < deadline, f"{jobs}\n{self.logs()}"
            time.sleep(0.3)


def states(jobs):
    return sorted(job["state"] for job in jobs)


def all_done(jobs):
    return bool(jobs) and all(job["state"] == "done" for job in jobs)


def has_ended(jobs):
    return bool(jobs) and all(job["state"] in ("done", "failed", "cancelled") for job in jobs)


def listening_inodes():
    """Inodes of the sockets of this network namespace that wait for connections."""
    found = set()
    for name in ("tcp", "tcp6"):
        for line in pathlib.Path("/proc/net", name).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                found.add(fields[9])
    for line in pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[3], 16) & 0x10000:
            found.add(fields[6])
    return found


def sockets_of(pid):
    found = set()
    for entry in pathlib.Path("/proc", str(pid), "fd").iterdir():
        try:
            target = os.readlink(entry)
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found
