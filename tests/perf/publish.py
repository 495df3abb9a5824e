#!/usr/bin/env python3
"""Publishing Criterion results: `lance-bench publish` against upstream's publisher, in the same run, alternating.

    tests/perf/publish.py [--upstream CHECKOUT] [--sizes 1000,100000] [--rounds 5]

CHECKOUT is one of github.com/lancedb/lance-bench; without it a minimal equivalent stands in, which parses the
lines with json, builds the same columns and adds them with the lancedb client. Both run in the Python
environment that scripts/test-tools makes, each time on a database of its own that is not there yet.

Prints medians, their ratio and the bytes on disk; asserts nothing. The agent is $LANCE_BENCH, else
build/lance-bench.
"""

import argparse
import json
import math
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
AGENT = os.environ.get("LANCE_BENCH", str(ROOT / "build/lance-bench"))
TOOLS = pathlib.Path(
    os.environ.get("LANCE_BENCH_TEST_TOOLS")
    or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    / "lance-bench" / "test-tools")
PYTHON = TOOLS / "venv-new" / "bin" / "python"
FLAGS = ["--dut-version", "1.2.3+abcdef0", "--dut-timestamp", "1700000000", "--testbed-name", "bed"]


def measure(words, env):
    """Seconds and peak MiB of one process."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([str(w) for w in words], env=env, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"{words[0]} failed:\n{said.read().decode()[-3000:]}")
    return seconds, usage.ru_maxrss / 1024


def bytes_below(folder):
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def ours(path, db, env):
    return measure([AGENT, "--db", db, "publish", "criterion", path, *FLAGS], env)


def theirs(path, db, env, upstream):
    env = {**env, "LANCE_BENCH_URI": str(db)}
    script = ([upstream / "scripts" / "publish_criterion.py", path, *FLAGS] if upstream
              else [__file__, "--equivalent", path, db])
    return measure([PYTHON, *script], env)


def summarise(name, rounds):
    return (name, statistics.median(s for s, _ in rounds), min(s for s, _ in rounds), max(s for s, _ in rounds),
            statistics.median(m for _, m in rounds))


def compare(size, rounds, upstream, folder):
    env = {**os.environ, "HOME": str(folder), "LANCE_BENCH_TESTBED_FILE": "/nonexistent"}
    path = folder / f"{size}.jsonl"
    with open(path, "wb") as out:
        subprocess.run([sys.executable, HERE / "make_criterion.py", str(size), "100"], stdout=out, check=True)
    mine, other = folder / "ours", folder / "theirs"
    figures = {"lance-bench": [], "upstream": []}
    for _ in range(rounds):
        for db in (mine, other):
            shutil.rmtree(db, ignore_errors=True)
        figures["lance-bench"].append(ours(path, mine, env))
        figures["upstream"].append(theirs(path, other, env, upstream))
    subprocess.run([AGENT, "--db", mine, "db", "compact", "--keep", "0", "--quiet"], env=env, check=True)
    rows = [summarise(name, of) for name, of in figures.items()]
    print(f"\n{size} results, {path.stat().st_size / 1e6:.1f} MB of JSON, {rounds} rounds")
    print(f"  {'':12}  {'seconds':>8}  {'(min–max)':>16}  {'peak MiB':>8}  {'disk MB':>8}")
    for (name, seconds, low, high, peak), db in zip(rows, (mine, other)):
        spread = f"({low:.3f}–{high:.3f})"
        print(f"  {name:12}  {seconds:8.3f}  {spread:>16}  {peak:8.0f}  {bytes_below(db) / 1e6:8.1f}")
    print(f"  times faster {rows[1][1] / rows[0][1]:.1f}, of its memory {rows[0][4] / rows[1][4]:.2f}, "
          f"of its disk {bytes_below(mine) / bytes_below(other):.2f}, "
          f"of the JSON {bytes_below(mine) / path.stat().st_size:.2f} (disk after db compact)")


def equivalent(path, db):
    """What upstream's publisher does, without its model classes."""
    import uuid

    import lancedb
    import pyarrow as pa

    text, number, whole = pa.string(), pa.float64(), pa.int64()
    schema = pa.schema([
        ("id", text), ("dut", pa.struct([("name", text), ("version", text), ("timestamp", whole)])),
        ("test_bed", pa.struct([("name", text), ("cpu", text), ("memory_gb", pa.int32()), ("os", text),
                                ("created_at", whole)])),
        ("benchmark_name", text), ("values", pa.list_(number)),
        ("summary", pa.struct([(n, number) for n in (
            "min", "q1", "median", "q3", "max", "mean", "standard_deviation")])),
        ("units", text),
        ("throughput", pa.struct([("multiplier", number), ("name", text), ("unit_system", text)])),
        ("metadata", text), ("timestamp", whole)])
    now, rows = int(time.time()), []
    with open(path) as lines:
        for line in lines:
            message = json.loads(line)
            values = message["measured_values"]
            per_iteration = [v / n for v, n in zip(values, message["iteration_count"])]
            mean = sum(per_iteration) / len(per_iteration)
            ordered, n = sorted(values), len(values)
            throughput = message["throughput"][0]
            rows.append({
                "id": str(uuid.uuid4()), "dut": {"name": "lance", "version": "1.2.3+abcdef0", "timestamp": 1700000000},
                "test_bed": {"name": "bed", "cpu": "x86_64", "memory_gb": 16, "os": "Linux 6", "created_at": now},
                "benchmark_name": message["id"], "values": values,
                "summary": {"min": ordered[0], "q1": ordered[n // 4], "median": ordered[n // 2],
                            "q3": ordered[3 * n // 4], "max": ordered[-1], "mean": mean,
                            "standard_deviation": math.sqrt(sum((v - mean) ** 2 for v in per_iteration) / n)},
                "units": "nanoseconds",
                "throughput": {"multiplier": float(throughput["per_iteration"]), "name": throughput["unit"],
                               "unit_system": "binary"},
                "metadata": json.dumps(message), "timestamp": now})
    table = lancedb.connect(db).create_table("results", schema=schema)
    table.add(pa.Table.from_pylist(rows, schema))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--upstream", type=pathlib.Path)
    parser.add_argument("--sizes", default="1000,100000")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--equivalent", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.equivalent:
        equivalent(*options.equivalent)
        return
    if not PYTHON.exists():
        sys.exit("no LanceDB client: run scripts/test-tools venv-new")
    print(f"{subprocess.run([AGENT, '--version'], capture_output=True, text=True, check=True).stdout.splitlines()[0]} "
          f"against {options.upstream or 'a minimal equivalent of upstream'}, {os.cpu_count()} CPUs, "
          f"load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        for size in map(int, options.sizes.split(",")):
            compare(size, options.rounds, options.upstream and options.upstream.resolve(), pathlib.Path(folder))


if __name__ == "__main__":
    main()
