#!/usr/bin/env python3
"""Writes cargo-criterion's JSON lines for benchmarks that never ran, to measure how fast they are read.

    make_criterion.py [LINES] [SAMPLES] > criterion.jsonl

The same arguments give the same bytes. Iteration counts are linear as Criterion's are (k, 2k, 3k…),
totals have 17 digits. 100,000 lines of 100 samples, the default, are about 329 MB.
"""

import json
import random
import sys

ROOT = (
    "/home/runner/actions-runner/_work/lance-bench/lance-bench/checkouts/lance-format/lance"
    "/rust/benchmarks/lance-encoding"
)
GROUPS = ["decode", "encode", "search", "scan", "take"]


def interval(rng: random.Random, estimate: float) -> dict:
    spread = estimate * rng.uniform(0.001, 0.02)
    return {
        "estimate": estimate,
        "lower_bound": estimate - spread,
        "upper_bound": estimate + spread,
        "unit": "ns",
    }


def message(rng: random.Random, number: int, samples: int) -> dict:
    mean = 10 ** rng.uniform(2, 6)
    step = max(1, int(5e7 / mean / samples))
    iterations = [step * i for i in range(1, samples + 1)]
    totals = [n * mean * (1 + abs(rng.gauss(0, 0.01))) for n in iterations]
    per_iteration = sum(totals) / sum(iterations)
    name = f"{GROUPS[number % len(GROUPS)]}/case_{number:06}/rows={1 << number % 20}"
    return {
        "reason": "benchmark-complete",
        "id": name,
        "report_directory": f"{ROOT}/target/criterion/reports/{name}",
        "iteration_count": iterations,
        "measured_values": totals,
        "unit": "ns",
        "throughput": [{"per_iteration": 1 << number % 20, "unit": "elements"}],
        "typical": interval(rng, per_iteration),
        "mean": interval(rng, per_iteration),
        "median": interval(rng, mean),
        "median_abs_dev": interval(rng, mean * 0.01),
        "slope": interval(rng, per_iteration),
        "change": None,
    }


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    samples = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    rng = random.Random(20261121)
    for number in range(lines):
        line = json.dumps(message(rng, number, samples), separators=(",", ":"))
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
