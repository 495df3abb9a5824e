"""A machine of plain files: settings as those of a server with two CPUs and cpufreq, and a root tree to install into,
in which programs run as on a machine of their own (mount namespace, chroot; /sys and /proc/sys are plain files)."""

import hashlib
import os
import pathlib
import shutil
import stat
import subprocess

USER, UID = "ci", 42420
STATE = "var/lib/lance-bench/host"

SETTINGS = {
    "sys/devices/system/cpu/present": "0-1",
    "sys/devices/system/cpu/possible": "0-1",
    "sys/devices/system/cpu/online": "0-1",
    "sys/devices/system/cpu/offline": "",
    "sys/devices/system/cpu/isolated": "",
    "sys/devices/system/cpu/cpufreq/boost": "1",
    "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never",
    "proc/sys/kernel/randomize_va_space": "2",
    "proc/sys/kernel/numa_balancing": "1",
    "proc/sys/kernel/nmi_watchdog": "1",
    "proc/sys/kernel/perf_event_paranoid": "2",
    "proc/sys/kernel/random/boot_id": "11111111-2222-3333-4444-555555555555",
    "proc/sys/kernel/osrelease": "6.1.0",
    "proc/sys/kernel/cap_last_cap": "40",
    "proc/sys/kernel/ngroups_max": "65536",
    "proc/sys/kernel/pid_max": "4194304",
    "proc/sys/vm/swappiness": "60",
    "proc/irq/default_smp_affinity": "3",
}
GOVERNOR = "sys/devices/system/cpu/cpufreq/policy1/scaling_governor"
TUNED = "performance"


def make_settings(root):
    """The files; CPU 1 is the one that is left for benchmarks."""
    files = dict(SETTINGS)
    for cpu in range(2):
        at = f"sys/devices/system/cpu/cpu{cpu}"
        files |= {f"{at}/online": "1", f"{at}/topology/core_id": str(cpu), f"{at}/topology/physical_package_id": "0",
                  f"{at}/topology/thread_siblings_list": str(cpu), f"{at}/topology/core_cpus_list": str(cpu)}
        policy = f"sys/devices/system/cpu/cpufreq/policy{cpu}"
        files |= {f"{policy}/scaling_governor": "powersave", f"{policy}/affected_cpus": str(cpu),
                  f"{policy}/related_cpus": str(cpu), f"{policy}/scaling_driver": "acpi-cpufreq",
                  f"{policy}/scaling_available_governors": "performance powersave",
                  f"{policy}/scaling_min_freq": "1200000", f"{policy}/scaling_max_freq": "3500000",
                  f"{policy}/cpuinfo_min_freq": "1200000", f"{policy}/cpuinfo_max_freq": "3500000"}
    for path, text in files.items():
        file = pathlib.Path(root) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
    for cpu in range(2):
        link = pathlib.Path(root) / f"sys/devices/system/cpu/cpu{cpu}/cpufreq"
        link.symlink_to(f"../cpufreq/policy{cpu}")


def snapshot(root, *, leave_out=()):
    """Every file below root: its kind, mode, owner and contents."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = pathlib.Path(folder) / name
            key = str(path.relative_to(root))
            if any(key == out or key.startswith(out + "/") for out in leave_out):
                continue
            st = path.lstat()
            what = ""
            if stat.S_ISLNK(st.st_mode):
                what = os.readlink(path)
            elif stat.S_ISREG(st.st_mode):
                what = hashlib.sha256(path.read_bytes()).hexdigest()
            found[key] = (oct(st.st_mode), st.st_uid, st.st_gid, what)
    return found


MOUNTS = """
set -e
mount --bind "$R/usr/local" "$R/mnt"
mount --bind /usr "$R/usr"
mount --bind "$R/mnt" "$R/usr/local"
mount --rbind /proc "$R/proc"
mount --bind "$R/fake/proc/sys" "$R/proc/sys"
mount --bind "$R/fake/proc/irq" "$R/proc/irq"
mount --bind "$R/fake/sys" "$R/sys"
mount --rbind /dev "$R/dev"
exec chroot "$R" /usr/bin/env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"
"""

# What actions/runner does for a job: variables of its .env, the first hook, the job, the last hook.
WORKER = """#!/bin/sh
set -a; . "$(dirname "$0")/../.env"; set +a
bash -e "$ACTIONS_RUNNER_HOOK_JOB_STARTED" || exit 10
sh -c "$1"
status=$?
bash -e "$ACTIONS_RUNNER_HOOK_JOB_COMPLETED" || exit 11
exit $status
"""


class Root:
    """A tree to install into, with one runner of the account `ci`."""

    def __init__(self, agent, folder):
        self.agent, self.path = agent, pathlib.Path(folder) / "root"
        for name in ("usr/bin", "usr/local/bin", "usr/local/lib", "etc/sudoers.d", "etc/pam.d", "etc/systemd/system",
                     "etc/systemd/system/multi-user.target.wants", "proc", "sys", "dev", "mnt", "run", "tmp", "root",
                     "var/lib", "home"):
            (self.path / name).mkdir(parents=True)
        (self.path / "tmp").chmod(0o1777)
        for name in ("bin", "sbin", "lib", "lib64"):
            (self.path / name).symlink_to(f"usr/{name}")
        self.write("usr/bin/sudo", "")
        self.write("etc/passwd", f"root:x:0:0:root:/root:/bin/sh\n{USER}:x:{UID}:{UID}::/home/{USER}:/bin/sh\n")
        self.write("etc/group", f"root:x:0:\n{USER}:x:{UID}:\n")
        self.write("etc/shadow", f"root:*:19000::::::\n{USER}:*:19000::::::\n")
        self.write("etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\n")
        self.write("etc/sudoers", "root ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n").chmod(0o440)
        self.write("etc/pam.d/sudo", "auth required pam_permit.so\naccount required pam_permit.so\n"
                                     "session required pam_permit.so\n")
        make_settings(self.path / "fake")
        self.runner = self.add_runner("actions-runner")

    def write(self, name, text):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def add_runner(self, name):
        at = f"home/{USER}/{name}"
        self.write(f"{at}/.runner", "{}\n")
        self.write(f"{at}/.env", "LANG=C.UTF-8\n").chmod(0o640)
        self.write(f"{at}/bin/Runner.Worker", WORKER).chmod(0o755)
        for path in [self.path / "home" / USER, *(self.path / "home" / USER).rglob("*")]:
            os.chown(path, UID, UID)
        return self.path / at

    def host(self, *arguments):
        """`lance-bench host …` of the real machine, with this tree as prefix."""
        return subprocess.run([self.agent, "host", *map(str, arguments), "--prefix", self.path], text=True,
                              capture_output=True)

    def install(self, *arguments):
        done = self.host("install", "--runner-user", USER, *arguments)
        assert done.returncode == 0, done.stderr
        return done

    def command(self, *command, user=None):
        inside = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"] if user else []
        return ["unshare", "--mount", "sh", "-c", MOUNTS, "sh", *inside, *command]

    def inside(self, *command, user=None, **options):
        """Runs a command in the tree, as root or as the runner's account."""
        return subprocess.run(self.command(*command, user=user), env={**os.environ, "R": str(self.path)}, text=True,
                              capture_output=True, timeout=60, **options)

    def job(self, script, runner="actions-runner"):
        """A job on the runner, hooks and all."""
        return self.inside(f"/home/{USER}/{runner}/bin/Runner.Worker", script, user=USER)

    def setting(self, path=GOVERNOR):
        return (self.path / "fake" / path).read_text().strip()

    def settings(self):
        return snapshot(self.path / "fake")

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)
