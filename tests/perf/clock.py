#!/usr/bin/env python3
"""Wall and CPU clock beside each other: A/A noise of pairs of processes, idle and with a neighbour on the same CPU.

    LANCE_BENCH=build/lance-bench tests/perf/clock.py [PAIRS] [--executable PATH]

The two clocks take turns in every pair, A B B A. Prints for each the standard deviation of ln(B/A) over the pairs, where A and
B are the medians (and the means) of the samples of two processes of the same program. --executable is the bench "steady" of
tests/fixtures/odd, built already; without it the agent builds it. Asserts nothing.
"""

import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "cli"))

from run_helpers import ODD, Machine, add_odd_benches, make_sample  # noqa: E402

NAMES = ["steady/arithmetic", "steady/sort"]
SHORT = ["--bench", "--noplot", "--warm-up-time", "0.1", "--measurement-time", "0.4", "--sample-size", "20"]
CLOCKS = ["wall", "cpu"]


def build(agent, folder):
    machine = Machine(agent, folder)
    repo = make_sample(pathlib.Path(folder) / "wordbag")
    add_odd_benches(repo, ODD)
    done, _ = machine.run(repo, "--rev", "odd", "--bench", "steady", "--list")
    assert done.returncode == 0, done.stderr
    (executable,) = [p for p in pathlib.Path(folder).glob("cache/lance-bench/build/*/target/release/deps/steady-*")
                     if not p.suffix]
    return executable


def process(executable, library, clock, cpu):
    """Median and mean of each benchmark's samples, in nanoseconds per iteration."""
    with tempfile.TemporaryDirectory() as home:
        env = {"PATH": os.environ["PATH"], "CRITERION_HOME": home}
        if clock == "cpu":
            env |= {"LD_PRELOAD": str(library), "LANCE_BENCH_CLOCK": home + "/report"}
        subprocess.run([executable, *SHORT], check=True, capture_output=True, cwd=home, env=env,
                       preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
        if clock == "cpu":
            lines = (pathlib.Path(home) / "report").read_text().splitlines()
            assert len(lines) == 1 + len(NAMES), lines
        found = {}
        for name in NAMES:
            sample = json.loads((pathlib.Path(home) / name.replace("/", "_") / "new" / "sample.json").read_text())
            values = [t / n for t, n in zip(sample["times"], sample["iters"])]
            found[name] = statistics.median(values), sum(sample["times"]) / sum(sample["iters"])
        return found


def measure(executable, library, pairs, cpu):
    logs = {(clock, name, i): [] for clock in CLOCKS for name in NAMES for i in range(2)}
    levels = {clock: {name: [] for name in NAMES} for clock in CLOCKS}
    for n in range(pairs):
        for clock in CLOCKS if n % 2 else CLOCKS[::-1]:
            first, second = (process(executable, library, clock, cpu) for _ in range(2))
            a, b = (first, second) if n % 2 else (second, first)
            for name in NAMES:
                levels[clock][name] += [a[name][0], b[name][0]]
                for i in range(2):
                    logs[clock, name, i].append(math.log(b[name][i] / a[name][i]))
    return logs, levels


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pairs", nargs="?", type=int, default=30)
    parser.add_argument("--executable")
    arguments = parser.parse_args()
    agent = pathlib.Path(os.environ.get("LANCE_BENCH", ROOT / "build" / "lance-bench")).resolve()
    library = agent.parent / "generated" / "liblance_bench_clock.so"
    cpu = max(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        executable = arguments.executable or build(str(agent), folder)
        # This program stays off the CPU that is measured on.
        os.sched_setaffinity(0, os.sched_getaffinity(0) - {cpu} or {cpu})
        print(f"{arguments.pairs} pairs of processes on CPU {cpu}; sd of ln(B/A)")
        print(f"load average before: {os.getloadavg()[0]:.1f}")
        print(f"{'':10} {'clock':6} {'benchmark':18} {'of medians':>11} {'of means':>11} {'level, ns':>11}")
        for beside in (False, True):
            neighbour = beside and subprocess.Popen([sys.executable, "-c", "while True: pass"],
                                                    preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
            try:
                logs, levels = measure(executable, library, arguments.pairs, cpu)
            finally:
                if neighbour:
                    neighbour.kill()
                    neighbour.wait()
            for clock in CLOCKS:
                for name in NAMES:
                    sds = [statistics.stdev(logs[clock, name, i]) for i in range(2)]
                    print(f"{'neighbour' if beside else 'alone':10} {clock:6} {name:18} {sds[0]:>10.3%} {sds[1]:>11.3%} "
                          f"{statistics.median(levels[clock][name]):>11.0f}", flush=True)


main()
