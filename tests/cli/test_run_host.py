"""`run` on a machine that it tunes: a tree of plain files stands in for the settings ($LANCE_BENCH_HOST_ROOT)."""

import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

from host_root import GOVERNOR, STATE, TUNED, make_settings, snapshot
from run_helpers import Machine, git, processes_with

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the settings are written by root alone"),
    pytest.mark.skipif(not {0, 1} <= os.sched_getaffinity(0), reason="needs CPU 0 and CPU 1"),
]

# Criterion's files without its crate ("Criterion.rs ERROR: " is in its messages), so that it compiles at once.
BENCH = r"""
use std::{fs, thread, time::{Duration, Instant}};

fn main() {
    let ids = "host/NAME";
    if std::env::args().any(|a| a == "--list") {
        println!("{ids}: benchmark");
        return;
    }
    let home = std::env::var("CRITERION_HOME").expect("Criterion.rs ERROR: no CRITERION_HOME");
    let idle: Vec<_> = (0..2).map(|_| thread::spawn(|| thread::sleep(Duration::from_millis(MILLISECONDS)))).collect();
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(MILLISECONDS) {
        thread::sleep(Duration::from_millis(1));
    }
    for thread in idle {
        thread.join().unwrap();
    }
    let folder = format!("{home}/{ids}/new");
    fs::create_dir_all(&folder).unwrap();
    fs::write(format!("{folder}/sample.json"),
        r#"{"sampling_mode":"Flat","iters":[1.0,1.0],"times":[5.0,6.0]}"#).unwrap();
    fs::write(format!("{folder}/benchmark.json"), format!(
        r#"{{"group_id":"host","function_id":"NAME","value_str":null,"throughput":null,"full_id":"{ids}",
             "directory_name":"{ids}","title":"{ids}"}}"#)).unwrap();
    let e = r#"{"confidence_interval":{"confidence_level":0.95,"lower_bound":1.0,"upper_bound":1.0},
                "point_estimate":1.0,"standard_error":0.0}"#;
    fs::write(format!("{folder}/estimates.json"),
        format!(r#"{{"mean":{e},"median":{e},"median_abs_dev":{e},"slope":null,"std_dev":{e}}}"#)).unwrap();
}
"""

MARK = "lb_host_bench"  # in the name of the executables


@pytest.fixture(scope="module")
def repo(tmp_path_factory):
    repo = tmp_path_factory.mktemp("repo") / "host"
    (repo / "src").mkdir(parents=True)
    (repo / "benches").mkdir()
    (repo / "src" / "lib.rs").write_text("")
    manifest = '[package]\nname = "hosted"\nversion = "0.1.0"\nedition = "2021"\n'
    for name, milliseconds in (("short", 50), ("long", 60000)):
        bench = f"{MARK}_{name}"
        text = BENCH.replace("NAME", name).replace("MILLISECONDS", str(milliseconds))
        (repo / "benches" / f"{bench}.rs").write_text(text)
        manifest += f'\n[[bench]]\nname = "{bench}"\nharness = false\n'
    (repo / "Cargo.toml").write_text(manifest)
    (repo / "Cargo.lock").write_text('version = 3\n\n[[package]]\nname = "hosted"\nversion = "0.1.0"\n')
    subprocess.run(["git", "init", "-q", "-b", "main", repo], check=True)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "two benches")
    return repo


@pytest.fixture(scope="module")
def agent_machine(agent, tmp_path_factory):
    machine = Machine(agent, tmp_path_factory.mktemp("machine"))
    yield machine
    machine.remove()


class Host:
    """A machine whose settings are plain files, and the agent on it."""

    def __init__(self, machine, repo, root):
        self.machine, self.repo, self.root = machine, repo, root
        make_settings(root)
        (root / "dev").mkdir()
        (root / "dev" / "cpu_dma_latency").write_bytes(b"")
        self.env = {"LANCE_BENCH_HOST_ROOT": str(root)}
        self.before = self.settings()

    def configure(self, text='profile = "bare-metal"\ncpus = "1"\n'):
        conf = self.root / "etc/lance-bench/host.conf"
        conf.parent.mkdir(parents=True)
        conf.write_text(text)

    def settings(self):
        return snapshot(self.root, leave_out=("var", "etc", "dev"))

    def governor(self):
        return (self.root / GOVERNOR).read_text().strip()

    def run(self, *arguments, bench="short", **options):
        done, said = self.machine.run(self.repo, "--bench", f"{MARK}_{bench}", *arguments, env=self.env, **options)
        return done, said

    def tuning(self, said):
        rows = self.machine.query(f"select h.knobs from host_sessions h join runs r on r.host_session = h.id "
                                  f"where r.run = '{said['run']}' and r.harness = 'run'")
        return json.loads(rows[0]["knobs"])["tuning"]

    def start(self, *arguments):
        """Starts the long benchmark and waits until it runs: the agent, and the benchmark's id."""
        agent = self.machine.start("run", self.repo, "--bench", f"{MARK}_long", "--testbed-name", "bed", *arguments,
                                   env=self.env)
        found = wait_for(lambda: [pid for pid in processes_with(f"{MARK}_long-") if is_bench(pid)], 120)
        assert found, agent.communicate(timeout=10)
        return agent, found[0]


