"""Databases that cannot take results: full, read-only, damaged, of another kind, written by a newer
program. Results are never lost without a word, and never half visible."""

import contextlib
import os
import pathlib
import resource
import signal
import struct
import subprocess

import pytest
from store_helpers import TOOLS, criterion_lines, error_line, store  # noqa: F401


@pytest.fixture
def path(store):  # noqa: F811
    return store.file("in.jsonl", criterion_lines(["a", "b"]))


@contextlib.contextmanager
def mounted(folder, *words):
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *words, str(folder)], capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def waits(store, done):  # noqa: F811
    """The results are in the spool, and one line says why."""
    line = error_line(done, 6)
    assert "Database connection failed" in line
    (entry,) = store.spooled()
    assert str(entry) in done.stderr
    return line


def test_a_full_disk_sends_the_results_to_the_spool(store, path):  # noqa: F811
    big = store.file("big.jsonl", criterion_lines([f"big/{i}" for i in range(2000)], samples=100))
    with mounted(store.folder / "tiny", "-t", "tmpfs", "-o", "size=300k", "tmpfs") as tiny:
        store.db = str(tiny / "db")
        store.published(path)
        line = waits(store, store.publish(big))
        assert "No space left" in line and store.db in line
        assert store.names() == ["a", "b"]
        # Nothing of the attempt takes up what is left of the disk.
        assert store.published(store.file("more.jsonl", criterion_lines(["c"])))
        subprocess.run(["mount", "-o", "remount,size=20m", str(tiny)], check=True)
        store.ok("publish", "--spooled")
        assert len(store.names()) == 2003 and store.spooled() == []


def test_a_full_disk_for_the_spool_too_says_both_and_stores_nothing(store):  # noqa: F811
    big = store.file("big.jsonl", criterion_lines([f"big/{i}" for i in range(2000)], samples=100))
    with mounted(store.folder / "tiny", "-t", "tmpfs", "-o", "size=200k", "tmpfs") as tiny:
        done = store.publish(big, db=tiny / "db", env={"LANCE_BENCH_SPOOL": str(tiny / "spool")})
        line = error_line(done, 1)
        assert "spool" in line and "No space left" in line
        assert store.results(db=tiny / "db") == []
        assert list((tiny / "spool").iterdir()) == []


@pytest.mark.parametrize("limit", range(13_000, 20_000, 1_000))
def test_a_data_file_that_is_cut_short_is_never_committed(store, limit):  # noqa: F811
    """The last write of a file that is not to be larger: the manifest behind it would fit."""
    path = store.file("in.jsonl", criterion_lines([f"a{i}" for i in range(20)], samples=40))

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [store.agent, "--db", store.db, "publish", "criterion", str(path), "--dut-version", "1", "--dut-timestamp", "1",
         "--testbed-name", "bed"], env=store.env, capture_output=True, encoding="utf-8", check=False, preexec_fn=limited)
    if done.returncode == 0:
        assert len(store.names()) == 20
        return
    assert "Database connection failed" in error_line(done, 1)
    assert store.results() == []
    assert store.published(path)


def test_a_read_only_folder_sends_the_results_to_the_spool(store, path):  # noqa: F811
    folder = store.folder / "ro"
    folder.mkdir()
    with mounted(folder, "--bind", str(folder)):
        done = subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=False)
        if done.returncode:
            pytest.skip("cannot mount read-only here")
        line = waits(store, store.publish(path, db=folder / "db"))
        assert "Read-only" in line and str(folder / "db") in line
    store.ok("publish", "--spooled")
    assert store.names(db=folder / "db") == ["a", "b"]


def test_a_read_only_database_can_still_be_read(store, path):  # noqa: F811
    folder = store.folder / "ro"
    folder.mkdir()
    store.db = str(folder / "db")
    store.published(path)
    store.published(store.file("more.jsonl", criterion_lines(["c"], seed=5)))
    with mounted(folder, "--bind", str(folder)):
        if subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=False).returncode:
            pytest.skip("cannot mount read-only here")
        assert store.names() == ["a", "b", "c"]
        assert "Read-only" in error_line(store.run("db", "compact"), 1)


