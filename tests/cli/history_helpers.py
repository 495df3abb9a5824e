"""Histories of results, written into a database without the agent."""

import hashlib
import json
import pathlib
import random
import subprocess

from store_helpers import TOOLS

WRITER = pathlib.Path(__file__).resolve().parent / "history_tables.py"
PYTHON = TOOLS / "venv-new" / "bin" / "python"
START = 1_700_000_000


def ident(name):
    return hashlib.sha1(str(name).encode()).hexdigest()


class History:
    """Rows of a database in the making."""

    def __init__(self):
        self.tables = {}

    def result(self, commit, value, *, time=0, name="bench", bed="bed", run=None, session=None, cpu="a CPU",
               os="Linux 6.1", units="nanoseconds", table="results", evidence=None):
        run = run or f"run of {commit}"
        metadata = {"schema": 1, "harness": "criterion", "commit": ident(commit), "run": run}
        if session:
            metadata["host_session"] = session
        if evidence:
            metadata["evidence"] = evidence
        rows = self.tables.setdefault(table, [])
        rows.append({
            "id": f"{len(rows)} {table}",
            "dut": {"name": "lance", "version": f"1.0+{ident(commit)[:7]}", "timestamp": START + time},
            "test_bed": {"name": bed, "cpu": cpu, "memory_gb": 64, "os": os, "created_at": START},
            "benchmark_name": name,
            "values": [value],
            "summary": dict.fromkeys(("min", "q1", "median", "q3", "max", "mean"), value) | {"standard_deviation": 0.0},
            "units": units,
            "throughput": None,
            "metadata": json.dumps(metadata, separators=(",", ":")),
            "timestamp": START + time + 60,
        })

    def commit(self, commit, parent=None, time=0, subject="a commit"):
        self.tables.setdefault("commits", []).append({
            "id": ident(commit), "project": "lance", "parent": parent is not None and ident(parent) or None,
            "subject": subject, "branch": "main", "time": START + time, "schema": 1})

    def session(self, name, toolchain="rustc 1.90", canary="trusted"):
        self.tables.setdefault("host_sessions", []).append({
            "id": name, "test_bed": "bed", "kernel": "Linux", "cpu": "a CPU", "microcode": None, "toolchain": toolchain,
            "sandbox": None, "knobs": None, "counters": json.dumps({"canary": {"verdict": canary}}),
            "started_at": START, "ended_at": START + 60, "schema": 1})

    def write(self, store):
        done = subprocess.run([PYTHON, WRITER], input=json.dumps({"folder": store.db, "tables": self.tables}).encode(),
                              capture_output=True)
        assert done.returncode == 0, done.stderr.decode()

    def line(self, values, **options):
        """A commit an hour, each with its parent."""
        for i, value in enumerate(values):
            self.commit(i, i - 1 if i else None, 3600 * i)
            self.result(i, value, time=3600 * i, **options)


def noisy(levels, seed=1, noise=.01):
    rng = random.Random(seed)
    return [level * (1 + noise * rng.gauss(0, 1)) for level in levels]
