#!/usr/bin/env python3
"""`compare --measure`: how often it is wrong, what it finds, and with how many pairs.

    tests/perf/head_to_head.py simulate [--sessions 10000] [--recorded FILE]
    tests/perf/head_to_head.py live [--sessions 50] [--clock cpu [--pairs in-turn]] [--keep FOLDER] [--record FILE] [--time 0.05]
    tests/perf/head_to_head.py peers [--processes 80] [--clock cpu] [--keep FOLDER]

simulate  its step function (tests/perf/head_to_head_sim.c, built with cc) on made-up pairs: normal, Student's t with
          three degrees of freedom, normal with wild ones, and recorded ones, where FILE has the pairs of one benchmark
          on each line.
live      sessions of the agent that hold the sample's first commit against itself, three Criterion benchmarks each:
          whatever is called is a false alarm. Builds are kept in FOLDER, so that a second call goes on with them; FILE
          gets the pairs.
peers     samples of processes of the same benchmarks, and what asv's rule for `continuous` (Mann-Whitney's U of the
          samples of two processes a side, p < .002, and a factor of 1.1) and upstream's (|z| > 2, the deviation that of
          one run's samples) make of any two halves of them, beside a t test of pairs of processes.

Prints; asserts nothing. `peers` needs numpy. The agent is $LANCE_BENCH, else build/lance-bench.
"""

import argparse
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "cli"))

from run_helpers import Machine, make_sample  # noqa: E402

AGENT = os.environ.get("LANCE_BENCH", str(ROOT / "build" / "lance-bench"))
BENCHMARKS = ["words/split", "words/unique/500", "words/unique/2000"]
CHANGES = [(5, 5), (2, 2), (.3, .3)]  # per cent: the change, and the noise of a pair


# -- simulate

def build_simulation(folder):
    program = pathlib.Path(folder) / "simulate"
    sources = [*(ROOT / "agent/decide").glob("*.c"), ROOT / "agent/base/alloc.c", ROOT / "agent/base/sort.c"]
    subprocess.run(["cc", "-O2", "-std=gnu17", "-D_GNU_SOURCE", "-I", ROOT / "agent", "-o", program,
                    HERE / "head_to_head_sim.c", *sources, "-lm"], check=True)
    return program


