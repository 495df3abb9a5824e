"""`run` on Rust's own bench harness, `#[bench]`: recognised, listed, filtered, measured by both clocks."""

import json

import pytest

from run_helpers import error_of, git, rows_of

BENCHES = """
#![feature(test)]
extern crate test;
use std::{thread, time::Duration};
use test::{black_box, Bencher};

fn xor(n: u64) -> u64 {
    (0..n).fold(0, |a, b| a ^ black_box(b).wrapping_mul(31))
}

#[bench]
fn sums_short(b: &mut Bencher) {
    b.bytes = 8000;
    b.iter(|| xor(black_box(1000)));
}

#[bench]
fn sums_long(b: &mut Bencher) {
    b.iter(|| xor(black_box(20000)));
}

#[bench]
fn sleeps(b: &mut Bencher) {
    b.iter(|| thread::sleep(Duration::from_millis(10)));
}

#[bench]
fn threads(b: &mut Bencher) {
    b.iter(|| thread::spawn(|| xor(black_box(1_000_000))).join().unwrap());
}

#[test]
fn no_benchmark() {}
"""

MANIFEST = """
[package]
name = "tally"
version = "0.1.0"
edition = "2021"

[lib]
bench = false

[[bench]]
name = "sums"

[[bench]]
name = "own"
harness = false
"""


@pytest.fixture(scope="module")
def crate(tmp_path_factory):
    """A crate without dependencies: compiled in a second."""
    repo = tmp_path_factory.mktemp("libtest") / "tally"
    (repo / "src").mkdir(parents=True)
    (repo / "benches").mkdir()
    (repo / "src" / "lib.rs").write_text("")
    (repo / "benches" / "sums.rs").write_text(BENCHES)
    (repo / "benches" / "own.rs").write_text('fn main() { println!("test own ... bench: 12 ns/iter (+/- 1)"); }\n')
    (repo / "Cargo.toml").write_text(MANIFEST)
    (repo / "Cargo.lock").write_text('version = 3\n\n[[package]]\nname = "tally"\nversion = "0.1.0"\n')
    # A stable compiler has #[bench] for those alone who ask for it.
    (repo / "lance-bench.json").write_text(json.dumps({"rust": {}, "env": {"RUSTC_BOOTSTRAP": "1"}}))
    git(repo, "init", "-q", "-b", "main")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "benches")
    return repo


def test_benchmarks_are_listed_and_a_bench_of_neither_harness_is_named(machine, crate):
    done = machine("run", crate, "--list", "--format", "json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    (part,) = said["parts"]
    assert part["name"] == "tally/sums"
    assert sorted(part["benchmarks"]) == ["sleeps", "sums_long", "sums_short", "threads"]
    assert said["skipped"] == ["tally/own: made neither with Criterion nor with #[bench]"]
    assert "tally/own is left out" in done.stderr


def test_what_is_filtered_is_measured_and_stored(machine, crate):
    done, said = machine.run(crate, "--filter", "sums")
    assert done.returncode == 0, done.stderr
    assert (said["outcome"], said["clock"]) == ("complete", "wall")
    rows = rows_of(machine, said)
    assert sorted(rows) == ["sums_long", "sums_short"]
    assert rows["sums_long"]["summary"]["mean"] > 2 * rows["sums_short"]["summary"]["mean"] > 0
    assert rows["sums_short"]["units"] == "nanoseconds"
    assert rows["sums_short"]["throughput"]["name"] == "bytes"
    evidence = json.loads(rows["sums_short"]["metadata"])["evidence"]
    assert evidence["cpus"] and "clock" not in evidence


def test_a_filter_that_nothing_has_is_one_clear_line(machine, crate):
    done, said = machine.run(crate, "--filter", "sorts")
    assert done.returncode == 4
    assert "bench sums of tally has no #[bench] function with a name that contains sorts" in error_of(done)


def test_the_cpu_clock_takes_what_fits_and_refuses_the_rest(machine, crate):
    done, said = machine.run(crate, "--clock", "cpu")
    assert done.returncode == 4, done.stderr
    assert (said["clock"], said["outcome"]) == ("cpu", "partial")
    problem = error_of(done)
    assert "2 of 4 benchmarks cannot be measured with --clock cpu" in problem
    assert "sleeps sleeps or waits: " in problem
    assert "threads has work done by other threads: " in problem
    rows = rows_of(machine, said)
    assert sorted(rows) == ["sums_long#cpu_time", "sums_short#cpu_time"]
    clock = json.loads(rows["sums_long#cpu_time"]["metadata"])["evidence"]["clock"]
    assert clock["source"] == "thread CPU time"
    assert clock["read_ns"] > 10 and clock["cpu_s"] > 0.1


def test_a_stable_compiler_that_is_not_asked_says_which_line(machine, crate, tmp_path):
    config, repo = tmp_path / "config.json", tmp_path / "other"
    config.write_text('{"rust": {}}')
    git(tmp_path, "clone", "-q", crate, repo)  # another remote: nothing of it is built yet
    # The agent's own variable does not reach the build.
    done, said = machine.run(repo, "--config", config, env={"RUSTC_BOOTSTRAP": "1"})
    if done.returncode == 0:
        pytest.skip("the toolchain is a nightly one")
    assert done.returncode == 4
    assert "#![feature]" in error_of(done)
