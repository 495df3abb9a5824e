"""Benchmark CPUs for the benchmarks alone: `run` and the control group that tuning makes."""

import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from host_root import STATE
from run_helpers import Machine, processes_with
from test_run_host import MARK, Host, agent_machine, is_bench, repo, status, wait_for  # noqa: F401

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: control groups are root's"),
    pytest.mark.skipif(not {0, 1} <= os.sched_getaffinity(0), reason="needs CPU 0 and CPU 1"),
]

V1, V2 = pathlib.Path("/sys/fs/cgroup/cpuset"), pathlib.Path("/sys/fs/cgroup")
GROUP = "lance-bench"


@pytest.fixture
def host(agent_machine, repo, tmp_path):  # noqa: F811
    return Host(agent_machine, repo, tmp_path)


# --- on a tree of plain files, which moves no process -----------------------------------------


def add_group(host, cpus="1"):
    """A control group that the journal says is ours, as after `host tune --isolate`."""
    group = host.root / "sys/fs/cgroup" / GROUP
    group.mkdir(parents=True)
    for name, text in {"cpuset.cpus": cpus, "cpuset.cpus.partition": "isolated", "cgroup.procs": ""}.items():
        (group / name).write_text(text + "\n")
    boot = (host.root / "proc/sys/kernel/random/boot_id").read_text().strip()
    record = f"D ={boot} =isolation =/sys/fs/cgroup/{GROUP}"
    state = host.root / STATE
    state.mkdir(parents=True)
    (state / "journal").write_text(f"{hashlib.sha256(record.encode()).hexdigest()[:16]} {record}\n")
    return group


def test_a_group_that_takes_nobody_is_recorded_and_not_used(host):
    group = add_group(host)
    host.configure()
    done, said = host.run()
    assert done.returncode == 0, done.stderr
    tuning = host.tuning(said)
    assert tuning["isolation"] == {
        "state": "refused", "group": f"/sys/fs/cgroup/{GROUP}", "kind": "isolated",
        "reason": f"the kernel took the process for the control group /{GROUP} and did not move it"}
    assert tuning["by"] == "hand" and said["outcome"] == "complete"
    assert (group / "cgroup.procs").read_text() == "0", "the process itself was to be moved"
    done, said = host.run("--isolate", "require")
    assert done.returncode == 1 and "--isolate require: the kernel took the process" in done.stderr
    assert said["outcome"] == "failed"


def test_a_group_of_other_cpus_is_not_entered(host):
    group = add_group(host, cpus="0")
    host.configure()
    done, said = host.run()
    assert done.returncode == 0, done.stderr
    assert host.tuning(said)["isolation"]["reason"] == f"/sys/fs/cgroup/{GROUP} has CPU 0, and not all of 1"
    assert (group / "cgroup.procs").read_text() == "\n"


@pytest.mark.parametrize("conf, arguments, state", [
    ('profile = "bare-metal"\ncpus = "1"\n', [], "refused"),
    ('profile = "bare-metal"\ncpus = "1"\nisolate = false\n', [], None),
    ('profile = "bare-metal"\ncpus = "1"\n', ["--isolate", "off"], None),
    ('profile = "bare-metal"\ncpus = "1"\n', ["--cpus", "all"], None),
    ('profile = "shared"\ncpus = "1"\n', [], None),
])
def test_the_configuration_and_the_command_line_say_whether_to_isolate(host, conf, arguments, state):
    """The tree has no control groups: what is asked for is refused, and what is not asked for is not looked at."""
    host.configure(conf)
    done, said = host.run(*arguments)
    assert done.returncode == 0, done.stderr
    isolation = host.tuning(said)["isolation"]
    assert (isolation and isolation["state"]) == state
    if state:
        assert isolation["reason"] == "there is no cpuset controller, of cgroup v2 or v1"
    assert host.settings() == host.before


@pytest.mark.parametrize("conf, arguments, message, code", [
    (None, ["--isolate", "require"], "nobody has isolated CPU 1", 1),
    ('profile = "bare-metal"\ncpus = "1"\n', ["--isolate", "require", "--tune", "off"], "without --tune off", 1),
    ('profile = "bare-metal"\ncpus = "1"\n', ["--isolate", "require", "--cpus", "all"], "give --cpus", 129),
    ('profile = "bare-metal"\ncpus = "1"\n', ["--isolate", "require"], "no cpuset controller", 1),
    ('profile = "shared"\ncpus = "1"\n', ["--isolate", "require"], "concerns everybody", 129),
    ('profile = "shared"\nisolate = true\n', [], "isolate concerns everybody", 129),
    ('isolate = "yes"\n', [], "isolate has to be true or false", 129),
    (None, ["--isolate", "maybe"], "--isolate is one of auto, off, require, not 'maybe'", 129),
])
def test_a_wish_that_cannot_be_met_is_one_clear_line(host, conf, arguments, message, code):
    if conf:
        host.configure(conf)
    if "--cpus" not in arguments:
        arguments = [*arguments, "--cpus", "1"]
    done, _ = host.run(*arguments)
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1 and message in errors[0], done.stderr
    assert done.returncode == code
    assert host.settings() == host.before


# --- on this machine ---------------------------------------------------------------------------

# /etc/lance-bench/host.conf and the journal are the test's own; the settings are the machine's.
PRIVATE = 'mount --bind "$1/etc" /etc && mount --bind "$1/lib" /var/lib && shift && exec "$@"'


