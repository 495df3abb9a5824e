#!/usr/bin/env python3
"""False alarms and power of `compare --stdin`, the rule of `compare --history`, by simulation.

    tests/perf/pr_rule.py [--repeats 20000] [--families 2000] [--seed 1] [--history FILE]

A run is one number: a level, times noise from run to run (log-normal, the coefficient of variation below), times a
tenth of that from within the run. Each cell tests `repeats` commits alone at 1 % and .1 %, one-sided; the last table
tests 100 unchanged benchmarks together. FILE is {"series": [{"name", "values"}]}: every run from the 21st on is held
against the 20 before it, which counts true changes as alarms too.

Prints rates with the binomial standard error; asserts nothing. Needs numpy and scipy. The agent is $LANCE_BENCH, else
build/lance-bench.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

import numpy as np

AGENT = os.environ.get("LANCE_BENCH", str(pathlib.Path(__file__).resolve().parent.parent.parent / "build/lance-bench"))

# title, coefficient of variation, runs of history, new runs, change, share of wild runs, old level and how many
CELLS = [
    (f"CV {100 * cv:g} %, N = {n}, 1 run", cv, n, 1, 0, (0, 0)) for cv in (.006, .02, .05) for n in (5, 10, 20)
] + [
    ("CV 2 %, N = 20, 5 runs", .02, 20, 5, 0, (0, 0)),
    ("CV 2 %, N = 20, 1 run, 3 % wild runs", .02, 20, 1, .03, (0, 0)),
    ("CV 2 %, N = 20, 1 run, 8 % slower until 10 runs ago", .02, 20, 1, 0, (10, .08)),
]
CHANGES = (0, .02, .05, .1)


def simulate(rng, repeats, cell, change):
    _, cv, n, runs, wild, (old, by) = cell
    log = rng.normal(0, cv, (repeats, n + runs)) + rng.normal(0, cv / 10, (repeats, n + runs))
    log += (rng.random(log.shape) < wild) * rng.exponential(8 * cv, log.shape)
    log[:, :old] += np.log1p(by)
    log[:, n:] += np.log1p(change)
    return 1000 * np.exp(log[:, :n]), 1000 * np.exp(log[:, n:])


def ask(tests, **settings):
    done = subprocess.run([AGENT, "compare", "--stdin"], input=json.dumps({"tests": tests, **settings}).encode(),
                          stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"{AGENT} ended with {done.returncode}")
    return json.loads(done.stdout)


def p_values(history, runs):
    said = ask([{"history": h.tolist(), "values": r.tolist()} for h, r in zip(history, runs)], together=False)
    return np.array([s["p_higher"] for s in said])


def peer(history, runs):
    """Student's test on the run means of all the history: the best of the peers' rules, without their defaults."""
    from scipy import stats
    n, k = history.shape[1], runs.shape[1]
    t = (runs.mean(1) - history.mean(1)) / (history.std(1, ddof=1) * np.sqrt(1 / k + 1 / n))
    return stats.t.sf(t, n - 1)


def percent(flags):
    share = float(np.mean(flags))
    return f"{100 * share:.2f} ±{100 * (share * (1 - share) / len(flags)) ** .5:.2f}"


def cells(args):
    print("| cell | at | false alarms, % | " + " | ".join(f"+{100 * c:g} %" for c in CHANGES[1:]) + " |")
    print("|---|---|---|" + "---|" * (len(CHANGES) - 1))
    for cell in CELLS:
        for name, rule in (("", p_values), (", plain t on all", peer)):
            rng = np.random.default_rng([args.seed, CELLS.index(cell)])
            got = [rule(*simulate(rng, args.repeats, cell, change)) for change in CHANGES]
            for alpha in (.01, .001):
                print(f"| {cell[0]}{name} | {100 * alpha:g} % | " + " | ".join(percent(p <= alpha) for p in got) + " |",
                      flush=True)


def families(args):
    print("\n| 100 unchanged benchmarks, asked 5 % | comparisons with an alarm, % |\n|---|---|")
    for cell in CELLS[3:6]:
        rng = np.random.default_rng([args.seed, 99, CELLS.index(cell)])
        alarms = []
        for _ in range(args.families):
            history, runs = simulate(rng, 100, cell, 0)
            said = ask([{"history": h.tolist(), "values": r.tolist()} for h, r in zip(history, runs)], together=True,
                       alpha=.05)
            alarms.append(any(s["verdict"] == "worse" for s in said))
        print(f"| {cell[0]} | {percent(alarms)} |", flush=True)


def real(path):
    history, runs = [], []
    for series in json.loads(pathlib.Path(path).read_text())["series"]:
        values = [v for v in series["values"] if v is not None]
        for i in range(20, len(values)):
            history.append(values[i - 20:i])
            runs.append(values[i:i + 1])
    p = p_values(np.array(history), np.array(runs))
    print(f"\nReal history: {len(p)} runs held against the 20 before them: " + ", ".join(
        f"{percent(p <= alpha)} % called slower at {100 * alpha:g} %" for alpha in (.01, .001, .0005)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20000)
    parser.add_argument("--families", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--history")
    args = parser.parse_args()
    cells(args)
    families(args)
    if args.history:
        real(args.history)


if __name__ == "__main__":
    main()
