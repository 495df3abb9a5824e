#!/usr/bin/env python3
"""Checking out one commit: `lance-bench checkout` against git, in the same run, alternating.

    tests/perf/checkout.py REPOSITORY [--rounds N] [--second REV]

REPOSITORY is a bare repository on this machine (one of Lance, for the figures of the README). It is
copied, served with `git daemon` on the loopback, and checked out

  cold   into nothing: against `git clone --depth 1`
  warm   a commit that was fetched already: against `git worktree add`
  again  a commit whose folder is there (nothing to compare with)

Prints a table of medians and spreads; asserts nothing. The agent is $LANCE_BENCH, else
build/lance-bench.
"""

import argparse
import contextlib
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
AGENT = os.environ.get("LANCE_BENCH", str(ROOT / "build/lance-bench"))


def git(where, *words):
    done = subprocess.run(["git", "-C", str(where), *map(str, words)], check=True,
                          capture_output=True, text=True)
    return done.stdout.strip()


@contextlib.contextmanager
def daemon(base):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = pathlib.Path(git(base, "--exec-path")) / "git-daemon"
    process = subprocess.Popen([program, f"--base-path={base}", "--export-all", f"--port={port}",
                                "--listen=127.0.0.1", "--reuseaddr", base],
                               stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield port
    finally:
        process.kill()
        process.wait()


def timed(command, **options):
    """Wall seconds of a command, and the CPU seconds of it and its children."""
    before, start = os.times(), time.perf_counter()
    done = subprocess.run(list(map(str, command)), check=False, capture_output=True, **options)
    wall, after = time.perf_counter() - start, os.times()
    if done.returncode:
        raise SystemExit(f"{command}: {done.stderr.decode()}")
    cpu = (after.children_user + after.children_system
           - before.children_user - before.children_system)
    return wall, cpu


def one_round(url, scratch, second, turn):
    """{(case, who): (wall, cpu)}; `turn` decides who goes first."""
    env = os.environ | {"XDG_CACHE_HOME": str(scratch / "cache")}
    result = {}
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    cases = [
        (("cold", "git"), ["git", "clone", "-q", "--depth", "1", url, scratch / "clone"]),
        (("cold", "agent"), [AGENT, "checkout", url, "--quiet"]),
    ]
    for key, command in cases if turn % 2 else reversed(cases):
        result[key] = timed(command, env=env)
    git(scratch / "clone", "fetch", "-q", "--depth", "1", "origin", second)
    subprocess.run([AGENT, "checkout", url, "--rev", second, "--quiet"], env=env, check=True,
                   capture_output=True)
    for folder in (scratch / "cache/lance-bench/worktrees").glob(f"*/{second}"):
        shutil.rmtree(folder)
    cases = [
        (("warm", "git"), ["git", "-C", scratch / "clone", "worktree", "add", "-q", "--detach",
                           scratch / "worktree", second]),
        (("warm", "agent"), [AGENT, "checkout", url, "--rev", second, "--quiet"]),
    ]
    for key, command in cases if turn % 2 else reversed(cases):
        result[key] = timed(command, env=env)
    result["again", "agent"] = timed([AGENT, "checkout", url, "--rev", second, "--quiet"], env=env)
    return result


def show(rounds):
    print("| case | git, s | agent, s | ratio of medians | git CPU, s | agent CPU, s |")
    print("|---|---|---|---|---|---|")
    for case in ("cold", "warm", "again"):
        cells = {}
        for who in ("git", "agent"):
            walls = [r[case, who][0] for r in rounds if (case, who) in r]
            cpus = [r[case, who][1] for r in rounds if (case, who) in r]
            if walls:
                cells[who] = (statistics.median(walls), min(walls), max(walls),
                              statistics.median(cpus))
        text = {who: f"{c[0]:.3f} ({c[1]:.3f}–{c[2]:.3f})" for who, c in cells.items()}
        ratio = f"{cells['agent'][0] / cells['git'][0]:.2f}" if "git" in cells else ""
        print(f"| {case} | {text.get('git', '')} | {text['agent']} | {ratio} "
              f"| {cells['git'][3] if 'git' in cells else 0:.3f} | {cells['agent'][3]:.3f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("repository", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--second", default="HEAD~20", help="the commit of the warm case")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        served = scratch / "served/repository.git"
        shutil.copytree(options.repository, served)
        git(served, "config", "uploadpack.allowAnySHA1InWant", "true")
        second = git(served, "rev-parse", f"{options.second}^{{commit}}")
        files = len(git(served, "ls-tree", "-r", "--name-only", second).splitlines())
        with daemon(served.parent) as port:
            url = f"git://127.0.0.1:{port}/repository.git"
            one_round(url, scratch / "round", second, 0)  # the page cache is warm for all
            rounds = [one_round(url, scratch / "round", second, turn)
                      for turn in range(options.rounds)]
    print(f"{options.rounds} rounds, {files} files\n")
    show(rounds)


if __name__ == "__main__":
    main()
