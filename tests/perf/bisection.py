#!/usr/bin/env python3
"""How many runs `bisect` takes, and how often it names a wrong commit, by simulation.

    tests/perf/bisection.py [--cases 200] [--wild 0.03] [--stored 10]

A range of 8 to 512 commits with a change at a random place, of 1, 2 or 4 times the noise from run to run (normal, 2 %;
--wild is the share of runs that lie far higher). Beside it bisection as `git bisect run` does it, with 1, 3, 5 and 9
runs of each commit it looks at and the middle between the ends' means as the line between good and bad. "Stored" are
runs of each end that were there before and cost nothing. Built with cc from the sources of decide/; prints, asserts
nothing.
"""

import argparse
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--wild", type=float, default=0)
    parser.add_argument("--stored", type=int, default=0)
    args = parser.parse_args()
    sources = [ROOT / "agent/decide" / name for name in ("bisect.c", "robust.c")]
    base = [ROOT / "agent/base" / name for name in ("alloc.c", "error.c", "strbuf.c")]
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "bisect"
        subprocess.run(["cc", "-O2", "-std=gnu17", "-D_GNU_SOURCE", "-I", ROOT / "agent", "-o", program,
                        ROOT / "tests/perf/bisection_sim.c", *sources, *base, "-lm"], check=True)
        subprocess.run([program, str(args.cases), str(args.wild), str(args.stored)], check=True)


if __name__ == "__main__":
    main()