@pytest.mark.skipif(os.geteuid() == 0 and not pathlib.Path("/usr/bin/setpriv").exists(),
                    reason="running as root, and setpriv is not there to become somebody else")
def test_a_folder_of_somebody_else_sends_the_results_to_the_spool(store, path):  # noqa: F811
    folder = store.folder / "theirs"
    folder.mkdir(mode=0o700)
    words = [store.agent, "--db", str(folder / "db"), "publish", "criterion", "-", "--dut-version", "1",
             "--dut-timestamp", "1", "--testbed-name", "bed"]
    spool = pathlib.Path("/tmp") / f"spool-{os.getpid()}"
    if os.geteuid() == 0:
        words = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *words]
    else:
        folder.chmod(0o500)
    try:
        with open(path) as lines:
            done = subprocess.run(words, stdin=lines, capture_output=True, encoding="utf-8", check=False,
                                  env={**store.env, "LANCE_BENCH_SPOOL": str(spool), "HOME": "/nonexistent"},
                                  cwd="/tmp")
        if "File not found" in done.stderr or done.returncode == 126:
            pytest.skip("another user cannot run the agent from here")
        line = error_line(done, 6)
        assert "ermission denied" in line
        assert (next(spool.iterdir()) / "input").read_bytes() == path.read_bytes()
    finally:
        subprocess.run(["rm", "-rf", str(spool)], check=True)


@pytest.mark.parametrize("uri", ["ftp://host/path", "gs://bucket/path", "https://host/", "s3://"])
def test_an_unknown_scheme_is_wrong_usage_and_spools_nothing(store, path, uri):  # noqa: F811
    line = error_line(store.publish(path, db=uri), 129)
    assert uri in line and "s3://bucket/prefix" in line
    assert uri in error_line(store.run("results", db=uri), 129)
    assert store.spooled() == []


def only(folder, pattern):
    return sorted(pathlib.Path(folder).glob(pattern))


DAMAGE = {
    "no bytes": lambda p: p.write_bytes(b""),
    "cut short": lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 3]),
    "something else": lambda p: p.write_bytes(b"this is no file of Lance's\n" * 100),
    "gone": lambda p: p.unlink(),
}


@pytest.mark.parametrize("how", ["no bytes", "cut short", "something else"])
def test_a_damaged_manifest_is_named_and_nothing_is_spooled_into_it(store, path, how):  # noqa: F811
    store.published(path)
    newest = only(store.db, "results.lance/_versions/*.manifest")[0]
    DAMAGE[how](newest)
    fresh = store.file("fresh.jsonl", criterion_lines(["c"], seed=5))
    for done in (store.publish(fresh), store.run("results"), store.run("query", "SELECT 1 FROM results"),
                 store.run("db", "info"), store.run("db", "compact")):
        line = error_line(done, 1)
        assert store.db in line and len(line) < 1000
    assert store.spooled() == []


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_data_file_is_named_when_it_is_read(store, path, how):  # noqa: F811
    store.published(path)
    (data,) = only(store.db, "results.lance/data/*.lance")
    DAMAGE[how](data)
    line = error_line(store.run("results"), 1)
    assert store.db in line and "damaged or missing" in line and len(line) < 1000
    assert error_line(store.run("query", "SELECT * FROM results"), 1)
    assert error_line(store.publish(path), 1)
    assert store.spooled() == []


