"""host show, check, tune and restore on trees that are modelled on real machines."""

import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import pytest

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "host"
MACHINES = sorted(p.stem for p in FIXTURES.glob("*.tree"))

spec = importlib.util.spec_from_file_location("make_trees", FIXTURES / "make_trees.py")
make_trees = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make_trees)

CPU = "sys/devices/system/cpu"


def texts(folder):
    """Every file below the folder with its bytes."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


class Host:
    def __init__(self, agent, machine, folder):
        self.agent, self.root, self.state = agent, folder / "tree", folder / "state"
        make_trees.unpack(machine, self.root)

    def command(self, *arguments):
        return [self.agent, "host", *arguments, "--sysroot", str(self.root), "--state", str(self.state)]

    def __call__(self, *arguments, **more):
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=60, **more)

    def rows(self, *arguments, code=0):
        done = self(*arguments, "--format", "json")
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)

    def read(self, path):
        return (self.root / path).read_text().strip()


@pytest.fixture
def host(agent, tmp_path):
    return lambda machine: Host(agent, machine, tmp_path)


def test_the_trees_are_what_their_script_makes():
    assert MACHINES == sorted(make_trees.MACHINES)
    for name, make in make_trees.MACHINES.items():
        assert (FIXTURES / f"{name}.tree").read_text() == make().text(), name


@pytest.mark.parametrize("machine", MACHINES)
def test_tune_and_restore_give_back_every_byte(host, machine):
    host = host(machine)
    before = texts(host.root)
    done = host("tune", "--aslr", "off")
    assert done.returncode == 0, done.stderr
    assert host.read("proc/sys/vm/swappiness") == "10"
    assert host.read("proc/sys/kernel/randomize_va_space") == "0"
    assert texts(host.root) != before
    assert host("restore").returncode == 0
    assert texts(host.root) == before
    assert not (host.state / "journal").exists()
    again = host("restore")
    assert again.returncode == 0 and "Nothing to restore" in again.stderr


@pytest.mark.parametrize("machine", MACHINES)
def test_looking_changes_nothing(host, machine):
    host = host(machine)
    before = texts(host.root)
    for arguments in (["show"], ["show", "--format", "markdown"], ["check"], ["tune", "--profile", "container"]):
        host(*arguments)
    assert texts(host.root) == before
    assert not host.state.exists()


@pytest.mark.parametrize(
    "machine, driver",
    [
        ("intel-active", "intel_pstate (active)"),
        ("intel-passive", "intel_cpufreq (passive)"),
        ("amd-pstate", "amd-pstate-epp (active)"),
        ("amd-acpi", "acpi-cpufreq"),
        ("arm", "cpufreq-dt"),
        ("vm", None),
    ],
)
def test_show_names_the_frequency_driver(host, machine, driver):
    assert host(machine).rows("show")["frequency_driver"] == driver


def test_show_tells_programs_what_it_tells_people(host):
    host = host("intel-active")
    shown = host.rows("show")
    assert shown["tuned"] is False and shown["virtualisation"] is None
    assert shown["benchmark_cpus"] == "1-3"
    assert [c["cpu"] for c in shown["cpus"]] == list(range(8))
    assert shown["cpus"][5]["threads"] == "1,5" and shown["cpus"][5]["online"] is True
    governor = [k for k in shown["knobs"] if k["knob"] == "governor"]
    assert len(governor) == 8
    assert governor[0] == {
        "knob": "governor",
        "before": "powersave",
        "after": "performance",
        "outcome": "pending",
        "path": f"/{CPU}/cpufreq/policy0/scaling_governor",
        "reason": None,
    }
    text = host("show").stdout
    assert f"Score: {shown['score']} of 100" in text
    assert "and 7 more" in text and "Benchmark CPUs: 1-3" in text


def test_every_knob_is_documented(host):
    page = (FIXTURES.parents[2] / "docs" / "host.md").read_text()
    for knob in {row["knob"] for row in host("intel-active").rows("show")["knobs"]}:
        assert f"`{knob}`" in page, knob


def test_a_virtual_machine_is_called_one_and_never_gets_all_points(host):
    host = host("vm")
    assert "hypervisor flag" in host.rows("show")["virtualisation"]
    host("tune")
    shown = host.rows("show")
    assert shown["score"] <= 60
    assert any("virtual machine" in reason for reason in shown["reasons"])
    assert host("check").returncode == 1


def test_check_is_content_after_a_tune_and_not_before(host):
    host = host("intel-active")
    before = host("check")
    assert before.returncode == 1
    assert before.stderr.count("\n") == 1 and "not fit to measure on" in before.stderr
    assert "governor: powersave, not performance" in before.stdout
    assert host("tune").returncode == 0
    assert host("check", "--cpus", "1-3").returncode == 0
    assert host.rows("show")["tuned"] is True
    host("restore")
    assert host("check").returncode == 1


@pytest.mark.parametrize(
    "machine, arguments, code, said",
    [
        ("vm", ["tune", "--cpus", "7"], 129, "there is no CPU 7: this machine has 0-1"),
        ("vm", ["tune", "--cpus", ""], 129, "the list of CPUs is empty"),
        ("vm", ["tune", "--cpus", "0-1"], 129, "every CPU that is online"),
        ("vm", ["tune", "--cpus", "x"], 129, "no list of CPUs"),
        ("vm", ["tune", "--profile", "quiet"], 129, "there is no profile 'quiet'"),
        ("vm", ["tune", "--aslr", "maybe"], 129, "--aslr is on or off"),
        ("vm", ["tune", "--profile", "shared", "--isolate"], 129, "concern everybody"),
        ("vm", ["check", "--min-score", "101"], 129, "--min-score"),
        ("vm", ["show", "extra"], 129, "extra"),
    ],
)
def test_bad_input_is_one_line(host, machine, arguments, code, said):
    host = host(machine)
    before = texts(host.root)
    done = host(*arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stderr and done.stderr.count("\n") == 1
    assert texts(host.root) == before and not host.state.exists()


def test_an_offline_cpu_and_a_spread_set_are_told(host):
    host = host("numa")
    (host.root / CPU / "online").write_text("0-13,15\n")
    done = host("tune", "--cpus", "13-14")
    assert done.returncode == 129 and "CPU 14 is offline" in done.stderr
    done = host("tune", "--cpus", "2-3")
    assert done.returncode == 0 and "several NUMA nodes" in done.stderr


def test_a_sysroot_needs_a_state_folder_of_its_own(agent, tmp_path):
    done = subprocess.run([agent, "host", "tune", "--sysroot", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 129 and "--sysroot needs --state" in done.stderr
    done = subprocess.run([agent, "host", "show", "--sysroot", "/nonexistent"], capture_output=True, text=True)
    assert done.returncode == 129 and "is not a folder" in done.stderr


def test_a_second_tune_keeps_the_first_ones_originals(host):
    host = host("amd-acpi")
    before = texts(host.root)
    assert host("tune", "--cpus", "5").returncode == 0
    assert host("tune", "--cpus", "6-7", "--aslr", "off").returncode == 0
    assert host("restore").returncode == 0
    assert texts(host.root) == before


def test_what_somebody_else_has_changed_is_reported_and_left(host):
    host = host("intel-active")
    before = texts(host.root)
    host("tune")
    (host.root / "proc/sys/vm/swappiness").write_text("33\n")
    rows = {row["path"]: row for row in host.rows("restore")}
    row = rows["/proc/sys/vm/swappiness"]
    assert (row["outcome"], row["before"], row["after"]) == ("changed", "60", "33")
    assert {r["outcome"] for r in rows.values()} == {"restored", "changed"}
    assert host.read("proc/sys/vm/swappiness") == "33"
    done = host("restore")
    assert done.returncode == 0 and "--force" in done.stderr
    assert host("restore", "--force").returncode == 0
    assert texts(host.root) == before


def test_two_tunes_at_once_take_turns(host):
    host = host("amd-pstate")
    before = texts(host.root)
    runs = [subprocess.Popen(host.command("tune"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(3)]
    for run in runs:
        said = run.communicate(timeout=60)[1]
        assert run.returncode == 0, said
    assert host("restore").returncode == 0
    assert texts(host.root) == before


def test_a_restore_waits_for_a_tune(host):
    host = host("amd-pstate")
    before = texts(host.root)
    tune = subprocess.Popen(host.command("tune"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    restore = host("restore")
    assert tune.wait(60) == 0 and restore.returncode == 0
    assert host("restore").returncode == 0
    assert texts(host.root) == before


@pytest.mark.parametrize("kilobytes", [4, 8, 12, 16])
def test_a_full_disk_for_the_journal_changes_nothing(host, kilobytes):
    host = host("amd-pstate")
    before = texts(host.root)
    host.state.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", host.state], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a small tmpfs needs root and the mount capability")
    try:
        done = host("tune")
        assert done.returncode == 1 and "No space left on device" in done.stderr
        assert texts(host.root) == before
        assert host("restore").returncode == 0
        assert texts(host.root) == before
    finally:
        subprocess.run(["umount", host.state], check=True)


@pytest.fixture
def open_folder():
    """A folder that every user may enter, unlike pytest's own."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lance-bench-host-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_without_root_the_knobs_are_named_and_nothing_is_written(agent, open_folder):
    if os.geteuid() != 0:
        pytest.skip("needs root, to start a process as somebody else")
    host = Host(agent, "intel-active", open_folder)
    before = texts(host.root)
    program = open(agent, "rb")  # the agent may lie in a folder that nobody else may enter
    as_nobody = {"user": 65534, "group": 65534, "extra_groups": [], "pass_fds": [program.fileno()], "cwd": "/"}
    host.agent = f"/proc/self/fd/{program.fileno()}"
    host.state = pathlib.Path("/var/lib/lance-bench-test-without-root")
    done = host("tune", **as_nobody)
    assert done.returncode == 1, done.stderr
    assert "needs root" in done.stderr and "governor, turbo" in done.stderr and done.stderr.count("\n") == 1
    assert host("show", **as_nobody).returncode == 0
    assert texts(host.root) == before and not host.state.exists()


