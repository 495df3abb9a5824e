"""publish --artifact: what a stranger's job has left, stored for the approved commit or not at all."""

import json
import os
import random
import stat
import zipfile

import jsonschema
import pytest

from artifact_helpers import (COMMIT, RawZip, files_of, make_quick_repo, make_zip, manifest, part, stream_zip,
                              write_folder)
from run_helpers import ROOT, git
from store_helpers import error_line, pytest_document, store  # noqa: F401 (a fixture)

SCHEMA = json.loads((ROOT / "docs" / "results-artifact.schema.json").read_text())
OTHER = "f" * 40


@pytest.fixture
def publish(store, tmp_path):  # noqa: F811
    """Publishes an artifact of these bytes, or of this folder."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def run(artifact, *words, commit=COMMIT, bed="metal", **options):
        if isinstance(artifact, bytes):
            artifact = store.file("results.zip", artifact)
        done = store.run("publish", "--artifact", artifact, "--expect-commit", commit, "--testbed-name", bed, *words,
                         env={"TMPDIR": str(scratch)}, **options)
        assert list(scratch.iterdir()) == [], "nothing unpacked is left"
        return done
    return run


def refused(store, done, *words):  # noqa: F811
    line = error_line(done, 1)
    assert "refused" in line
    for word in words:
        assert word in line, line
    assert store.tables() == {}, "nothing is stored"


def test_an_artifact_is_stored_for_the_approved_commit(store, publish):  # noqa: F811
    done = publish(make_zip(files_of()), "--format", "json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["commit"] == COMMIT and said["results"] == said["inserted"] == 2 and said["outcome"] == "complete"
    rows = store.query("select benchmark_name, dut, test_bed, metadata, summary from results_pr order by 1")
    assert [r["benchmark_name"] for r in rows] == ["count", "split"]
    for row in rows:
        assert row["dut"] == {"name": "lance", "version": "1.2.3+0123456", "timestamp": 1_700_000_000}
        assert row["test_bed"]["name"] == "metal"
        assert json.loads(row["metadata"])["commit"] == COMMIT
        assert row["summary"]["median"] == 100.0, "the values were read again from the raw output"
    (run,) = [r for r in store.query("select * from runs") if r["harness"] == "pull-request"]
    assert run["outcome"] == "complete" and run["commit"] == COMMIT and run["result_count"] == 2
    assert "results" not in store.tables(), "the default history is as it was"


def test_the_same_artifact_once_more_changes_nothing(store, publish):  # noqa: F811
    assert publish(make_zip(files_of())).returncode == 0
    before = store.state()
    done = publish(stream_zip(files_of()), "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["inserted"] == 0
    assert store.state() == before


@pytest.mark.parametrize("pack", [make_zip, stream_zip, lambda files: make_zip(files, zipfile.ZIP_STORED)])
def test_archives_of_every_honest_kind_are_read(store, publish, pack):  # noqa: F811
    done = publish(pack(files_of()))
    assert done.returncode == 0, done.stderr
    assert store.query("select count(*) as n from results_pr") == [{"n": 2}]


def test_a_folder_is_read_as_its_archive_is(store, publish, tmp_path):  # noqa: F811
    done = publish(write_folder(tmp_path / "results", files_of()))
    assert done.returncode == 0, done.stderr
    before = store.state()
    assert publish(make_zip(files_of())).returncode == 0
    assert store.state() == before


def test_a_pytest_part_is_read_as_its_harness_wrote_it(store, publish):  # noqa: F811
    files = {"manifest.json": json.dumps(manifest([part("pytest", "pytest")], metric="cpu_time")),
             "parts/0.json": json.dumps(pytest_document({"test_a": [1e-3, 2e-3]}))}
    done = publish(make_zip(files))
    assert done.returncode == 0, done.stderr
    assert store.query("select benchmark_name as b from results_pr") == [{"b": "test_a#cpu_time"}]


def test_what_the_machine_is_like_comes_from_its_own_results(store, publish):  # noqa: F811
    from store_helpers import criterion_lines
    store.published(store.file("main.json", criterion_lines(["count"])), bed="metal")
    (known,) = store.query("select test_bed from results")
    assert publish(make_zip(files_of())).returncode == 0
    for row in store.query("select test_bed from results_pr"):
        assert row["test_bed"] == known["test_bed"]


def test_what_is_missing_makes_it_partial(store, publish):  # noqa: F811
    files = files_of()
    said = json.loads(files["manifest.json"])
    said["parts"][0]["expected"].append("gone")
    files["manifest.json"] = json.dumps(said)
    done = publish(make_zip(files), "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "partial"
    assert {r["outcome"] for r in store.query("select outcome from runs")} == {"partial"}


def test_a_part_that_is_not_there_makes_it_partial(store, publish):  # noqa: F811
    """It says that all went well, and what it expected is nowhere."""
    files = files_of()
    files["manifest.json"] = json.dumps(manifest([part(expected=["count", "split"]),
                                                  part(name="wordbag/lost", expected=["a", "b", "c"])]))
    said = json.loads(publish(make_zip(files), "--format", "json").stdout)
    assert said["outcome"] == "partial" and said["results"] == 2
    assert said["problems"] == ["wordbag/lost: none of its 3 benchmarks left a result"]


def test_a_run_that_left_nothing_says_why_and_stores_nothing(store, publish):  # noqa: F811
    said = manifest([part(problem="it crashed\n::error::x")], outcome="failed", reason="it did not\ncompile")
    line = error_line(publish(make_zip({"manifest.json": json.dumps(said)})), 3)
    assert "it did not compile" in line
    assert store.tables() == {}, "a commit of which nothing is stored is not in the table of runs either"


# --- lies ---------------------------------------------------------------------------------------


def test_another_commit_than_the_approved_one_is_refused(store, publish):  # noqa: F811
    refused(store, publish(make_zip(files_of(commit=OTHER))), OTHER, COMMIT, "nothing is published")


@pytest.mark.parametrize("change, word", [
    ({"lance_bench_results": 2}, "lance_bench_results"),
    ({"commit": COMMIT[:12]}, "commit"),
    ({"commit": None}, "commit"),
    ({"version": "1; drop table"}, "version"),
    ({"outcome": "fine"}, "outcome"),
    ({"commit_time": 99_999_999_999}, "future"),
    ({"commit_time": "now"}, "commit_time"),
    ({"parts": []}, "has no place"),
    ({"parts": [part(harness="pytest")]}, "has no place"),
    ({"parts": [part(name="../../etc")]}, None),
    ({"parts": [part(name="a\nb")]}, "name"),
    ({"parts": [part(evidence="text")]}, "evidence"),
    ({"parts": [part(evidence={"x": "y" * 70_000})]}, "evidence"),
    ({"parts": [part(expected=[7])]}, "expected"),
    ({"reason": "x" * 2001}, "reason"),
])
def test_a_manifest_is_held_to_its_schema(store, publish, change, word):  # noqa: F811
    files = files_of()
    files["manifest.json"] = json.dumps({**json.loads(files["manifest.json"]), **change})
    done = publish(make_zip(files))
    if word is None:  # an odd name is only a name: it is never a path
        assert done.returncode == 0, done.stderr
        return
    refused(store, done, word)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\xff", "{" * 5000, '{"lance_bench_results": 1e400}',
                                  '{"commit": "\\u0000"}'])
def test_a_manifest_that_is_none_is_refused(store, publish, text):  # noqa: F811
    refused(store, publish(make_zip({**files_of(), "manifest.json": text})))


@pytest.mark.parametrize("path, text", [
    ("parts/0/000000/new/sample.json", '{"sampling_mode": "Flat", "iters": [1.0], "times": [-1.0]}'),
    ("parts/0/000000/new/sample.json", '{"sampling_mode": "Flat", "iters": [0.0], "times": [1.0]}'),
    ("parts/0/000000/new/sample.json", '{"sampling_mode": "Flat", "iters": [1.0], "times": [NaN]}'),
    ("parts/0/000000/new/sample.json", '{"sampling_mode": "Flat", "iters": [1.0, 2.0], "times": [1.0]}'),
    ("parts/0/000000/new/sample.json", "[" * 100_000),
    ("parts/0/000000/new/benchmark.json", '{"full_id": ""}'),
    ("parts/0/000000/new/benchmark.json", "nothing"),
])
def test_results_that_cannot_be_read_are_refused_before_any_is_stored(store, publish, path, text):  # noqa: F811
    files = files_of(("zzz", "count"))
    refused(store, publish(make_zip({**files, path: text})))


def test_a_result_with_a_file_missing_is_refused(store, publish):  # noqa: F811
    files = files_of()
    del files["parts/0/000001/new/estimates.json"]
    refused(store, publish(make_zip(files)), "estimates.json")


@pytest.mark.parametrize("path", [
    "extra.txt", "parts/0/000000/new/extra.json", "parts/0/000000/report/index.html", "parts/7.json",
    "parts/0.json", "parts/0/000000/new/benchmark.json/x", ".git/config", "parts/0/1/new/sample.json",
])
def test_a_file_without_a_place_in_the_layout_is_refused(store, publish, path):  # noqa: F811
    refused(store, publish(make_zip({**files_of(), path: "{}"})))


# --- archives -----------------------------------------------------------------------------------

GOOD = files_of()["manifest.json"].encode()


def raw(**fields):
    return RawZip().add("manifest.json", GOOD, **fields).finish()


def overlapping():
    archive = RawZip().add("manifest.json", GOOD)
    return archive.add("parts/0.json", GOOD, offset=0, local_name="manifest.json").finish()


def one_kernel_for_all():
    """The construction of a bomb that shares one piece of data: entries inside of one another."""
    archive = RawZip().add("manifest.json", GOOD)
    at = len(archive.data)
    archive.add("parts/0.json", b"x" * 1000)
    archive.add("parts/1.json", b"x" * 500, offset=at + 40)
    return archive.finish()


HOSTILE = {
    "empty": b"",
    "no zip": b"not an archive, and longer than the record at an archive's end",
    "an empty archive": RawZip().finish(),
    "a path upwards": RawZip().add("../manifest.json", GOOD).finish(),
    "a path upwards within": RawZip().add("parts/../../x", GOOD).finish(),
    "an absolute path": RawZip().add("/etc/passwd", GOOD).finish(),
    "a backslash": RawZip().add("parts\\0.json", GOOD).finish(),
    "a drive": RawZip().add("C:/manifest.json", GOOD).finish(),
    "a NUL in a name": RawZip().add(b"manifest.json\0.txt", GOOD).finish(),
    "a name in another alphabet": RawZip().add("mаnifest.json", GOOD).finish(),
    "a name without an end": RawZip().add("a" * 300, GOOD).finish(),
    "no name": RawZip().add("", GOOD).finish(),
    "a symbolic link": raw(attributes=(stat.S_IFLNK | 0o777) << 16),
    "a symbolic link of a Mac": raw(attributes=(stat.S_IFLNK | 0o777) << 16, made_by=0x1314),
    "a device": raw(attributes=(stat.S_IFCHR | 0o666) << 16),
    "a pipe": raw(attributes=(stat.S_IFIFO | 0o666) << 16),
    "the same name twice": RawZip().add("manifest.json", GOOD).add("manifest.json", GOOD).finish(),
    "the same name in capitals": RawZip().add("manifest.json", GOOD).add("MANIFEST.json", GOOD).finish(),
    "a file that is a folder too": RawZip().add("parts", b"x").add("parts/0.json", GOOD).finish(),
    "encrypted": raw(flags=1),
    "strongly encrypted": raw(flags=0x41),
    "a masked header": raw(flags=0x2000),
    "another method": raw(method=12, packed=GOOD),
    "another name in its own header": raw(local_name="manifest.jsom"),
    "another method in its own header": raw(local_method=8),
    "other flags in its own header": raw(local_flags=8),
    "another size": raw(size=len(GOOD) - 1),
    "a wrong checksum": raw(crc=7),
    "zip64": raw(size=0xffffffff, packed_size=0xffffffff),
    "zip64 by its end": RawZip().add("manifest.json", GOOD).finish(count=0xffff),
    "a bomb by its ratio": RawZip().add("manifest.json", b" " * 50_000_000, method=8).finish(),
    "a bomb that says it is small": raw(method=8, packed=RawZip().add("x", b" " * 1_000_000, method=8).data[31:],
                                        packed_size=None, size=len(GOOD)),
    "more than it says": RawZip().add("manifest.json", GOOD, method=8, size=len(GOOD) - 10).finish(),
    "less than it says": RawZip().add("manifest.json", GOOD, method=8, size=len(GOOD) + 10).finish(),
    "larger than an entry may be": raw(method=8, size=300 << 20),
    "broken data": raw(method=8, packed=b"\xff" * 100),
    "data cut off": raw(method=8, packed=RawZip().add("x", GOOD, method=8).data[31:-20]),
    "bytes behind the data": raw(method=8, packed=RawZip().add("x", GOOD, method=8).data[31:] + b"more"),
    "entries that share bytes": overlapping(),
    "entries inside of entries": one_kernel_for_all(),
    "an entry behind the directory": raw(offset=1 << 20),
    "an entry beyond its archive": raw(packed_size=1 << 20, size=1 << 20),
    "several disks": RawZip().add("manifest.json", GOOD, disk=1).finish(disk=1),
    "an entry of another disk": raw(disk=1),
    "a comment": RawZip().add("manifest.json", GOOD).finish(comment=b"hello"),
    "bytes behind its end": RawZip().add("manifest.json", GOOD).finish(behind=b"x"),
    "bytes in front of it": b"#!/bin/sh\n" + RawZip().add("manifest.json", GOOD).finish(),
    "bytes in front of it, and places that know of them": RawZip(b"#!/bin/sh\n").add("manifest.json", GOOD).finish(),
    "bytes between two entries": RawZip().add("manifest.json", GOOD).gap(b"hidden").add("parts/0.json", b"").finish(),
    "bytes in front of the directory": RawZip().add("manifest.json", GOOD).gap(b"hidden").finish(),
    "a descriptor that is none": RawZip().add("manifest.json", GOOD, flags=8).gap(b"x" * 13).finish(),
    "more entries than it has": RawZip().add("manifest.json", GOOD).finish(count=2),
    "fewer entries than it has": RawZip().add("manifest.json", GOOD).add("parts/0.json", b"").finish(count=1),
    "a directory elsewhere": RawZip().add("manifest.json", GOOD).finish(at=0),
    "a directory that is too long": RawZip().add("manifest.json", GOOD).finish(size=1 << 30),
    "too many entries": RawZip().finish(count=65535),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_archive_is_refused(store, publish, kind):  # noqa: F811
    refused(store, publish(HOSTILE[kind]))


def test_two_archives_in_one_are_refused(store, publish):  # noqa: F811
    """Which of the two end records counts is what readers differ in."""
    inner = make_zip(files_of(commit=OTHER))
    refused(store, publish(inner + make_zip(files_of())))
    refused(store, publish(RawZip().add("manifest.json", GOOD).finish(comment=inner[:60_000])))


def test_an_archive_that_unpacks_to_too_much_is_refused_unread(store, publish):  # noqa: F811
    archive = RawZip()
    for number in range(900):
        archive.add(f"parts/{number}.json", b"", method=8, packed=b"\3\0", size=(1 << 20) + 1, packed_size=20_000)
    refused(store, publish(archive.finish()))


def test_every_flipped_byte_is_refused_or_changes_nothing(store, publish):  # noqa: F811
    """A byte that the reader does not look at (a time stamp, say) may be anything; no byte may crash it, or make of
    the artifact something else than it was."""
    honest = make_zip(files_of(("count",)))
    rng = random.Random(20261121)
    for at in sorted(rng.sample(range(len(honest)), 60)):
        broken = bytearray(honest)
        broken[at] ^= 1 << rng.randrange(8)
        done = publish(bytes(broken))
        assert done.returncode in (0, 1), (at, done.returncode, done.stderr)
        if done.returncode == 0:
            names = {r["b"] for r in store.query("select benchmark_name as b from results_pr")}
            assert names == {"count"}, at


def test_what_is_cut_off_anywhere_is_refused(store, publish):  # noqa: F811
    honest = make_zip(files_of(("count",)))
    for size in range(0, len(honest), 97):
        refused(store, publish(honest[:size]))


# --- folders ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["link", "link to a folder", "hard place", "pipe"])
def test_a_folder_with_anything_but_files_is_refused(store, publish, tmp_path, kind):  # noqa: F811
    folder = write_folder(tmp_path / "results", files_of())
    secret = store.file("secret.json", files_of()["parts/0/000000/new/sample.json"])
    sample = folder / "parts" / "0" / "000000" / "new" / "sample.json"
    if kind == "link":
        sample.unlink()
        sample.symlink_to(secret)
    elif kind == "link to a folder":
        (folder / "parts" / "0" / "000002").symlink_to(folder / "parts" / "0" / "000001")
    elif kind == "pipe":
        sample.unlink()
        os.mkfifo(sample)
    else:
        (folder / "parts" / "0" / "a" / "b" / "c" / "d" / "e").mkdir(parents=True)
    refused(store, publish(folder), "has no place")


# --- the command line ---------------------------------------------------------------------------


@pytest.mark.parametrize("words, message", [
    ((), "--expect-commit ID, or --check-run"),
    (("--expect-commit", COMMIT[:12], "--testbed-name", "b"), "40 characters"),
    (("--expect-commit", COMMIT), "--testbed-name"),
    (("--expect-commit", COMMIT, "--testbed-name", ""), "empty"),
    (("--expect-commit", COMMIT, "--testbed-name", "b", "--spooled"), "exclude"),
    (("--check-run", "-4", "--testbed-name", "b"), "--check-run"),
])
def test_a_wrong_wish_is_one_clear_line(store, words, message):  # noqa: F811
    artifact = store.file("results.zip", make_zip(files_of()))
    assert message in error_line(store.run("publish", "--artifact", artifact, *words), 129)


def test_an_artifact_that_is_not_there_is_named(store, publish):  # noqa: F811
    assert "no-such.zip" in error_line(publish("no-such.zip"), 1)


# --- the job that measures ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    return make_quick_repo(tmp_path_factory.mktemp("quick") / "quick")


def test_a_run_leaves_what_the_publishing_job_takes(machine, quick, store, publish, tmp_path):  # noqa: F811
    """The measuring job stores nothing and needs no database; what it leaves keeps to the schema."""
    folder, before = tmp_path / "left", sorted(machine.db.rglob("*"))
    done, said = machine.run(quick, "--rev", "topic", "--results-dir", folder, env={"LANCE_BENCH_URI": "s3://none/x"})
    assert done.returncode == 0, done.stderr
    assert said["outcome"] == "complete"
    assert sorted(machine.db.rglob("*")) == before, "nothing was published"
    written = json.loads((folder / "manifest.json").read_text())
    jsonschema.validate(written, SCHEMA)
    assert written["commit"] == said["commit"] == git(quick, "rev-parse", "topic")
    assert written["parts"][0]["evidence"], "how it was measured goes with it"
    files = {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*") if p.is_file()}
    done = publish(make_zip(files), commit=said["commit"])
    assert done.returncode == 0, done.stderr
    rows = store.query("select benchmark_name as b, summary, dut['version'] as v from results_pr order by 1")
    assert [r["b"] for r in rows] == ["quick/one", "quick/two"] == written["parts"][0]["expected"]
    assert {r["v"] for r in rows} == {said["version"]} and {r["summary"]["median"] for r in rows} == {6000.0}
    again, _ = machine.run(quick, "--rev", "topic", "--results-dir", folder)
    assert again.returncode == 129 and "is not empty" in again.stderr


def test_a_run_that_does_not_build_leaves_its_reason(machine, quick, publish, tmp_path):
    folder = tmp_path / "left"
    done, said = machine.run(quick, "--rev", "broken", "--results-dir", folder)
    assert done.returncode == 4, done.stderr
    written = json.loads((folder / "manifest.json").read_text())
    jsonschema.validate(written, SCHEMA)
    assert written["outcome"] == "failed" and written["reason"]
    assert "left no results" in error_line(publish(folder, commit=said["commit"]), 3)
