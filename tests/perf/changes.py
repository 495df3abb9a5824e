#!/usr/bin/env python3
"""Finding changes: how well and how fast `lance-bench changes` does it.

    tests/perf/changes.py quality [--seed TEXT] [--series 200] [--suite FOLDER …] [--detector COMMAND]
    tests/perf/changes.py speed [--detector COMMAND]
    tests/perf/changes.py append
    tests/perf/changes.py store [--series 2000] [--commits 500]
    tests/perf/changes.py upstream --upstream CHECKOUT --modules FOLDER [--series 120] [--commits 50] [--rounds 5]

quality  series with known steps, and series with noise, outliers, two modes, correlated noise or a drift and no
         step; a report within two points of a step is right. FOLDER holds a suite.json {"series": [{"name",
         "values"}]} and a truth.json {"truth": {name: {"cat", "n", "cps": [{"i", "snr", "req"}]}}}, and is
         measured instead; categories that begin with "null" have no step.
speed    CPU time for one series of 100, 1,000 and 10,000 points.
append   CPU time for one more point, against all points again (tests/perf/changes_append.c, built with cc).
store    `changes` over a database with that many results.
upstream `changes` and upstream's regression_report.py on one database, in turns. FOLDER is where its modules are
         (pip install --target FOLDER plotly scipy pandas); lancedb is that of scripts/test-tools.

COMMAND reads what `lance-bench changes --stdin` reads, and is measured in its place. Prints; asserts nothing. Needs
numpy, and for `store` pyarrow and lance: the Python environment of scripts/test-tools has them. The agent is
$LANCE_BENCH, else build/lance-bench.
"""

import argparse
import collections
import hashlib
import json
import multiprocessing
import os
import pathlib
import resource
import shlex
import subprocess
import sys
import tempfile
import time

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
AGENT = os.environ.get("LANCE_BENCH", str(HERE.parent.parent / "build/lance-bench"))
NEAR = 2
SIZES = ((4, "4 and more"), (2, "2 to 4"), (1, "1 to 2"), (0, "below 1"))


