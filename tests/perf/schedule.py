#!/usr/bin/env python3
"""Scheduling: `lance-bench schedule` against upstream's schedule_benchmarks.py, in the same run, alternating.

    pip install --target PYGITHUB PyGithub
    tests/perf/schedule.py --upstream CHECKOUT --pygithub PYGITHUB [--results 10000] [--candidates 50] [--rounds 5]

CHECKOUT is one of github.com/lancedb/lance-bench. Both read the same database (made here, by `publish`, with
upstream's schema) and ask the same stand-in for GitHub on 127.0.0.1 (tests/cli/github_server.py); nothing leaves the
machine. Upstream's script has api.github.com and lance-format/lance built in: it is run as it is, with PyGithub's
address changed from outside. It looks at the newest commit alone.

Prints wall times and numbers of requests, and asserts nothing. The agent is $LANCE_BENCH, else build/lance-bench.
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
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "cli"))

from github_server import Answer, GitHubServer, _workflow, at  # noqa: E402
from store_helpers import TOOLS, criterion_lines  # noqa: E402

AGENT = os.environ.get("LANCE_BENCH", str(ROOT / "build/lance-bench"))
PYTHON = TOOLS / "venv-new" / "bin" / "python"
WORKFLOW = "run-benchmarks.yml"
SHIM = """import runpy, sys
import github
class Github(github.Github):
    def __init__(self, **options):
        super().__init__(base_url=sys.argv[2], **options)
github.Github = Github
runpy.run_path(sys.argv[1], run_name="__main__")
"""


@at("GET", "/actions/workflows/{wanted}", ("actions", "read"))
def _one_workflow(r, wanted):
    """PyGithub asks for the workflow before it dispatches it."""
    workflow = _workflow(r, wanted)
    return Answer(200, {"id": workflow["id"], "name": workflow["name"], "path": f".github/workflows/{WORKFLOW}",
                        "state": "active", "url": f"{r.api}/repos/{r.name}/actions/workflows/{workflow['id']}"})


def fill(db, commits, results, folder):
    """So many results, spread over these commits."""
    each = results // len(commits)
    path = folder / "results.jsonl"
    for number, commit in enumerate(commits):
        path.write_text(criterion_lines([f"group/benchmark {i}" for i in range(each)], seed=number, samples=20))
        subprocess.run([AGENT, "--db", db, "--quiet", "publish", "criterion", path, "--commit", commit,
                        "--dut-version", f"1.2.3+{commit[:7]}", "--dut-timestamp", str(1_700_000_000 + 60 * number),
                        "--testbed-name", "bed", "--run", f"run {number}"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([AGENT, "--db", db, "--quiet", "db", "compact"], check=True, stdout=subprocess.DEVNULL)


def timed(server, words, env):
    """Seconds, peak MiB, requests and seconds of CPU of one process."""
    server.requests.clear()
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen([str(w) for w in words], env=env, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"{words[0]} failed:\n{said.read().decode()[-3000:]}")
    return seconds, usage.ru_maxrss / 1024, len(server.requests), usage.ru_utime + usage.ru_stime


def compare(title, server, db, options, folder, dispatches):
    env = {**os.environ, "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"), **server.env(),
           "LANCE_BENCH_REPO": "owner/bench", "LANCE_BENCH_URI": str(db),
           "PYTHONPATH": os.pathsep.join(map(str, (options.pygithub, options.upstream / "packages")))}
    ours = [AGENT, "schedule", "--repo", "github:lance-format/lance"]
    theirs = [PYTHON, folder / "shim.py", options.upstream / "scripts" / "schedule_benchmarks.py", server.url]
    figures = {"lance-bench": [], "upstream": []}
    started = {}
    for _ in range(options.rounds):
        for name, words in (("lance-bench", ours), ("upstream", theirs)):
            server.repo.runs.clear()
            figures[name].append(timed(server, words, env))
            started[name] = len(server.repo.runs)
    print(f"\n{title}")
    print(f"  {'':12}  {'seconds':>8}  {'(min–max)':>16}  {'of CPU':>6}  {'peak MiB':>8}  {'requests':>8}  {'runs started':>12}")
    for name, rounds in figures.items():
        seconds = [r[0] for r in rounds]
        spread = f"({min(seconds):.3f}–{max(seconds):.3f})"
        print(f"  {name:12}  {statistics.median(seconds):8.3f}  {spread:>16}  "
              f"{statistics.median(r[3] for r in rounds):6.2f}  "
              f"{statistics.median(r[1] for r in rounds):8.0f}  {rounds[-1][2]:8}  {started[name]:12}")
    wall, cpu = (statistics.median(r[i] for r in figures["upstream"]) / statistics.median(
        r[i] for r in figures["lance-bench"]) for i in (0, 3))
    print(f"  times faster {wall:.1f}, of CPU time {cpu:.1f}")
    assert started["lance-bench"] == dispatches


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--upstream", type=lambda p: pathlib.Path(p).resolve(), required=True)
    parser.add_argument("--pygithub", type=lambda p: pathlib.Path(p).resolve(), required=True)
    parser.add_argument("--results", type=int, default=10000)
    parser.add_argument("--candidates", type=int, default=50)
    parser.add_argument("--measured", type=int, default=200, help="commits that the results belong to")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if not PYTHON.exists():
        sys.exit("no LanceDB client: run scripts/test-tools venv-new")
    version = subprocess.run([AGENT, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    print(f"{version} against {options.upstream / 'scripts' / 'schedule_benchmarks.py'}, {os.cpu_count()} CPUs, "
          f"load {os.getloadavg()[0]:.1f}, {options.rounds} rounds")
    with tempfile.TemporaryDirectory() as scratch, GitHubServer("owner/bench") as server:
        folder = pathlib.Path(scratch)
        (folder / "shim.py").write_text(SHIM)
        db = folder / "db"
        server.repo.add_workflow(WORKFLOW, inputs=["git_sha"], title=lambda i: f"Benchmarks of {i['git_sha']}")
        server.repo.add_commit("the workflows")
        lance = server.add_repository("lance-format/lance")
        fill(db, lance.add_commits(options.measured), options.results, folder)
        compare(f"nothing new, {options.results} stored results", server, db, options, folder, 0)
        lance.add_commits(options.candidates)
        # Noted now, so that every round finds the same database.
        subprocess.run([AGENT, "--db", db, "--quiet", "schedule", "--repo", "github:lance-format/lance",
                        "--dispatch-repo", "owner/bench"], env={**os.environ, "HOME": str(folder), **server.env()},
                       check=True, stdout=subprocess.DEVNULL)
        compare(f"{options.candidates} new commits, {options.results} stored results", server, db, options, folder,
                options.candidates)


if __name__ == "__main__":
    main()
