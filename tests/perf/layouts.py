#!/usr/bin/env python3
"""`compare --measure` and where the linker puts code.

    tests/perf/layouts.py live [--seeds 3] [--keep FOLDER] [--layouts 32] [--clock cpu] [--time 0.05]
    tests/perf/layouts.py simulate [--sessions 2000]

live      the sample with one benchmark more, a fifth of which is a loop that is slower where it crosses a cache line,
          in three commits: `base`; `unrelated`, which adds functions that nothing calls until the linker puts the loop
          there; `slower`, which does 5 % more. Both are held against `base`, with one layout and with many. Builds are
          kept in FOLDER, so that a second call goes on with them.
simulate  ten unchanged benchmarks, pair noise 1 %, layouts whose ln(B/A) scatter by 3 %: how often anything is called
          with so many layouts, when pairs of one layout count once and when they do not; and what is found of +5 % at a
          pair noise of 5 % where layouts do not matter.

Prints; asserts nothing. The agent is $LANCE_BENCH, else build/lance-bench.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "cli")]

from head_to_head import build_simulation, prepare, run_simulation  # noqa: E402
from run_helpers import git  # noqa: E402

BENCH = """
use criterion::{criterion_group, criterion_main, Criterion};
use std::hint::black_box;

UNRELATED
#[inline(never)]
fn threes(mut n: u64) -> u64 {
    let mut found = 0;
    while n > 0 {
        if n % 8 == 3 {
            found += 1
        }
        n >>= 1;
    }
    found
}

#[inline(never)]
fn chain(n: u64) -> u64 {
    let mut x = n;
    for i in 0..n {
        x = (x ^ i).wrapping_mul(1099511628211);
    }
    x
}

fn mixed(c: &mut Criterion) {
    c.bench_function("mixed", |b| {
        b.iter(|| {
            let found: u64 = (1..400u64).map(|i| threes(black_box(i))).sum();
            found ^ chain(black_box(CHAIN))
        })
    });
}

criterion_group!(benches, mixed);
criterion_main!(benches);
"""
CHAIN = 9000  # steps: four fifths of the time
# Called by nobody, and kept; short names come first in the compiler's order.
UNRELATED = """
#[inline(never)]
fn u{0}(x: u64) -> u64 {{
    x.rotate_left({0}) ^ x.wrapping_mul({0}0007) % 11
}}
#[used]
static U{0}: fn(u64) -> u64 = u{0};
"""
BENCH_ROW = """
[[bench]]
name = "mixed"
harness = false
"""
OPTIONS = ["--bench", "mixed", "--rust-only", "--min-free", "0", "--testbed-name", "bed"]


def commit(repo, name, unrelated=0, chain=CHAIN):
    text = "".join(UNRELATED.format(i + 1) for i in range(unrelated))
    (repo / "benches" / "mixed.rs").write_text(BENCH.replace("UNRELATED", text).replace("CHAIN", str(chain)))
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--allow-empty", "-m", name)


def place(machine, repo):
    """Where the loop's function begins within its cache line, in the program of the newest commit."""
    done = machine("run", str(repo), "--list", *OPTIONS)
    if done.returncode:
        sys.exit(done.stderr)
    deps, = (machine.cache / "lance-bench" / "build").glob("wordbag-*/target/release/deps")
    program = max((path for path in deps.glob("mixed-*") if not path.suffix), key=lambda path: path.stat().st_mtime)
    symbols = subprocess.run(["nm", program], check=True, text=True, capture_output=True).stdout
    return int(re.search(r"^([0-9a-f]+) t \S*threes\S*$", symbols, re.M).group(1), 16) % 64


def make(machine, repo):
    """Three commits on top of the sample's first; those that did not move the loop are left behind."""
    git(repo, "checkout", "-q", "-B", "layouts", "first")
    (repo / "lance-bench.json").unlink()
    with (repo / "Cargo.toml").open("a") as manifest:
        manifest.write(BENCH_ROW)
    found = {}
    for unrelated in range(24):
        commit(repo, f"{unrelated} unrelated functions", unrelated)
        at = place(machine, repo)
        print(f"{unrelated} unrelated functions: {at} bytes behind a cache line", flush=True)
        if (at == 32) not in found:
            found[at == 32] = unrelated
            git(repo, "tag", "unrelated" if at == 32 else "base")
        if len(found) == 2:
            break
    else:
        sys.exit("no number of unrelated functions moves the loop across a cache line")
    commit(repo, "5 % more to do", found[False], int(CHAIN * 1.0625))
    git(repo, "tag", "slower")


def live_in(folder, args):
    machine, repo = prepare(folder)
    if not git(repo, "tag", "--list", "slower"):
        make(machine, repo)
    for seed in range(1, args.seeds + 1):
        for head in ("unrelated", "slower"):
            for layouts in (1, args.layouts):
                started, before = time.monotonic(), os.times()
                done = machine("--format", "json", "compare", "base", head, "--measure", "--repo", repo, "--seed", seed,
                               "--layouts", layouts, "--measurement-time", args.time, "--", "--clock", args.clock,
                               "--retakes", args.retakes, *OPTIONS)
                after = os.times()
                if not done.stdout:
                    sys.exit(done.stderr)
                printed = json.loads(done.stdout)
                row, = printed["benchmarks"]
                used = after.children_user + after.children_system - before.children_user - before.children_system
                print(f"seed {seed}, {head}, {layouts} layouts: {row['verdict']}, {row['change']:+.1%} "
                      f"({row['change_low']:+.1%} to {row['change_high']:+.1%}), {row['pairs']} pairs, noise "
                      f"{row['noise']:.1%}; built in {printed['build_s']:.0f} s, {time.monotonic() - started:.0f} s in "
                      f"all, {used:.0f} s of CPU, load {os.getloadavg()[0]:.0f}", flush=True)


def live(args):
    if args.keep:
        pathlib.Path(args.keep).mkdir(parents=True, exist_ok=True)
        live_in(pathlib.Path(args.keep), args)
        return
    with tempfile.TemporaryDirectory() as folder:
        live_in(pathlib.Path(folder), args)


def simulate(args):
    with tempfile.TemporaryDirectory() as folder:
        program = build_simulation(folder)
        for count in (4, 8, 16, 32, 40):
            once = run_simulation(program, args.sessions, 10, 0, 1, "normal", .01, 40, count, 3)
            blind = run_simulation(program, args.sessions, 10, 0, 1, "normal", .01, 40, count, 3, "blind")
            found = run_simulation(program, args.sessions, 10, 5, 5, "normal", .01, 40, count, 0)
            print(f"{count} layouts: something called in {once['with_a_call']:.2%}, if each pair counted in "
                  f"{blind['with_a_call']:.1%}; +5 % at a noise of 5 % found in {found['called']:.1%}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["live", "simulate"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--layouts", type=int, default=32)
    parser.add_argument("--clock", default="cpu")
    parser.add_argument("--time", default="0.05")
    parser.add_argument("--retakes", default="0")
    parser.add_argument("--keep")
    args = parser.parse_args()
    (live if args.what == "live" else simulate)(args)


if __name__ == "__main__":
    main()
