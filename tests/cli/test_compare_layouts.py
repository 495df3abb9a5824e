"""`compare --measure`: Rust programs linked with their functions in another order, one for each pair. What is run says
which file it is and where its code lies, and measures nothing: that is 0 in each process.
"""

import hashlib
import json
import os
import re
import shutil

import pytest

from run_helpers import Machine, git
from test_measure import commit as commit_program

BENCHES = """
#![feature(test)]
extern crate test;
use std::io::Write;
use test::{black_box, Bencher};

#[inline(never)]
fn xor(n: u64) -> u64 {
    (0..n).fold(0, |a, b| a ^ black_box(b).wrapping_mul(31))
}

#[bench]
fn sums(_: &mut Bencher) {
    let place = xor as fn(u64) -> u64 as usize % 4096;
    let program = std::env::current_exe().unwrap();
    writeln!(std::io::stderr(), "RAN {} {}", program.display(), place).unwrap();
    black_box(xor(black_box(1000)));
}
"""
MANIFEST = """
[package]
name = "tally"
version = "0.1.0"
edition = "2021"

[lib]
bench = false

[[bench]]
name = "sums-up"
"""
ONCE = ["--budget", "0.01"]  # built, and measured once or so


def make(folder, cargo_config=None):
    repo = folder / "tally"
    for name, text in {
            "src/lib.rs": "", "benches/sums-up.rs": BENCHES, "Cargo.toml": MANIFEST,
            "Cargo.lock": 'version = 3\n\n[[package]]\nname = "tally"\nversion = "0.1.0"\n',
            "lance-bench.json": json.dumps({"rust": {}, "env": {"RUSTC_BOOTSTRAP": "1"}}),
            ".cargo/config.toml": cargo_config or ""}.items():
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text(text)
    git(repo, "init", "-q", "-b", "main")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "benches")
    return repo


@pytest.fixture(scope="module")
def machine(agent, tmp_path_factory):
    machine = Machine(agent, tmp_path_factory.mktemp("layouts"))
    yield machine
    machine.remove()


@pytest.fixture(scope="module")
def crate(tmp_path_factory):
    return make(tmp_path_factory.mktemp("crate"))


def compare(machine, repo, *arguments):
    """What it printed and said, and the folders of the jobs of HEAD and of BASE, which are kept."""
    jobs = machine.cache / "lance-bench" / "jobs"
    shutil.rmtree(jobs, ignore_errors=True)
    done = machine("--format", "json", "compare", "main", "main", "--measure", "--repo", repo, *arguments, "--",
                   "--retakes", "0", "--min-free", "0", "--testbed-name", "bed", "--keep-files")
    assert done.returncode in (0, 2), done.stderr
    return json.loads(done.stdout), done.stderr, sorted(path for path in jobs.iterdir() if path.is_dir())


def programs(job):
    """Digest of each layout, by its number."""
    return {int(path.parent.name): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (job / "out").glob("layouts-*/*/sums_up-*")}


def ran(job):
    """Number of the layout, and the place of the function, of each process, in their order."""
    found = []
    for path in sorted((job / "logs").iterdir(), key=lambda path: int(re.match(r"\d+", path.name)[0])):
        found += re.findall(r"^RAN \S*/layouts-000/(\d+)/sums_up-\w+ (\d+)$", path.read_text(errors="replace"), re.M)
    return [(int(layout), int(place)) for layout, place in found]


def test_each_pair_has_a_layout_of_its_own(machine, crate):
    printed, said, (head, base) = compare(machine, crate, "--seed", 7, "--max-pairs", 12)
    row, = printed["benchmarks"]
    assert printed["layouts"] == row["layouts"] == 12
    assert len(re.findall(r"^linking tally/sums-up in 12 code layouts\nlinked tally/sums-up in [\d.]+", said, re.M)) == 2
    drawn = [layout for layout, _ in ran(head)][1:]  # the first says which benchmarks there are
    assert row["pairs"] == 12 and sorted(drawn) == list(range(12))
    assert drawn == [layout for layout, _ in ran(base)][1:], "both sides take the same number"
    assert drawn != sorted(drawn), "in an order that is drawn"
    assert len({place for _, place in ran(head)}) > 6, "the code lies elsewhere"
    assert len(set(programs(head).values())) == 12
    assert programs(head) == programs(base), "equal sources and equal seeds give equal programs"


def test_the_seed_says_which_layouts(machine, crate):
    first, again, other = (programs(compare(machine, crate, "--seed", seed, "--layouts", 10, *ONCE)[2][0])
                           for seed in (7, 7, 8))
    assert len(first) == 10 and first == again
    assert not set(first.values()) & set(other.values())


def test_what_was_built_for_others_stays(machine, crate):
    """The next build finds its executable in place, and nothing beside it but a record of cargo's."""
    done, _ = machine.run(str(crate), "--list", "--min-free", "0")
    assert done.returncode == 0, done.stderr
    deps, = (machine.cache / "lance-bench" / "build").glob("tally-*/target/release/deps")

    def executables():
        return {name: (deps / name).stat().st_mtime_ns for name in os.listdir(deps) if "." not in name}

    before = executables()
    compare(machine, crate, "--layouts", 10, *ONCE)
    machine.run(str(crate), "--list", "--min-free", "0")
    assert executables() == before and len(before) == 1
    assert not [name for name in os.listdir(deps) if name.endswith(".o")]


