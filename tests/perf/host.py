#!/usr/bin/env python3
"""CPU time of `host tune` and `host restore` on a large machine: a tree of 256 CPUs and 600 interrupts.

    tests/perf/host.py AGENT [ROUNDS]

The tree is of plain files, in memory (/dev/shm) as the kernel's own are, where there is such a folder; what is measured
is our own time, not the kernel's drivers'."""

import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

CPUS, IRQS, CORES = 256, 600, 128
CPU = "sys/devices/system/cpu"


def make_tree(root):
    """Two threads to a core, eight cores to a last-level cache, two nodes; cpufreq, cpuidle, interrupts anywhere."""
    everything = f"0-{CPUS - 1}"
    files = {
        f"{CPU}/present": everything, f"{CPU}/possible": everything, f"{CPU}/online": everything,
        f"{CPU}/offline": "", f"{CPU}/isolated": "", f"{CPU}/cpufreq/boost": "1",
        "sys/devices/system/node/online": "0-1",
        "sys/devices/system/node/node0/cpulist": "0-63,128-191",
        "sys/devices/system/node/node1/cpulist": "64-127,192-255",
        "sys/devices/virtual/workqueue/cpumask": ",".join(["ffffffff"] * 8),
        "sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never",
        "proc/sys/kernel/randomize_va_space": "2", "proc/sys/kernel/numa_balancing": "1",
        "proc/sys/kernel/nmi_watchdog": "1", "proc/sys/kernel/perf_event_paranoid": "2",
        "proc/sys/kernel/random/boot_id": "11111111-2222-3333-4444-555555555555", "proc/sys/vm/swappiness": "60",
        "proc/irq/default_smp_affinity": ",".join(["ffffffff"] * 8),
    }
    for cpu in range(CPUS):
        core, at, policy = cpu % CORES, f"{CPU}/cpu{cpu}", f"{CPU}/cpufreq/policy{cpu}"
        first = core // 8 * 8
        files |= {
            f"{at}/online": "1", f"{at}/topology/core_id": core, f"{at}/topology/physical_package_id": core // 64,
            f"{at}/topology/core_cpus_list": f"{core},{core + CORES}",
            f"{policy}/scaling_driver": "acpi-cpufreq", f"{policy}/scaling_governor": "schedutil",
            f"{policy}/scaling_available_governors": "performance schedutil", f"{policy}/related_cpus": cpu,
            f"{policy}/affected_cpus": cpu, f"{policy}/scaling_min_freq": "1500000",
            f"{policy}/scaling_max_freq": "3500000", f"{policy}/cpuinfo_min_freq": "1500000",
            f"{policy}/cpuinfo_max_freq": "3500000",
        }
        for index, (level, shared) in enumerate([(1, f"{core},{core + CORES}"), (1, f"{core},{core + CORES}"),
                                                 (2, f"{core},{core + CORES}"),
                                                 (3, f"{first}-{first + 7},{first + CORES}-{first + CORES + 7}")]):
            files |= {f"{at}/cache/index{index}/level": level, f"{at}/cache/index{index}/shared_cpu_list": shared}
        for state, latency in enumerate((0, 1, 2, 800)):
            files |= {f"{at}/cpuidle/state{state}/latency": latency, f"{at}/cpuidle/state{state}/disable": "0"}
    for irq in range(IRQS):
        files[f"proc/irq/{irq}/smp_affinity_list"] = everything
    for path, text in files.items():
        file = pathlib.Path(root) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")


def cpu_ms(*command):
    """The program's own time, and the kernel's for it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime), 1000 * (after.ru_stime - before.ru_stime)


def main():
    agent, rounds = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 15
    memory = "/dev/shm"
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        make_tree(f"{folder}/root")
        place = ["--sysroot", f"{folder}/root", "--state", f"{folder}/state"]
        tune, restore = [], []
        for _ in range(rounds):
            tune.append(cpu_ms(agent, "host", "tune", "--quiet", *place))
            restore.append(cpu_ms(agent, "host", "restore", "--quiet", *place))
    start = [cpu_ms(agent, "--version") for _ in range(rounds)]
    for name, values in (("tune", tune), ("restore", restore), ("start alone", start)):
        whole = [own + kernel for own, kernel in values]
        own, kernel = (statistics.median(part) for part in zip(*values))
        print(f"{name}: median {statistics.median(whole):.1f} ms of CPU time ({own:.1f} its own, {kernel:.1f} the kernel's), "
              f"least {min(whole):.1f}, most {max(whole):.1f}, n = {rounds}")


if __name__ == "__main__":
    main()