def detect(command, series):
    """What the detector says, and its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, input=json.dumps({"series": series}).encode(), stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"{command[0]} ended with {done.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(done.stdout), cpu


# -- quality

def noise(kind, rng, n, sigma):
    plain = rng.normal(0, sigma, n)
    if kind == "outliers":
        return plain + (rng.random(n) < .03) * rng.exponential(.3, n)
    if kind == "modes":
        return plain + (rng.random(n) < rng.uniform(.1, .5)) * rng.uniform(2, 6) * sigma
    if kind == "correlated":
        rho, out = rng.uniform(.3, .6), np.empty(n)
        out[0] = plain[0]
        for i in range(1, n):
            out[i] = rho * out[i - 1] + np.sqrt(1 - rho * rho) * plain[i]
        return out
    if kind == "drift":
        return plain + np.linspace(0, rng.uniform(1, 4) * sigma, n)
    return plain


def make_suite(seed, count):
    kinds = ["plain", "outliers", "modes", "correlated", "drift"]
    series, truth = [], {}
    for number in range(2 * count):
        rng = np.random.default_rng(int.from_bytes(hashlib.sha256(f"{seed}/{number}".encode()).digest()[:8], "big"))
        stepped = number >= count
        kind = kinds[number % (4 if stepped else 5)]
        n, sigma = int(np.exp(rng.uniform(np.log(40), np.log(1500)))), float(np.exp(rng.uniform(*np.log([.002, .05]))))
        level, steps = np.zeros(n), []
        values = noise(kind, rng, n, sigma)
        spread = float(np.std(values)) if kind == "modes" else sigma
        places = sorted(rng.choice(np.arange(8, n - 8), min(int(rng.integers(1, 5)), n // 16), replace=False)) \
            if stepped else []
        places = [p for i, p in enumerate(places) if not i or p - places[i - 1] >= 8]
        edges = [0, *places, n]
        for i, place in enumerate(places, 1):
            size = float(np.exp(rng.uniform(*np.log([.01, .2])))) * rng.choice([-1, 1])
            level[place:] += size
            left, right = place - edges[i - 1], edges[i + 1] - place
            snr = abs(size) / spread
            evidence = snr * np.sqrt(left * right / (left + right))
            steps.append({"i": int(place), "snr": snr, "req": bool(snr >= 1.5 and evidence >= 5)})
        name = f"{kind}-{number}"
        series.append({"name": name, "values": [float(v) for v in np.exp(level + values) * 1e6]})
        truth[name] = {"cat": f"{'step' if stepped else 'null'}_{kind}", "n": n, "cps": steps}
    return series, truth


def match(wanted, found):
    """One to one, the nearest first: indices of `wanted` and of `found`."""
    pairs = sorted((abs(a - b), i, j) for i, a in enumerate(wanted) for j, b in enumerate(found) if abs(a - b) <= NEAR)
    left, right = set(), set()
    for _, i, j in pairs:
        if i not in left and j not in right:
            left.add(i)
            right.add(j)
    return left, right


def ratio(a, b):
    return a / b if b else float("nan")


def report_quality(title, truth, found):
    by_kind, by_size = collections.defaultdict(collections.Counter), collections.defaultdict(collections.Counter)
    for name, t in truth.items():
        reports = sorted(set(found.get(name, [])))
        hit, right = match([c["i"] for c in t["cps"]], reports)
        wrong = len(reports) - len(right)
        by_kind[t["cat"]].update(points=t["n"], series=1, wrong=wrong, spoiled=bool(wrong),
                                 hit=sum(t["cps"][i]["req"] for i in hit), needed=sum(c["req"] for c in t["cps"]))
        for i, c in enumerate(t["cps"]):
            size = next(name for least, name in SIZES if c["snr"] >= least)
            by_size[size].update(all=1, hit=i in hit)
    total = sum(by_kind.values(), collections.Counter())
    print(f"\n{title}\n{'kind':18}{'series':>7}{'points':>8}{'needed':>8}{'found':>7}{'wrong':>7}")
    for kind, c in sorted(by_kind.items()):
        print(f"{kind:18}{c['series']:7}{c['points']:8}{c['needed']:8}{c['hit']:7}{c['wrong']:7}")
    precision, recall = ratio(total["hit"], total["hit"] + total["wrong"]), ratio(total["hit"], total["needed"])
    print(f"precision {precision:.3f}  recall {recall:.3f}  F1 {ratio(2 * precision * recall, precision + recall):.3f}")
    print("recall by step/noise: " + "  ".join(
        f"{size}: {ratio(c['hit'], c['all']):.2f} of {c['all']}" for size, c in sorted(by_size.items())))
    null = [c for kind, c in by_kind.items() if kind.startswith("null")]
    steady = [c for kind, c in by_kind.items() if kind.startswith("null") and kind not in ("null_drift", "null_var")]
    false = 1000 * ratio(sum(c["wrong"] for c in steady), sum(c["points"] for c in steady))
    spoiled, all_of_them = sum(c["spoiled"] for c in null), sum(c["series"] for c in null)
    print(f"without a step: {spoiled} of {all_of_them} series with a report; without drift and change of variance "
          f"{false:.3f} reports per 1000 points")


def quality(args):
    if args.suite:
        for folder in map(pathlib.Path, args.suite):
            series = json.loads((folder / "suite.json").read_text())["series"]
            truth = json.loads((folder / "truth.json").read_text())["truth"]
            report_quality(folder.name, truth, detect(args.detector, series)[0])
        return
    series, truth = make_suite(args.seed, args.series)
    report_quality(f"seed {args.seed}", truth, detect(args.detector, series)[0])


# -- speed

def speed(args):
    rng = np.random.default_rng(11)
    start = min(detect(args.detector, [])[1] for _ in range(5))
    print(f"{'points':>7}{'steps':>7}{'ms a series':>13}")
    for n in (100, 1000, 10000):
        for steps in (0, n // 100):
            series = []
            for i in range(max(10, 60000 // n)):
                level = np.zeros(n)
                for place in rng.choice(np.arange(10, n - 10), steps, replace=False):
                    level[place:] += rng.normal(0, .06)
                series.append({"name": str(i), "values": list(np.exp(level + rng.normal(0, .01, n)) * 1e6)})
            cpu = min(detect(args.detector, series)[1] for _ in range(3))
            print(f"{n:7}{steps:7}{1000 * max(0, cpu - start) / len(series):13.3f}")


def append(_):
    root = HERE.parent.parent
    with tempfile.TemporaryDirectory() as folder:
        sources = [*(root / "agent/decide").glob("*.c"), root / "agent/base/alloc.c", root / "agent/base/sort.c"]
        program = pathlib.Path(folder) / "append"
        subprocess.run(["cc", "-O2", "-std=gnu17", "-D_GNU_SOURCE", "-I", root / "agent", "-o", program,
                        HERE / "changes_append.c", *sources, "-lm"], check=True)
        subprocess.run([program], check=True)


# -- store

def make_store(folder, series, commits):
    import lance
    import pyarrow as pa

    rng = np.random.default_rng(5)
    number, text = pa.float64(), pa.string()
    for commit in range(commits):
        level = 1e6 * (1 + np.arange(series) % 97) * np.exp(rng.normal(0, .01, series))
        level *= np.where((np.arange(series) % 20 == 0) & (commit >= commits // 2), 1.08, 1)
        ident = hashlib.sha1(str(commit).encode()).hexdigest()
        values = (level[:, None] * np.exp(rng.normal(0, .003, (series, 10)))).round(1)
        quartiles = np.quantile(values, [0, .25, .5, .75, 1], axis=1)
        repeat = lambda value, kind: pa.array([value] * series, kind)  # noqa: E731
        rows = {
            "id": pa.array([f"{ident[:24]}{i:012x}" for i in range(series)], text),
            "dut": pa.StructArray.from_arrays(
                [repeat("lance", text), repeat(f"1.2.3+{ident[:7]}", text),
                 repeat(1600000000 + 3600 * commit, pa.int64())], ["name", "version", "timestamp"]),
            "test_bed": pa.StructArray.from_arrays(
                [repeat("bed", text), repeat("a CPU", text), repeat(64, pa.int32()), repeat("Linux 6.1", text),
                 repeat(1600000000, pa.int64())], ["name", "cpu", "memory_gb", "os", "created_at"]),
            "benchmark_name": pa.array([f"group_{i // 20}/benchmark with a name/{i}" for i in range(series)], text),
            "values": pa.array(list(values), pa.list_(number)),
            "summary": pa.StructArray.from_arrays(
                [pa.array(x, number) for x in (*quartiles, values.mean(axis=1), values.std(axis=1, ddof=1))],
                ["min", "q1", "median", "q3", "max", "mean", "standard_deviation"]),
            "units": repeat("nanoseconds", text),
            "throughput": pa.nulls(series, pa.struct([("multiplier", number), ("name", text), ("unit_system", text)])),
            "metadata": repeat(json.dumps({"schema": 1, "harness": "criterion", "commit": ident, "run": ident[:16],
                                           "iterations": 100}, separators=(",", ":")), text),
            "timestamp": repeat(1600000100 + 3600 * commit, pa.int64()),
        }
        table = pa.table(rows)
        if not commit:
            batches, schema = [], table.schema
        batches.extend(table.to_batches())
    lance.write_dataset(pa.Table.from_batches(batches, schema), f"{folder}/results.lance", data_storage_version="2.1")


def store(args):
    with tempfile.TemporaryDirectory() as folder:
        # A process of its own: what this one held would count as the agent's memory.
        maker = multiprocessing.Process(target=make_store, args=(folder, args.series, args.commits))
        maker.start()
        maker.join()
        started = time.perf_counter()
        with open(os.devnull, "w") as nowhere:
            process = subprocess.Popen([AGENT, "--db", folder, "--format", "json", "changes"], stdout=subprocess.PIPE,
                                       stderr=nowhere)
            found = json.load(process.stdout)
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        print(f"{args.series * args.commits:,} results: {len(found)} changes, exit code {process.returncode}, "
              f"{time.perf_counter() - started:.2f} s, {usage.ru_utime + usage.ru_stime:.2f} s of CPU, "
              f"{usage.ru_maxrss / 1024:.0f} MiB")


# -- upstream

def measure(command, env):
    started = time.perf_counter()
    with open(os.devnull, "w") as nowhere:
        process = subprocess.Popen(command, env=env, stdout=nowhere, stderr=nowhere)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[0]} ended with {process.returncode}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def upstream(args):
    checkout = args.upstream.resolve()
    with tempfile.TemporaryDirectory() as folder:
        db = pathlib.Path(folder) / "db"
        db.mkdir()
        maker = multiprocessing.Process(target=make_store, args=(db, args.series, args.commits))
        maker.start()
        maker.join()
        env = {**os.environ, "LANCE_BENCH_URI": str(db),
               "PYTHONPATH": os.pathsep.join(map(str, (args.modules.resolve(), checkout / "packages")))}
        commands = {
            "lance-bench changes": [AGENT, "--db", str(db), "--format", "json", "changes"],
            "regression_report.py": [sys.executable, str(checkout / "scripts" / "regression_report.py"),
                                     "-o", f"{folder}/report.html"],
        }
        rounds = [{name: measure(command, env) for name, command in commands.items()} for _ in range(args.rounds)]
        print(f"{args.series * args.commits:,} results of {args.series} series, medians of {args.rounds} rounds")
        for name in commands:
            wall, cpu, memory = (float(np.median([r[name][i] for r in rounds])) for i in range(3))
            print(f"{name:22}{wall:8.2f} s  {cpu:8.2f} s of CPU  {memory:7.0f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    for name, run in (("quality", quality), ("speed", speed), ("append", append), ("store", store),
                      ("upstream", upstream)):
        verb = verbs.add_parser(name)
        verb.set_defaults(run=run)
        verb.add_argument("--detector", type=shlex.split, default=[AGENT, "changes", "--stdin"])
        if name == "quality":
            verb.add_argument("--seed", default="1")
            verb.add_argument("--suite", action="append")
        if name in ("quality", "store", "upstream"):
            verb.add_argument("--series", type=int, default={"quality": 200, "store": 2000, "upstream": 120}[name])
        if name in ("store", "upstream"):
            verb.add_argument("--commits", type=int, default=500 if name == "store" else 50)
        if name == "upstream":
            verb.add_argument("--upstream", type=pathlib.Path, required=True)
            verb.add_argument("--modules", type=pathlib.Path, required=True)
            verb.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
