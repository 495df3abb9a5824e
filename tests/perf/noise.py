#!/usr/bin/env python3
"""A/A noise: the same benchmark time and again, with a neighbour that loads another CPU, in one session.

    LANCE_BENCH=build/lance-bench tests/perf/noise.py [ROUNDS] [--pyperf PYTHON]

Three ways take turns in every round: as the scheduler likes; pinned by hand to one CPU; pinned, on a host that
`lance-bench host tune` has tuned (and `host restore` gives back after the round). With --pyperf, the Python of an
environment with pyperf, a fourth: pinned, after `pyperf system tune`; what that changes in /proc and /sys is put
back by this script, since `pyperf system reset` writes defaults.

Prints the coefficient of variation of the rounds' medians, p99/p50 of all samples, and what tune and restore cost.
Asserts nothing. Needs root and two CPUs or more.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "cli"))

from run_helpers import ODD, Machine, add_odd_benches, make_sample  # noqa: E402

NAMES = ["steady/arithmetic", "steady/sort"]
SHORT = ["--bench", "--warm-up-time", "0.3", "--measurement-time", "0.6", "--sample-size", "30"]
# What `pyperf system tune` may write on a machine without cpufreq.
PYPERF_FILES = ["/proc/sys/kernel/perf_event_max_sample_rate", "/proc/sys/kernel/randomize_va_space",
                "/proc/irq/default_smp_affinity",
                *map(str, pathlib.Path("/proc/irq").glob("*/smp_affinity"))]


def samples_of(executable, cpus):
    """Nanoseconds per iteration of each sample of each benchmark."""
    with tempfile.TemporaryDirectory() as home:
        subprocess.run([executable, *SHORT], check=True, capture_output=True, cwd=home,
                       env={"PATH": os.environ["PATH"], "CRITERION_HOME": home},
                       preexec_fn=lambda: os.sched_setaffinity(0, cpus))
        found = {}
        for name in NAMES:
            sample = json.loads((pathlib.Path(home) / name.replace("/", "_") / "new" / "sample.json").read_text())
            found[name] = [t / n for t, n in zip(sample["times"], sample["iters"])]
        return found


def timed(*words):
    started = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return time.perf_counter() - started, done


def quantile(values, p):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(p * len(ordered)))]


class Tuned:
    """The host tuned by the agent, and what that cost."""

    def __init__(self, agent, cpu, state):
        self.agent, self.cpu, self.state, self.tune, self.restore = agent, cpu, state, [], []

    def __enter__(self):
        seconds, done = timed(self.agent, "host", "tune", "--cpus", str(self.cpu), "--state", self.state)
        if done.returncode:
            sys.exit(f"host tune: {done.stderr}")
        self.tune.append(seconds)

    def __exit__(self, *_):
        seconds, done = timed(self.agent, "host", "restore", "--state", self.state)
        if done.returncode:
            sys.exit(f"host restore: {done.stderr}")
        self.restore.append(seconds)


class Pyperf:
    def __init__(self, python):
        self.python, self.seconds, self.said = python, [], ""

    def __enter__(self):
        self.before = {}
        for path in PYPERF_FILES:
            try:
                self.before[path] = pathlib.Path(path).read_text()
            except OSError:
                pass
        seconds, done = timed(self.python, "-m", "pyperf", "system", "tune")
        self.seconds.append(seconds)
        self.said = done.stdout + done.stderr

    def __exit__(self, *_):
        for path, text in self.before.items():
            try:
                if pathlib.Path(path).read_text() != text:
                    pathlib.Path(path).write_text(text)
            except OSError:
                pass


class Nothing:
    def __enter__(self):
        pass

    def __exit__(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rounds", nargs="?", type=int, default=30)
    parser.add_argument("--pyperf")
    options = parser.parse_args()
    agent = os.environ.get("LANCE_BENCH", str(ROOT / "build" / "lance-bench"))
    everywhere = os.sched_getaffinity(0)
    measured, neighbour = max(everywhere), min(everywhere)
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(agent, folder)
        repo = make_sample(pathlib.Path(folder) / "wordbag")
        add_odd_benches(repo, ODD)
        machine.start("run", repo, "--rev", "odd", "--bench", "steady", "--testbed-name", "bed").communicate()
        (executable,) = [p for p in pathlib.Path(folder).glob("cache/lance-bench/build/*/target/release/deps/steady-*")
                         if not p.suffix]
        tuned = Tuned(agent, measured, str(pathlib.Path(folder) / "state"))
        ways = {"unpinned": (Nothing(), everywhere), "pinned": (Nothing(), {measured}),
                "pinned, host tune": (tuned, {measured})}
        if options.pyperf:
            ways["pinned, pyperf system tune"] = (Pyperf(options.pyperf), {measured})
        found = {way: {name: [] for name in NAMES} for way in ways}
        load = subprocess.Popen([sys.executable, "-c", "while True: pass"],
                                preexec_fn=lambda: os.sched_setaffinity(0, {neighbour}))
        try:
            for _ in range(options.rounds):
                for way, (setting, cpus) in ways.items():
                    with setting:
                        for name, samples in samples_of(executable, cpus).items():
                            found[way][name].append(samples)
        finally:
            load.kill()
            load.wait()
    print(f"{options.rounds} rounds; CPU {measured} measured, a process loads CPU {neighbour}; "
          f"load {os.getloadavg()[0]:.1f}")
    print(f"{'':28}{'benchmark':20}{'CV of medians':>14}{'p99/p50':>9}")
    for way in ways:
        for name in NAMES:
            medians = [statistics.median(samples) for samples in found[way][name]]
            every = [value for samples in found[way][name] for value in samples]
            print(f"{way:28}{name:20}{statistics.stdev(medians) / statistics.mean(medians):>14.2%}"
                  f"{quantile(every, 0.99) / quantile(every, 0.5):>9.3f}")
    print(f"host tune {statistics.median(tuned.tune) * 1e3:.1f} ms, restore {statistics.median(tuned.restore) * 1e3:.1f} ms, "
          "whole processes")
    if options.pyperf:
        pyperf = ways["pinned, pyperf system tune"][0]
        print(f"pyperf system tune {statistics.median(pyperf.seconds) * 1e3:.0f} ms; it says:\n{pyperf.said}")


main()