def is_bench(pid):
    """The executable itself, measured and not listed, with all its threads."""
    try:
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        threads = len(os.listdir(f"/proc/{pid}/task"))
        return MARK.encode() in words[0] and b"--list" not in words and threads == 3
    except OSError:
        return False


def wait_for(what, seconds=30):
    deadline = time.monotonic() + seconds
    while not what() and time.monotonic() < deadline:
        time.sleep(0.05)
    return what()


def status(pid, name, task=None):
    path = pathlib.Path(f"/proc/{pid}/task/{task}/status" if task else f"/proc/{pid}/status")
    return next(line.split(":", 1)[1].strip() for line in path.read_text().splitlines() if line.startswith(name + ":"))


def nice(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[16])


def watchers():
    """Processes that wait to restore."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "comm").read_text().strip() == "lance-watcher":
                found.append(int(entry.name))
        except OSError:
            pass
    return found


@pytest.fixture
def host(agent_machine, repo, tmp_path):
    return Host(agent_machine, repo, tmp_path)


def test_a_machine_without_host_conf_is_left_alone(host):
    done, said = host.run()
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("it has no /etc/lance-bench/host.conf") == 1
    assert host.tuning(said)["state"] == "not configured"
    assert host.settings() == host.before and not (host.root / STATE).exists()


def test_a_run_tunes_restores_and_says_so(host):
    host.configure()
    done, said = host.run()
    assert done.returncode == 0, done.stderr
    assert said["cpus"] == "1"
    tuning = host.tuning(said)
    assert (tuning["mode"], tuning["state"], tuning["by"], tuning["profile"]) == ("auto", "tuned", "run", "bare-metal")
    assert (tuning["other_jobs"], tuning["cpu_dma_latency"]) == (0, "held")
    governor = [row for row in tuning["knobs"] if row["path"] == "/" + GOVERNOR]
    assert [(row["before"], row["after"], row["outcome"]) for row in governor] == [("powersave", TUNED, "set")]
    assert host.settings() == host.before and not watchers()


def test_every_thread_is_pinned_and_the_agent_stays_off(host):
    """And the machine is tuned while it measures, not while it builds; SIGTERM gives it back."""
    host.configure()
    agent, bench = host.start()
    try:
        tasks = os.listdir(f"/proc/{bench}/task")
        assert [status(bench, "Cpus_allowed_list", task) for task in tasks] == ["1"] * 3
        assert status(agent.pid, "Cpus_allowed_list").split(",")[0].split("-")[0] == "0"
        assert 1 not in os.sched_getaffinity(agent.pid)
        assert nice(bench) == -10
        assert host.governor() == TUNED
        held = [os.readlink(f"/proc/{agent.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{agent.pid}/fd")]
        assert str(host.root / "dev/cpu_dma_latency") in held
    finally:
        agent.send_signal(signal.SIGTERM)
        said = agent.communicate(timeout=60)
    assert agent.returncode == 130, said
    assert host.settings() == host.before and not watchers()


def test_after_a_sigkill_the_watcher_restores(host):
    host.configure()
    agent, bench = host.start()
    assert host.governor() == TUNED
    agent.kill()
    agent.communicate(timeout=60)
    assert wait_for(lambda: host.settings() == host.before), host.governor()
    assert wait_for(lambda: not watchers())
    assert wait_for(lambda: not os.path.exists(f"/proc/{bench}"))


@pytest.mark.parametrize("mode, state", [("auto", "tuned"), ("off", "off")])
def test_after_the_loss_of_both_the_next_run_restores(host, mode, state):
    host.configure()
    agent, bench = host.start()
    for pid in watchers():
        os.kill(pid, signal.SIGKILL)
    agent.kill()
    agent.communicate(timeout=60)
    assert wait_for(lambda: not os.path.exists(f"/proc/{bench}"))
    assert host.governor() == TUNED
    done, said = host.run("--tune", mode)
    assert done.returncode == 0, done.stderr
    assert "a job that has died left the machine tuned" in done.stderr
    assert host.tuning(said)["state"] == state
    assert host.settings() == host.before


def test_off_leaves_it_alone(host):
    host.configure()
    done, said = host.run("--tune", "off")
    assert done.returncode == 0, done.stderr
    assert host.tuning(said)["state"] == "off"
    assert host.settings() == host.before and not (host.root / STATE).exists()


def test_what_somebody_has_tuned_by_hand_stays(host):
    host.configure()
    place = ["--sysroot", host.root, "--state", host.root / STATE]
    done = host.machine("host", "tune", "--cpus", "1", *place)
    assert done.returncode == 0, done.stderr
    by_hand = host.settings()
    done, said = host.run("--tune", "require")
    assert done.returncode == 0, done.stderr
    tuning = host.tuning(said)
    assert (tuning["state"], tuning["by"]) == ("verified", "hand")
    assert host.settings() == by_hand != host.before
    assert host.machine("host", "restore", *place).returncode == 0
    assert host.settings() == host.before


def test_in_a_container_it_looks_and_does_not_write(host):
    (host.root / ".dockerenv").write_text("")
    before = host.settings()
    done, said = host.run()
    assert done.returncode == 0, done.stderr
    tuning = host.tuning(said)
    assert (tuning["state"], tuning["by"], tuning["other_jobs"]) == ("verified", None, None)
    assert "pending" in {row["outcome"] for row in tuning["knobs"]}
    assert host.settings() == before and not (host.root / STATE).exists()
    done, said = host.run("--tune", "require")
    assert done.returncode == 1
    assert "this process may not tune the machine" in done.stderr and said["outcome"] == "failed"


def test_a_read_only_sys_is_looked_at(host):
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        pytest.skip("this machine gives no mount namespace")
    host.configure()
    mount = 'mount --bind "$1/sys" "$1/sys" && mount -o remount,ro,bind "$1/sys" && shift && exec "$@"'
    agent = host.machine.command("run", "--format", "json", "--testbed-name", "bed", host.repo, "--bench",
                                 f"{MARK}_short")
    done = subprocess.run(["unshare", "--mount", "sh", "-c", mount, "sh", host.root, *agent],
                          env={**host.machine.env, **host.env}, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert host.tuning(json.loads(done.stdout))["state"] == "verified"
    assert host.settings() == host.before


def test_within_a_runner_s_job_the_hook_has_tuned(host, tmp_path_factory):
    """The list of jobs names the worker above this run, and how many others there were."""
    host.configure()
    worker = tmp_path_factory.mktemp("runner") / "Runner.Worker"
    worker.write_text('#!/bin/sh\n"$@"\nexit $?\n')
    worker.chmod(0o755)
    state = host.root / STATE
    state.mkdir(parents=True)
    begin = ('boot=$(cat /proc/sys/kernel/random/boot_id); start=$(cut -d" " -f22 /proc/$PPID/stat); '
             'printf "boot %s\\ntuned jobs\\njob %s %s 4242 1 worker running 2\\n" $boot $PPID $start >"$0/jobs"; '
             'exec "$@"')
    agent = host.machine.command("run", "--format", "json", "--testbed-name", "bed", host.repo, "--bench",
                                 f"{MARK}_short", "--tune", "require")
    done = subprocess.run([worker, "sh", "-c", begin, state, *agent], env={**host.machine.env, **host.env}, text=True,
                          capture_output=True)
    assert done.returncode == 0, done.stderr
    tuning = host.tuning(json.loads(done.stdout))
    assert (tuning["state"], tuning["by"], tuning["other_jobs"]) == ("verified", "hook", 2)
    assert "2 other jobs were on this machine" in done.stderr
    assert host.settings() == host.before


@pytest.mark.parametrize(
    "conf, arguments, message, code",
    [
        (None, ["--tune", "require"], "has no /etc/lance-bench/host.conf", 1),
        (None, ["--tune", "maybe"], "--tune is one of auto, off, require, not 'maybe'", 129),
        ('profile = "fast"\n', [], "there is no profile 'fast'", 129),
        ("profil = 'shared'\n", [], 'unknown key "profil"', 129),
        ("cpus = 1\n", [], "cpus has to be a text", 129),
        ("cpus = \n", [], "host.conf", 1),
        ('cpus = "77"\n', [], "host.conf", 129),
    ],
)
def test_a_wrong_wish_is_one_clear_line(host, conf, arguments, message, code):
    if conf:
        host.configure(conf)
    done, _ = host.run(*arguments)
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1 and message in errors[0], done.stderr
    assert done.returncode == code
    assert host.settings() == host.before
