#!/usr/bin/env python3
"""Wall and CPU clock beside each other: A/A noise of pairs of processes, idle and with a neighbour on the same CPU.

    LANCE_BENCH=build/lance-bench tests/perf/clock.py [PAIRS] [--executable PATH]

The two clocks take turns in every pair, A B B A, and with them a bare C program that does the same arithmetic and reads its
own CPU time: what it scatters by is the machine's. Prints for each the standard deviation of ln(B/A) over the pairs, where A
and B are the medians (the means, the smallest) of the samples of two processes of the same program. --executable is the bench
"steady" of tests/fixtures/odd, built already; without it the agent builds it. Asserts nothing.
"""

import argparse
import functools
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
BARE = ("bare", NAMES[0])
STATISTICS = 3


def build(agent, folder):
    machine = Machine(agent, folder)
    repo = make_sample(pathlib.Path(folder) / "wordbag")
    add_odd_benches(repo, ODD)
    done, _ = machine.run(repo, "--rev", "odd", "--bench", "steady", "--list")
    assert done.returncode == 0, done.stderr
    (executable,) = [p for p in pathlib.Path(folder).glob("cache/lance-bench/build/*/target/release/deps/steady-*")
                     if not p.suffix]
    return executable


def build_bare(folder):
    program = pathlib.Path(folder) / "clock_bare"
    subprocess.run(["cc", "-O2", "-o", program, ROOT / "tests" / "perf" / "clock_bare.c"], check=True)
    return program


def statistics_of(times, iterations):
    """Median, mean and smallest, in nanoseconds per iteration."""
    values = [t / n for t, n in zip(times, iterations)]
    return statistics.median(values), sum(times) / sum(iterations), min(values)


def bare_process(program, cpu):
    done = subprocess.run([program], check=True, capture_output=True, text=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
    times, iterations = zip(*(map(float, line.split()) for line in done.stdout.splitlines()))
    return {BARE[1]: statistics_of(times, iterations)}


def process(executable, library, clock, cpu):
    """What statistics_of() says of each benchmark."""
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
            found[name] = statistics_of(sample["times"], sample["iters"])
        return found


def measure(runs, pairs):
    """`runs` are functions by clock that run a process; the statistics' logarithms of B/A and levels by clock and name."""
    logs, levels = {}, {}
    for n in range(pairs):
        for clock in list(runs)[:: 1 if n % 2 else -1]:
            first, second = runs[clock](), runs[clock]()
            a, b = (first, second) if n % 2 else (second, first)
            for name in a:
                levels.setdefault((clock, name), []).extend([a[name][0], b[name][0]])
                logs.setdefault((clock, name), []).append([math.log(b[name][i] / a[name][i]) for i in range(STATISTICS)])
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
        bare = build_bare(folder)
        runs = {clock: functools.partial(process, executable, library, clock, cpu) for clock in CLOCKS}
        runs[BARE[0]] = functools.partial(bare_process, bare, cpu)
        print(f"{arguments.pairs} pairs of processes on CPU {cpu}; sd of ln(B/A)")
        print(f"load average before: {os.getloadavg()[0]:.1f}")
        print(f"{'':10} {'clock':6} {'benchmark':18} {'of medians':>11} {'of means':>11} {'of smallest':>11} {'level, ns':>11}")
        for beside in (False, True):
            neighbour = beside and subprocess.Popen([sys.executable, "-c", "while True: pass"],
                                                    preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
            try:
                logs, levels = measure(runs, arguments.pairs)
            finally:
                if neighbour:
                    neighbour.kill()
                    neighbour.wait()
            for clock, name in logs:
                sds = "".join(f" {statistics.stdev(column):>11.3%}" for column in zip(*logs[clock, name]))
                print(f"{'neighbour' if beside else 'alone':10} {clock:6} {name:18}{sds} "
                      f"{statistics.median(levels[clock, name]):>11.0f}", flush=True)


main()
