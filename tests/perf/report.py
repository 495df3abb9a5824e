#!/usr/bin/env python3
"""`lance-bench report`: CPU time and memory of each output, and upstream's regression_report.py beside it.

    tests/perf/report.py store [--series 2000] [--commits 500] [--rounds 3] [--db FOLDER]
    tests/perf/report.py upstream --upstream CHECKOUT --modules FOLDER [--series 120] [--commits 50] [--rounds 5]

store     every output over a database of that many results, one process each. FOLDER is such a database that is there
          already, or is made there.
upstream  three outputs of `report` and upstream's regression_report.py (CHECKOUT is one of
          github.com/lancedb/lance-bench) on one database, in turns. FOLDER is where its modules are
          (pip install --target FOLDER plotly scipy pandas); lancedb is that of scripts/test-tools.

Prints medians; asserts nothing. The agent is $LANCE_BENCH, else build/lance-bench. Needs the Python environment of
scripts/test-tools.
"""

import argparse
import multiprocessing
import os
import pathlib
import statistics
import sys
import tempfile

from changes import AGENT, make_store, measure

OUTPUTS = ("markdown", "json", "html", "csv", "bmf", "data-js")


def make(db, args):
    """In a process of its own: what this one held would count as the agent's memory."""
    db.mkdir(parents=True, exist_ok=True)
    maker = multiprocessing.Process(target=make_store, args=(db, args.series, args.commits))
    maker.start()
    maker.join()


def compare(commands, args, env):
    rounds = [{name: measure(command, env) for name, command in commands.items()} for _ in range(args.rounds)]
    print(f"{args.series * args.commits:,} results of {args.series} series, medians of {args.rounds} rounds in turns")
    for name in commands:
        wall, cpu, memory = (statistics.median(r[name][i] for r in rounds) for i in range(3))
        print(f"{name:22}{wall:8.2f} s  {cpu:8.2f} s of CPU  {memory:7.0f} MiB")


def report(db, output, path):
    return [AGENT, "--db", str(db), "--quiet", "report", f"--{output}", str(path)]


def store(args):
    with tempfile.TemporaryDirectory() as folder:
        db = args.db or pathlib.Path(folder) / "db"
        if not (db / "results.lance").exists():
            make(db, args)
        compare({f"report --{o}": report(db, o, f"{folder}/{o}") for o in OUTPUTS}, args, os.environ)


def upstream(args):
    checkout = args.upstream.resolve()
    with tempfile.TemporaryDirectory() as folder:
        db = pathlib.Path(folder) / "db"
        make(db, args)
        env = {**os.environ, "LANCE_BENCH_URI": str(db),
               "PYTHONPATH": os.pathsep.join(map(str, (args.modules.resolve(), checkout / "packages")))}
        commands = {f"report --{o}": report(db, o, f"{folder}/{o}") for o in ("json", "markdown", "html")}
        commands["regression_report.py"] = [sys.executable, str(checkout / "scripts" / "regression_report.py"),
                                            "-o", f"{folder}/report.html"]
        compare(commands, args, env)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    for name, run, series, commits, rounds in (("store", store, 2000, 500, 3), ("upstream", upstream, 120, 50, 5)):
        verb = verbs.add_parser(name)
        verb.set_defaults(run=run)
        verb.add_argument("--series", type=int, default=series)
        verb.add_argument("--commits", type=int, default=commits)
        verb.add_argument("--rounds", type=int, default=rounds)
        if name == "store":
            verb.add_argument("--db", type=pathlib.Path)
        else:
            verb.add_argument("--upstream", type=pathlib.Path, required=True)
            verb.add_argument("--modules", type=pathlib.Path, required=True)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