def run_simulation(program, *words):
    done = subprocess.run([program, *map(str, words)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def deviation(pairs):
    return math.sqrt(sum(x * x for x in pairs) / len(pairs))


def normal_quantile(p):
    low, high = -10.0, 10.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if .5 * math.erfc(-middle / math.sqrt(2)) < p else (low, middle)
    return low


def fixed_size(power, alpha, effect):
    """Pairs that a two-sided t test of a fixed number of them needs: the normal law's, and the correction of Guenther
    (The American Statistician 35, 1981) for the unknown variance."""
    z = normal_quantile(1 - alpha / 2)
    return math.ceil(((z + normal_quantile(power)) / effect) ** 2 + z * z / 2)


def simulate(args):
    with tempfile.TemporaryDirectory() as folder:
        program = build_simulation(folder)
        kinds = ["normal", "t3", "wild"]
        print("sessions without a change, ten benchmarks: share with any call (asked for: at most .01)")
        for kind in kinds + ([args.recorded] if args.recorded else []):
            scale = 2 if kind in kinds else 1
            found = run_simulation(program, args.sessions, 10, 0, scale, kind)
            one = run_simulation(program, args.sessions, 1, 0, scale, kind)
            print(f"  {pathlib.Path(kind).name:10} {found['with_a_call']:.4f}; one benchmark {one['with_a_call']:.4f}; "
                  f"pairs {found['pairs']:.1f}, covered by the interval {found['covered']:.4f}")
        print("changes, within 40 pairs (confirmation counts)")
        for kind in kinds[:2]:
            for change, noise in CHANGES:
                ten = run_simulation(program, args.sessions // 5, 10, change, noise, kind)
                one = run_simulation(program, args.sessions, 1, change, noise, kind)
                print(f"  +{change} % at {noise} %, {kind:6}: ten benchmarks {ten['called']:.3f} found with "
                      f"{ten['pairs_of_called']:.1f} pairs; one {one['called']:.3f} with {one['pairs']:.1f}", end="")
                if kind == "normal":
                    fixed = fixed_size(one["called"], .01, math.log1p(change / 100) / (noise / 100))
                    print(f", a fixed-size test needs {fixed}: {one['pairs'] / fixed:.0%}", end="")
                print()
        if args.recorded:
            for number, line in enumerate(pathlib.Path(args.recorded).read_text().splitlines()):
                pairs = [float(word) for word in line.split()]
                one = pathlib.Path(folder) / "one"
                one.write_text(" ".join(map(str, pairs)) + "\n")
                noise = 100 * deviation(pairs)
                found = run_simulation(program, args.sessions // 5, 10, noise, 1, one)
                print(f"  recorded pairs {number + 1} ({len(pairs)}, {noise:.2f} %): a change as large is found in "
                      f"{found['called']:.3f}, with {found['pairs_of_called']:.1f} pairs")


# -- live

def prepare(folder):
    folder = pathlib.Path(folder)
    repo = folder / "wordbag"
    if not repo.exists():
        folder.mkdir(parents=True, exist_ok=True)
        make_sample(repo)
    return Machine(AGENT, folder / "machine"), repo


def session(machine, repo, args, seed):
    started = time.monotonic()
    done = machine("--format", "json", "compare", "first", "first", "--measure", "--repo", repo,
                   "--benchmark", "words/", "--measurement-time", args.time, "--seed", seed, *(["--pairs", args.pairs] if args.pairs else []),
                   "--", "--rust-only", "--bench", "words", "--clock",
                   args.clock, "--retakes", args.retakes)
    if not done.stdout:
        sys.exit(done.stderr)
    return json.loads(done.stdout), time.monotonic() - started


def live_in(folder, args):
    machine, repo = prepare(folder)
    alarms, pairs = 0, {}
    for number in range(args.sessions):
        printed, seconds = session(machine, repo, args, args.seed + number)
        rows = printed["benchmarks"]
        called = [row["benchmark"] for row in rows if row["verdict"] in ("worse", "better")]
        alarms += bool(called)
        for row in rows:
            pairs.setdefault(row["benchmark"], []).extend(row["log_ratios"])
        shown = ", ".join(f"{row['verdict']} {100 * row['change']:+.2f} % ({row['pairs']} pairs, noise "
                          f"{100 * row['noise']:.2f} %)" for row in rows)
        print(f"{number + 1:3}: {seconds:.0f} s ({printed['measure_s']:.0f} s of measuring, {printed['processes']} "
              f"processes, {printed['blocks_again']} blocks again, machine {printed['canary']}): {shown}"
              + (f"  FALSE ALARM: {', '.join(called)}" if called else ""), flush=True)
        if args.record:
            pathlib.Path(args.record).write_text("".join(" ".join(map(str, found)) + "\n" for found in pairs.values()))
    print(f"{alarms} of {args.sessions} sessions with a false alarm, clock {args.clock}")
    for name, found in pairs.items():
        print(f"  {name}: {len(found)} pairs, standard deviation {100 * deviation(found):.2f} %")


# -- peers

def samples_of(machine, repo, args):
    """Medians would not do here: the samples of each process, by benchmark."""
    done, _ = machine.run(repo, "--rev", "first", "--rust-only", "--bench", "words", "--list")
    if done.returncode:
        sys.exit(done.stderr)
    found = sorted(machine.cache.glob("lance-bench/build/*/target/release/deps/words-*"),
                   key=lambda path: path.stat().st_mtime)
    executable = [path for path in found if not path.suffix][-1]
    processes = {name: [] for name in BENCHMARKS}
    for _ in range(args.processes):
        with tempfile.TemporaryDirectory() as home:
            subprocess.run([executable, "--bench", "--noplot", "--warm-up-time", str(args.time / 4),
                            "--measurement-time", str(args.time), "--sample-size", "10"],
                           check=True, capture_output=True, cwd=home, env={"PATH": os.environ["PATH"], "CRITERION_HOME": home},
                           preexec_fn=lambda: os.sched_setaffinity(0, {max(os.sched_getaffinity(0))}))
            for name in BENCHMARKS:
                group, rest = name.split("/", 1)
                sample = json.loads((pathlib.Path(home) / group / rest / "new" / "sample.json").read_text())
                processes[name].append([t / n for t, n in zip(sample["times"], sample["iters"])])
    return processes


def mann_whitney(a, b):
    """The two-sided p-value by the normal law."""
    merged = sorted([(x, 0) for x in a] + [(x, 1) for x in b])
    ranks = sum(i + 1 for i, (_, side) in enumerate(merged) if side == 0)
    u = ranks - len(a) * (len(a) + 1) / 2
    scale = math.sqrt(len(a) * len(b) * (len(a) + len(b) + 1) / 12)
    return math.erfc(abs(u - len(a) * len(b) / 2) / scale / math.sqrt(2))


def asv_rule(np, a, b, change):
    before, after = np.concatenate(a), np.concatenate(b) * change
    factor = np.median(after) / np.median(before)
    return mann_whitney(before, after) < .002 and not 1 / 1.1 < factor < 1.1


def upstream_rule(np, a, b, change):
    before, after = a[0], b[0] * change
    deviation_of_samples = np.std(before, ddof=1)
    return deviation_of_samples > 0 and abs(np.mean(after) - np.mean(before)) / deviation_of_samples > 2


def peers_in(folder, args):
    import numpy as np

    machine, repo = prepare(folder)
    processes = samples_of(machine, repo, args)
    rng = np.random.default_rng(1)
    comparisons = 4000
    for name, recorded in processes.items():
        samples = [np.array(process) for process in recorded]
        medians = np.log([np.median(process) for process in samples])
        print(f"{name}: {len(samples)} processes; medians scatter by {100 * np.std(medians, ddof=1):.2f} %, "
              f"samples within one by {100 * np.mean([np.std(s, ddof=1) / np.mean(s) for s in samples]):.2f} %")
        for change in (1, 1.05):
            called = {"asv": 0, "upstream": 0}
            for _ in range(comparisons):
                chosen = rng.permutation(len(samples))[:4]
                a, b = [samples[i] for i in chosen[:2]], [samples[i] for i in chosen[2:]]
                called["asv"] += asv_rule(np, a, b, change)
                called["upstream"] += upstream_rule(np, a, b, change)
            print(f"  {'no change' if change == 1 else '+5 %':10} called by "
                  + ", ".join(f"{rule} {count / comparisons:.2%}" for rule, count in called.items()))


def in_folder(work, args):
    if args.keep:
        work(args.keep, args)
        return
    with tempfile.TemporaryDirectory() as folder:
        work(folder, args)


def main():
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers(dest="verb", required=True)
    part = verbs.add_parser("simulate")
    part.add_argument("--sessions", type=int, default=10000)
    part.add_argument("--recorded")
    for name in ("live", "peers"):
        part = verbs.add_parser(name)
        part.add_argument("--keep")
        part.add_argument("--time", type=float, default=.05)
        part.add_argument("--pairs", choices=("together", "in-turn"))
        part.add_argument("--clock", choices=("wall", "cpu"), default="wall")
        part.add_argument("--sessions", type=int, default=50)
        part.add_argument("--seed", type=int, default=1)
        part.add_argument("--retakes", type=int, default=1)
        part.add_argument("--record")
        part.add_argument("--processes", type=int, default=80)
    args = parser.parse_args()
    if args.verb == "simulate":
        simulate(args)
    else:
        in_folder(live_in if args.verb == "live" else peers_in, args)


if __name__ == "__main__":
    main()
