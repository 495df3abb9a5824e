#!/usr/bin/env python3
"""What a command costs before it does anything: `--version`, `help`, and `results` on a hundred rows.

    tests/perf/startup.py [--rounds 50]

Prints medians and spreads of the whole process; asserts nothing. The agent is $LANCE_BENCH, else
build/lance-bench.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
AGENT = os.environ.get("LANCE_BENCH", str(HERE.parent.parent / "build/lance-bench"))


def milliseconds(words, env):
    started = time.perf_counter()
    subprocess.run(words, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.perf_counter() - started) * 1000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=50)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "HOME": folder, "LANCE_BENCH_TESTBED_FILE": "/nonexistent"}
        db, path = f"{folder}/db", f"{folder}/in.jsonl"
        with open(path, "wb") as out:
            subprocess.run([sys.executable, HERE / "make_criterion.py", "100", "100"], stdout=out, check=True)
        subprocess.run([AGENT, "--db", db, "publish", "criterion", path, "--dut-version", "1", "--dut-timestamp", "1",
                        "--testbed-name", "bed", "--quiet"], env=env, check=True)
        cases = {
            "--version": [AGENT, "--version"],
            "help": [AGENT, "help"],
            "results (100 rows)": [AGENT, "--db", db, "results"],
            "query count(*)": [AGENT, "--db", db, "query", "SELECT count(*) FROM results"],
        }
        print(f"{'':20}  {'median ms':>9}  {'min':>6}  {'max':>6}   ({rounds} rounds, load {os.getloadavg()[0]:.1f})")
        for name, words in cases.items():
            times = [milliseconds(words, env) for _ in range(rounds)]
            print(f"{name:20}  {statistics.median(times):9.1f}  {min(times):6.1f}  {max(times):6.1f}")


if __name__ == "__main__":
    main()