def test_this_machine_can_be_looked_at(agent, tmp_path):
    done = subprocess.run(
        [agent, "host", "show", "--format", "json", "--state", str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    online = {c["cpu"] for c in shown["cpus"] if c["online"]}
    assert os.sched_getaffinity(0) <= online
    assert 0 <= shown["score"] <= 100


def test_a_pipe_among_the_files_is_no_reason_to_wait_for_ever(host):
    host = host("amd-acpi")
    for path in ("proc/sys/vm/swappiness", f"{CPU}/cpufreq/policy1/scaling_governor"):
        (host.root / path).unlink()
        os.mkfifo(host.root / path)
    before = texts(host.root)
    for verb in ("show", "tune", "restore"):
        assert host(verb).returncode == 0, verb
    assert texts(host.root) == before


@pytest.fixture
def irqbalance():
    """The real one, which is told to touch no interrupt of this machine: its socket."""
    program = shutil.which("irqbalance", path="/usr/sbin:/usr/bin")
    if not program:
        pytest.skip("irqbalance is not installed (scripts/setup test)")
    folder = pathlib.Path("/run/irqbalance")
    made = not folder.exists()
    folder.mkdir(exist_ok=True)
    interrupts = [line.split(":")[0].strip() for line in pathlib.Path("/proc/interrupts").read_text().splitlines()[1:]]
    banned = [f"--banirq={name}" for name in interrupts if name.isdigit()]
    going = subprocess.Popen([program, "--foreground", "--interval=1", *banned], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    socket = folder / f"irqbalance{going.pid}.sock"
    until = time.monotonic() + 30
    while not socket.exists() and going.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    try:
        if going.poll() is not None:
            pytest.skip("irqbalance does not run here: it needs two caches, and interrupts to balance")
        yield socket
    finally:
        going.terminate()
        going.wait()
        socket.unlink(missing_ok=True)
        if made:
            folder.rmdir()


def test_the_real_irqbalance_leaves_the_benchmark_cpus_alone_meanwhile(host, irqbalance):
    """Its socket in the place of that of another machine."""
    host = host("intel-active")
    (host.root / "run" / "irqbalance").mkdir(parents=True)
    (host.root / "run" / "irqbalance" / irqbalance.name).symlink_to(irqbalance)

    def shown():
        return [row["before"] for row in host.rows("show")["knobs"] if row["knob"] == "irqbalance"]

    assert shown() == [""]
    done = host("tune", "--cpus", "1", "--profile", "bare-metal")
    assert done.returncode == 0, done.stderr
    assert shown() == ["1,5"], "and the sibling of the benchmark CPU"
    assert host("restore").returncode == 0
    assert shown() == [""]