def test_one_layout_is_that_of_the_build(machine, crate):
    printed, _, (head, _) = compare(machine, crate, "--layouts", 1, *ONCE)
    assert printed["layouts"] == 1 and programs(head) == {} and ran(head) == []


@pytest.mark.parametrize("name, config", [
    ("bfd", '[build]\nrustflags = ["-Clinker-features=-lld", "-Clink-arg=-fuse-ld=bfd"]\n'),
    ("mold", '[build]\nrustflags = ["-Clinker-features=-lld", "-Clink-arg=-fuse-ld=mold"]\n'),
    ("clang", '[target.x86_64-unknown-linux-gnu]\nlinker = "clang"\n'),
])
def test_other_linkers(machine, tmp_path, name, config):
    """GNU ld knows no other order: then it is the toolchain's own lld."""
    if name != "bfd" and not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    printed, said, (head, base) = compare(machine, make(tmp_path, config), "--layouts", 10, *ONCE)
    assert printed["layouts"] == 10, said
    assert len(set(programs(head).values())) == 10 and programs(head) == programs(base)


def test_a_linker_that_cannot_be_stood_in_for_has_one_layout(machine, tmp_path):
    path = os.path.realpath(shutil.which("cc"))
    repo = make(tmp_path, f'[target.x86_64-unknown-linux-gnu]\nlinker = "{path}"\n')
    printed, said, (head, _) = compare(machine, repo, "--layouts", 10, *ONCE)
    assert printed["layouts"] == 1 and programs(head) == {}
    assert said.count("tally/sums-up has one code layout") == 2  # once a side
    row, = printed["benchmarks"]
    assert "its code has one layout, which is in all its pairs" in row["notes"]


def test_other_programs_have_one_layout(machine, tmp_path):
    repo = tmp_path / "repo"
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main", ".")
    (repo / "program.sh").write_text('echo \'{"one": {"latency": {"value": 5}}}\'\n')
    commit_program(repo, ["one latency 5 0"])
    for arguments, notes in ((["--layouts", 20], 1), ([], 0)):
        printed, _, _ = compare(machine, repo, *arguments)
        row, = printed["benchmarks"]
        assert printed["layouts"] == row["layouts"] == 1 and row["verdict"] == "same"
        assert row["notes"].count("its code has one layout, which is in all its pairs") == notes


def test_a_bench_file_that_was_renamed_is_held_against_what_it_was(machine, tmp_path):
    repo = make(tmp_path)
    git(repo, "mv", "benches/sums-up.rs", "benches/fold.rs")
    (repo / "Cargo.toml").write_text(MANIFEST.replace("sums-up", "fold"))
    git(repo, "commit", "-q", "-a", "-m", "another name")
    done = machine("--format", "json", "compare", "main~1", "main", "--measure", "--repo", repo, "--layouts", 10, *ONCE,
                   "--", "--retakes", "0", "--min-free", "0", "--testbed-name", "bed")
    assert done.returncode == 0, done.stderr
    assert "tally/fold is held against base's tally/sums-up, which has its benchmarks" in done.stderr
    printed = json.loads(done.stdout)
    assert [(row["benchmark"], row["pairs"] > 0, row["layouts"]) for row in printed["benchmarks"]] == [("sums", True, 10)]
    assert printed["only_base"] == printed["only_head"] == []


@pytest.mark.parametrize("count", [-1, 2, 9, 1001])
def test_too_few_could_not_call_anything(machine, count):
    done = machine("compare", "a", "b", "--measure", "--layouts", count)
    assert done.returncode == 129 and "--layouts is 1, or from 10 to 1000" in done.stderr


# In place of measuring: a time that has nothing to do with that of the process before.
WILD = BENCHES.replace("fn sums(_: &mut Bencher) {", """fn sums(_: &mut Bencher) {
    use std::hash::{BuildHasher, Hasher};
    let drawn = std::collections::hash_map::RandomState::new().build_hasher().finish(); // anew in each process
    let wild = (7.0 * drawn as f64 / u64::MAX as f64).exp();
    writeln!(std::io::stdout(), "\\ntest sums ... bench: {wild:.2} ns/iter (+/- 0.1)").unwrap();
    std::process::exit(0);
""")


def test_more_layouts_than_there_may_be_are_not_asked_for(machine, tmp_path):
    repo = make(tmp_path)
    (repo / "benches" / "sums-up.rs").write_text(WILD)
    git(repo, "commit", "-q", "-a", "-m", "wild")
    printed, _, _ = compare(machine, repo, "--layouts", 10, "--max-pairs", 10)
    row, = printed["benchmarks"]
    assert row["verdict"] == "unsure" and row["pairs_needed"] > 1000
    assert row["notes"][0] == "cannot tell: too noisy for 1000 code layouts"


def test_a_stranger_is_linked_in_the_whole_sandbox(machine, crate):
    done = machine("--format", "json", "compare", "main", "main", "--measure", "--pull-request", "--repo", crate,
                   "--layouts", 10, *ONCE, "--", "--retakes", "0", "--min-free", "0", "--testbed-name", "bed")
    if "cannot hold it" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0 and json.loads(done.stdout)["layouts"] == 10, done.stderr
