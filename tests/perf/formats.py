#!/usr/bin/env python3
"""How fast other formats are read, beside what reads the same file in Python; called by parse.sh.

    formats.py PARSE_SPEED FOLDER [BENCHMARKS]

Google Benchmark's JSON beside benchadapt's adapter (where it is installed: scripts/test-tools formats) and json.load;
Go's text beside a regular expression over its lines. Files are written to FOLDER; the same arguments give the same
bytes.
"""

import json
import pathlib
import random
import re
import subprocess
import sys
import time

REPETITIONS = 5


def google(path, count):
    rng = random.Random(1)
    entries = []
    for i in range(count):
        for repetition in range(REPETITIONS):
            real = rng.uniform(10, 1e6)
            entries.append({
                "name": f"BM_case_{i}/rows:{1 << i % 20}/repeats:5", "family_index": i, "per_family_instance_index": 0,
                "run_name": f"BM_case_{i}/rows:{1 << i % 20}/repeats:5", "run_type": "iteration", "repetitions": 5,
                "repetition_index": repetition, "threads": 1, "iterations": 1000, "real_time": real,
                "cpu_time": real * 0.99, "time_unit": "ns", "bytes_per_second": 4096 / real * 1e9})
    path.write_text(json.dumps({"context": {"date": "", "num_cpus": 2}, "benchmarks": entries}, indent=2))
    return sum(e["real_time"] + e["cpu_time"] for e in entries)


def go(path, count):
    rng = random.Random(2)
    with open(path, "w", encoding="utf-8") as out:
        out.write("goos: linux\ngoarch: amd64\npkg: example.com/p\ncpu: some CPU\n")
        for i in range(count):
            for _ in range(REPETITIONS):
                out.write(f"BenchmarkCase{i}/rows={1 << i % 20}-8  \t   10000\t{rng.uniform(10, 1e6):10.1f} ns/op\t"
                          f"{i:8d} B/op\t       1 allocs/op\n")


def ours(program, path):
    return subprocess.run([program, "ours", path], check=True, capture_output=True, text=True).stdout.strip()


def python(what, path, read):
    start = time.process_time()
    count = read(path)
    spent = time.process_time() - start
    size = path.stat().st_size / 1e6
    print(f"{what:24} {size:7.1f} MB {spent:6.3f} s of CPU {size / spent:7.0f} MB/s   {count} benchmarks")


def with_benchadapt(path):
    from benchadapt.adapters import GoogleBenchmarkAdapter
    adapter = GoogleBenchmarkAdapter(command=["true"], result_file=path)
    with open(path, encoding="utf-8") as file:
        groups = adapter._parse_gbench_json(json.load(file))[1]  # without the results' environment: git, the machine
    return sum(len(group["cases"]) for group in groups.values())


def with_regex(path):
    pattern = re.compile(r"^(Benchmark\S+)\s+(\d+)\s+([\d.]+) ns/op(?:\s+([\d.]+) B/op)?(?:\s+([\d.]+) allocs/op)?")
    found = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            match = pattern.match(line)
            if match:
                found.setdefault(match[1], []).append((float(match[3]), float(match[4]), float(match[5])))
    return len(found)


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 20_000
    google(folder / "google.json", count)
    go(folder / "go.txt", count)
    for number in (1, 2, 3):
        print(f"round {number}")
        print("google-benchmark", ours(program, folder / "google.json"))
        python("google: json.load", folder / "google.json", lambda p: len(json.loads(p.read_text())["benchmarks"]))
        try:
            python("google: benchadapt", folder / "google.json", with_benchadapt)
        except ImportError:
            print("google: benchadapt is not installed here (scripts/test-tools formats)")
        print("go              ", ours(program, folder / "go.txt"))
        python("go: Python's re", folder / "go.txt", with_regex)


if __name__ == "__main__":
    main()
