"""Harness output, a database of the test's own and the agent, for the tests of storing and reading back."""

import json
import os
import pathlib
import random
import statistics
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures" / "parse"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOOLS = pathlib.Path(
    os.environ.get("LANCE_BENCH_TEST_TOOLS")
    or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    / "lance-bench" / "test-tools")


class Store:
    """The agent with a home, a spool and a database that belong to one test."""

    def __init__(self, agent, folder, db=None, **env):
        self.agent = agent
        self.folder = pathlib.Path(folder)
        self.db = str(db or self.folder / "db")
        self.spool = self.folder / "spool"
        home = self.folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANCE_BENCH_SPOOL": str(self.spool),
            "LANCE_BENCH_TESTBED_FILE": "/nonexistent",
            "LANCE_BENCH_HOST_ROOT": "/nonexistent",
            "LC_ALL": "C.UTF-8",
            **env,
        }

    def run(self, *words, db=None, env=None, timeout=120, **options):
        return subprocess.run(
            [self.agent, "--db", str(db or self.db), *map(str, words)],
            env={**self.env, **(env or {})}, cwd=self.folder, timeout=timeout, check=False,
            capture_output=True, encoding="utf-8", **options)

    def start(self, *words, db=None, env=None):
        return subprocess.Popen(
            [self.agent, "--db", str(db or self.db), *map(str, words)],
            env={**self.env, **(env or {})}, cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")

    def ok(self, *words, **options):
        done = self.run(*words, **options)
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stderr}"
        return done

    def file(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def publish(self, path, *words, version="1.2.3+abcdef0", time=1_700_000_000, bed="bed", **options):
        return self.run("publish", "criterion", path, "--dut-version", version,
                        "--dut-timestamp", time, "--testbed-name", bed, *words, **options)

    def published(self, path, *words, **options):
        done = self.publish(path, *words, **options)
        assert done.returncode == 0, done.stderr
        return done

    def query(self, sql, **options):
        return json.loads(self.ok("query", sql, "--output", "json", **options).stdout)

    def results(self, *words, **options):
        done = self.run("results", "--format", "json", "--limit", 1_000_000, *words, **options)
        if done.returncode == 3:
            return []
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def names(self, *words, **options):
        return sorted(r["benchmark"] for r in self.results(*words, **options))

    def tables(self, **options):
        """What `db info` says, by table; {} for a database that is not there."""
        done = self.run("db", "info", "--format", "json", **options)
        if done.returncode == 3:
            return {}
        assert done.returncode == 0, done.stderr
        return {row["table"]: row for row in json.loads(done.stdout)}

    def state(self):
        """Versions and rows of every table: equal before and after what must change nothing."""
        return {name: (row["version"], row["rows"]) for name, row in self.tables().items()}

    def spooled(self):
        if not self.spool.is_dir():
            return []
        return sorted(p for p in self.spool.iterdir() if p.is_dir())


@pytest.fixture
def store(agent, tmp_path):
    return Store(agent, tmp_path)


def error_line(done, code=None):
    """The one line that says what is wrong."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(lines) == 1, done.stderr
    assert done.returncode != 0
    if code is not None:
        assert done.returncode == code, f"{done.returncode}: {done.stderr}"
    assert done.stdout == ""
    return lines[0]


# --- what harnesses write ---------------------------------------------------------------------


def criterion_message(name, per_iteration, iterations=None, throughput=None, **more):
    """One message of cargo-criterion whose samples take `per_iteration` nanoseconds."""
    iterations = iterations or [10 * (i + 1) for i in range(len(per_iteration))]
    mean = statistics.fmean(per_iteration) if per_iteration else 0.0
    interval = {"estimate": mean, "lower_bound": mean, "upper_bound": mean, "unit": "ns"}
    return {
        "reason": "benchmark-complete",
        "id": name,
        "report_directory": f"/target/criterion/reports/{name}",
        "iteration_count": iterations,
        "measured_values": [v * n for v, n in zip(per_iteration, iterations)],
        "unit": "ns",
        "throughput": [{"per_iteration": throughput, "unit": "bytes"}] if throughput else [],
        "typical": interval,
        "mean": interval,
        "median": interval,
        "median_abs_dev": interval,
        "slope": interval,
        "change": None,
        **more,
    }


def criterion_lines(names, seed=1, samples=10, **more):
    """JSON lines for benchmarks of these names; the same seed gives the same bytes."""
    rng = random.Random(seed)
    return "".join(
        json.dumps(criterion_message(name, [rng.uniform(90, 110) for _ in range(samples)], **more)) + "\n"
        for name in names)


def pytest_document(benchmarks, commit_info=None):
    """A pytest-benchmark file; `benchmarks` maps full names to lists of seconds."""
    info = {
        "id": COMMIT, "time": "2026-11-21T12:00:00+00:00", "author_time": "2026-11-21T12:00:00+00:00",
        "dirty": False, "project": "repo", "branch": "main",
    }
    return {
        "machine_info": {},
        "commit_info": info if commit_info is None else commit_info,
        "benchmarks": [pytest_entry(name, data) for name, data in benchmarks.items()],
        "datetime": "2026-11-21T12:20:53+00:00",
        "version": "5.3.1",
    }


def pytest_entry(name, data, **more):
    stats = {
        "min": min(data, default=0), "max": max(data, default=0),
        "mean": statistics.fmean(data) if data else 0,
        "stddev": statistics.stdev(data) if len(data) > 1 else 0,
        "rounds": len(data), "median": statistics.median(data) if data else 0, "iqr": 0, "q1": 0, "q3": 0,
        "data": data, "iterations": 1, "total": sum(data), "ops": 0,
    }
    return {
        "group": None, "name": name.rsplit("::", 1)[-1], "fullname": name, "params": None, "param": None,
        "extra_info": {},
        "options": {"disable_gc": False, "timer": "perf_counter", "min_rounds": 5, "max_time": 1.0,
                    "min_time": 0.000005, "warmup": False},
        "stats": stats, **more,
    }
