"""A repository whose commits are measured within two seconds each: a Python suite of two benchmarks, one of which
takes as long as the commit says. For the tests of `schedule` and `backfill`."""

import json

from checkout_servers import git

SUITE = """import time


def test_sleep(benchmark):
    benchmark(time.sleep, {seconds})


def test_other(benchmark):
    benchmark(time.sleep, 0.0005)
"""
OPTIONS = "--benchmark-max-time=0.02 --benchmark-min-rounds=5 --benchmark-warmup=off"
CONFIG = {"project": "line", "python": {
    "suite": "tests", "build": "none", "requirements": ["pytest==8.4.2", "pytest-benchmark==5.1.0"]}}
FIRST_TIME = 1_770_000_000  # 2026-02-02T02:40:00Z, and a day from commit to commit
DAY = 86400
BENCHMARKS = ["tests/test_a.py::test_sleep", "tests/test_a.py::test_other"]


class Line:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0
        (folder / "tests").mkdir(parents=True)
        git(folder, "init", "-q", "-b", "main")
        (folder / "pyproject.toml").write_text(f'[tool.pytest.ini_options]\naddopts = "{OPTIONS}"\n')
        (folder / "lance-bench.json").write_text(json.dumps(CONFIG))

    def commit(self, seconds=0.001, suite=None, when=None):
        """Subject "commit N"; gives the id."""
        self.count += 1
        (self.folder / "tests" / "test_a.py").write_text((suite or SUITE.format(seconds=seconds)) + f"# {self.count}\n")
        when = when or FIRST_TIME + DAY * self.count
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-q", "-m", f"commit {self.count}", when=when)
        return self.id("HEAD")

    def id(self, revision):
        return git(self.folder, "rev-parse", revision)


def rows(done):
    return json.loads(done.stdout) if done.stdout.strip() else []


def measured(machine):
    """Of each commit how many visible results each benchmark has, by subject."""
    done = machine("results", "--format", "json", "--limit", 100000)
    if done.returncode == 3:
        return {}
    assert done.returncode == 0, done.stderr
    subjects = {row["id"][:7]: row["subject"] for row in machine.query("select id, subject from commits")}
    found = {}
    for row in json.loads(done.stdout):
        commit = found.setdefault(subjects[row["version"].split("+")[1]], {})
        commit[row["benchmark"]] = commit.get(row["benchmark"], 0) + 1
    return found


ONCE = dict.fromkeys(BENCHMARKS, 1)
