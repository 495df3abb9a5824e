#!/usr/bin/env python3
"""Wall and CPU clock beside each other: A/A noise of pairs of processes, idle and with a neighbour on the same CPU.

    LANCE_BENCH=build/lance-bench tests/perf/clock.py [PAIRS] [--time 0.4] [--executable PATH]

Ways of measuring take turns in every pair, A B B A: the wall clock; the CPU clock; the CPU clock with both processes of the
pair at once ("at once", as `compare --measure --clock cpu` runs them), which slows both of them alike whatever slows the
machine; and a bare C program that does the same arithmetic and reads its own CPU time: what it scatters by is the machine's.
Prints for each the standard deviation of ln(B/A) over the pairs, where A and B are the medians (the means, the smallest) of
the samples of two processes of the same program. --executable is the bench "steady" of tests/fixtures/odd, built already;
without it the agent builds it; --time is what Criterion measures for, in seconds. Asserts nothing.
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
CLOCKS = ["wall", "cpu"]
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


class Bare:
    """A process of the bare program."""

    def __init__(self, program, cpu):
        self.process = subprocess.Popen([program], stdout=subprocess.PIPE, text=True,
                                        preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))

    def end(self):
        printed = self.process.communicate()[0]
        assert self.process.returncode == 0
        times, iterations = zip(*(map(float, line.split()) for line in printed.splitlines()))
        return {NAMES[0]: statistics_of(times, iterations)}


class Bench:
    """A process of the bench "steady", which measures one benchmark after the other."""

    def __init__(self, executable, library, seconds, clock, cpu):
        self.home, self.clock = tempfile.TemporaryDirectory(), clock
        env = {"PATH": os.environ["PATH"], "CRITERION_HOME": self.home.name}
        if clock == "cpu":
            env |= {"LD_PRELOAD": str(library), "LANCE_BENCH_CLOCK": self.home.name + "/report"}
        self.process = subprocess.Popen(
            [executable, "--bench", "--noplot", "--warm-up-time", str(seconds / 4), "--measurement-time", str(seconds),
             "--sample-size", "20"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.home.name, env=env,
            preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))

    def end(self):
        assert self.process.wait() == 0
        home = pathlib.Path(self.home.name)
        if self.clock == "cpu":
            lines = (home / "report").read_text().splitlines()
            assert len(lines) == 1 + len(NAMES), lines
        found = {}
        for name in NAMES:
            sample = json.loads((home / name.replace("/", "_") / "new" / "sample.json").read_text())
            found[name] = statistics_of(sample["times"], sample["iters"])
        self.home.cleanup()
        return found


def in_turn(start):
    return start().end(), start().end()


def at_once(start):
    first, second = start(), start()
    return first.end(), second.end()


def measure(ways, pairs):
    """`ways` are functions that run two processes; the statistics' logarithms of B/A and levels by way and name."""
    logs, levels = {}, {}
    for n in range(pairs):
        for way in list(ways)[:: 1 if n % 2 else -1]:
            first, second = ways[way]()
            a, b = (first, second) if n % 2 else (second, first)
            for name in a:
                levels.setdefault((way, name), []).extend([a[name][0], b[name][0]])
                logs.setdefault((way, name), []).append([math.log(b[name][i] / a[name][i]) for i in range(STATISTICS)])
    return logs, levels


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pairs", nargs="?", type=int, default=30)
    parser.add_argument("--time", type=float, default=.4)
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
        start = {clock: functools.partial(Bench, executable, library, arguments.time, clock, cpu) for clock in CLOCKS}
        ways = {clock: functools.partial(in_turn, start[clock]) for clock in CLOCKS}
        ways["cpu, at once"] = functools.partial(at_once, start["cpu"])
        ways["bare"] = functools.partial(in_turn, functools.partial(Bare, bare, cpu))
        print(f"{arguments.pairs} pairs of processes on CPU {cpu}; sd of ln(B/A)")
        print(f"load average before: {os.getloadavg()[0]:.1f}")
        print(f"{'':10} {'clock':12} {'benchmark':18} {'of medians':>11} {'of means':>11} {'of smallest':>11} {'level, ns':>11}")
        for beside in (False, True):
            neighbour = beside and subprocess.Popen([sys.executable, "-c", "while True: pass"],
                                                    preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
            try:
                logs, levels = measure(ways, arguments.pairs)
            finally:
                if neighbour:
                    neighbour.kill()
                    neighbour.wait()
            for way, name in logs:
                sds = "".join(f" {statistics.stdev(column):>11.3%}" for column in zip(*logs[way, name]))
                print(f"{'neighbour' if beside else 'alone':10} {way:12} {name:18}{sds} "
                      f"{statistics.median(levels[way, name]):>11.0f}", flush=True)


main()