def cpuset_root():
    """The folder whose cpuset groups isolation uses, or why there is none."""
    controllers = V2 / "cgroup.controllers"
    if controllers.is_file() and "cpuset" in controllers.read_text().split():
        return V2
    if (V1 / "cpuset.cpus").is_file():
        return V1
    pytest.skip("this machine has no cpuset controller")


class RealHost:
    def __init__(self, machine, repo, folder):  # noqa: F811
        self.machine, self.repo, self.folder = machine, repo, folder
        self.root = cpuset_root()
        self.state = folder / "lib/lance-bench/host"
        if not os.access("/sys", os.W_OK) or subprocess.run(["unshare", "--mount", "true"]).returncode:
            pytest.skip("this machine lets its settings alone be read")
        if (self.root / GROUP).exists() or pathlib.Path("/", STATE, "journal").exists():
            pytest.skip("this machine is tuned already")
        shutil.copytree("/etc", folder / "etc", symlinks=True)
        (folder / "etc/lance-bench").mkdir(exist_ok=True)
        (folder / "etc/lance-bench/host.conf").write_text('profile = "bare-metal"\ncpus = "1"\n')
        (folder / "lib").mkdir()

    def command(self, bench, *arguments):
        agent = self.machine.command("run", "--format", "json", "--testbed-name", "bed", self.repo, "--bench",
                                     f"{MARK}_{bench}", "--retakes", 0, *arguments)
        return ["unshare", "--mount", "sh", "-c", PRIVATE, "sh", str(self.folder), *agent]

    def env(self):
        return {**self.machine.env, "LANCE_BENCH_HOST_ROOT": ""}

    def restore(self):
        return subprocess.run([self.machine.agent, "host", "restore", "--state", self.state], text=True,
                              capture_output=True)


@pytest.fixture
def real(agent_machine, repo, tmp_path):  # noqa: F811
    real = RealHost(agent_machine, repo, tmp_path)
    try:
        yield real
    finally:
        done = real.restore()
        assert done.returncode == 0, done.stderr
        assert not (real.root / GROUP).exists() and not (real.root / f"{GROUP}-system").exists()


def programs():
    """Every process with a command line that no other tool has put into a cpuset of its own, and the CPUs of each."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if not entry.name.isdigit() or not (entry / "cmdline").read_bytes():
                continue
            groups = [line.split(":", 2) for line in (entry / "cgroup").read_text().splitlines()]
            cpuset = [path for _, controller, path in groups if controller == "cpuset"]
            if not cpuset or cpuset[0] == "/" or cpuset[0].startswith(f"/{GROUP}"):
                found[int(entry.name)] = status(entry.name, "Cpus_allowed_list")
        except (OSError, StopIteration):
            pass
    return found


def test_benchmarks_have_their_cpu_to_themselves_and_everybody_gets_it_back(real):
    everywhere = status("self", "Cpus_allowed_list")
    idle = subprocess.Popen(["sleep", "600"])
    # What somebody has pinned stays where it is, and may be released meanwhile.
    free = {pid for pid, cpus in programs().items() if cpus == everywhere}
    agent = subprocess.Popen(real.command("long", "--isolate", "require"), env=real.env(), text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        found = wait_for(lambda: [pid for pid in processes_with(f"{MARK}_long-") if is_bench(pid)], 120)
        assert found, agent.communicate(timeout=10)
        bench = found[0]
        tasks = os.listdir(f"/proc/{bench}/task")
        assert [status(bench, "Cpus_allowed_list", task) for task in tasks] == ["1"] * 3
        for task in tasks:
            groups = pathlib.Path(f"/proc/{bench}/task/{task}/cgroup").read_text().splitlines()
            assert f"/{GROUP}" in [line.split(":", 2)[2] for line in groups], groups
        others = programs()
        assert not {pid for pid in free & set(others) if others[pid] == everywhere}, others
        assert status(idle.pid, "Cpus_allowed_list") == status(agent.pid, "Cpus_allowed_list")
        assert 1 not in os.sched_getaffinity(idle.pid) and 1 not in os.sched_getaffinity(agent.pid)
    finally:
        agent.send_signal(signal.SIGTERM)
        said = agent.communicate(timeout=60)
        back = programs()
        idle.kill()
        idle.wait()
    assert agent.returncode == 130, said
    assert idle.pid in free and not {pid for pid in free & set(back) if back[pid] != everywhere}
    assert status("self", "Cpus_allowed_list") == everywhere
    assert not (real.root / GROUP).exists() and not (real.state / "journal").exists()


def test_evidence_names_the_group(real):
    done = subprocess.run(real.command("short"), env=real.env(), text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    metadata, = real.machine.query(f"select metadata from results where strpos(metadata, '{said['run']}') > 0")
    assert json.loads(metadata["metadata"])["evidence"]["group"] == f"/{GROUP}"
    session, = real.machine.query("select h.* from host_sessions h join runs r on r.host_session = h.id "
                                  f"where r.harness = 'run' and r.run = '{said['run']}'")
    isolation = json.loads(session["knobs"])["tuning"]["isolation"]
    assert (isolation["state"], isolation["reason"]) == ("entered", None)
    assert isolation["kind"] in ("cgroup v1", "root", "isolated")
    assert len(json.loads(session["counters"])["canary"]["readings"]) == 2
    assert "the benchmarks have CPU 1 to themselves" in done.stderr