def add_field(manifest, number, value):
    """Appends a varint field to the protobuf message of a manifest file: its length stands in front of
    it, and the file ends with its position, the format's version and a magic word."""
    data = manifest.read_bytes()
    position, = struct.unpack_from("<Q", data, len(data) - 16)
    length, = struct.unpack_from("<I", data, position)
    assert position + 4 + length == len(data) - 16
    body = data[position + 4: position + 4 + length] + bytes([number << 3])
    while value > 127:
        body += bytes([value & 127 | 128])
        value >>= 7
    body += bytes([value])
    manifest.write_bytes(data[:position] + struct.pack("<I", len(body)) + body + data[-16:])


READER_FLAGS, WRITER_FLAGS = 9, 10  # of Lance's table.proto


@pytest.mark.parametrize("flags", [READER_FLAGS, WRITER_FLAGS], ids=["reader", "writer"])
def test_a_table_of_a_newer_lance_is_left_alone(store, path, flags):  # noqa: F811
    store.published(path)
    newest = only(store.db, "results.lance/_versions/*.manifest")[0]
    add_field(newest, flags, 1 << 40)
    files = only(store.db, "**/*")
    line = error_line(store.publish(store.file("c.jsonl", criterion_lines(["c"], seed=5))), 1)
    assert "newer Lance" in line and store.db in line
    assert only(store.db, "results.lance/**/*") == [f for f in files if "results.lance/" in str(f)]
    assert store.spooled() == []
    if flags == READER_FLAGS:
        assert "newer Lance" in error_line(store.run("results"), 1)
    else:
        assert store.names() == ["a", "b"]


SCHEMAS = {
    "another table": "pa.schema([('x', pa.int64()), ('y', pa.string())])",
    "a column less": "pa.schema(list(SCHEMA)[:-1])",
    "a column more": "pa.schema([*SCHEMA, ('more', pa.string())])",
    "another type": "pa.schema([f if f.name != 'timestamp' else ('timestamp', pa.float64()) for f in SCHEMA])",
    "another order": "pa.schema(list(reversed(list(SCHEMA))))",
}


@pytest.mark.parametrize("which", SCHEMAS)
def test_a_table_of_another_schema_is_refused_with_the_difference(store, path, which):  # noqa: F811
    if not (TOOLS / "venv-new.stamp").is_file():
        pytest.skip("no LanceDB client: run scripts/test-tools venv-new")
    helpers = pathlib.Path(__file__).resolve().parent.parent / "cli"
    subprocess.run(
        [TOOLS / "venv-new" / "bin" / "python", "-c",
         f"import sys; sys.path.insert(0, {str(helpers)!r})\n"
         f"import lance, pyarrow as pa\nfrom lancedb_client import SCHEMA\n"
         f"lance.write_dataset({SCHEMAS[which]}.empty_table(), {store.db!r} + '/results.lance')"],
        check=True, capture_output=True)
    before = store.state()
    line = error_line(store.publish(path), 1)
    assert "another schema" in line and store.db in line
    assert store.state() == before and store.spooled() == []
    if which == "another table":
        assert "another schema" in error_line(store.run("results"), 1)


def test_a_database_written_by_a_newer_agent_is_left_alone(store, path):  # noqa: F811
    """runs.schema is the version of what this program writes."""
    if not (TOOLS / "venv-new.stamp").is_file():
        pytest.skip("no LanceDB client: run scripts/test-tools venv-new")
    store.published(path)
    subprocess.run(
        [TOOLS / "venv-new" / "bin" / "python", "-c",
         f"import lance; lance.dataset({store.db!r} + '/runs.lance').update({{'schema': '99'}})"],
        check=True, capture_output=True)
    before = store.state()
    fresh = store.file("fresh.jsonl", criterion_lines(["c"], seed=5))
    line = error_line(store.publish(fresh), 1)
    assert "newer lance-bench" in line and "99" in line and store.db in line
    assert store.state() == before and store.spooled() == []


def test_a_file_where_the_folder_belongs_sends_the_results_to_the_spool(store, path):  # noqa: F811
    store.file("db", "not a folder")
    line = waits(store, store.publish(path))
    assert "Not a directory" in line
    assert (store.folder / "db").read_text() == "not a folder"
