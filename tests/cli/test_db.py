"""`db info`, `db compact`, `db export`."""

import json
import subprocess

import pytest
from store_helpers import TOOLS, criterion_lines, error_line, store  # noqa: F401


def fill(store, runs=5):  # noqa: F811
    for i in range(runs):
        store.published(store.file(f"{i}.jsonl", criterion_lines([f"run {i}/a", f"run {i}/b"], seed=i)))


def test_info_counts_rows_versions_and_bytes(store):  # noqa: F811
    fill(store, 3)
    tables = store.tables()
    assert set(tables) == {"results", "runs"}
    assert tables["results"]["rows"] == 6 and tables["results"]["fragments"] == 3
    assert tables["results"]["storage"] == "2.1" and tables["results"]["bytes"] > 0
    assert len(store.ok("db", "info").stdout.splitlines()) == 3


@pytest.mark.parametrize("verb", [["info"], ["compact"], ["export", "--parquet", "out"]])
def test_where_there_is_no_database_there_is_no_data(store, verb):  # noqa: F811
    assert store.db in error_line(store.run("db", *verb), 3)
    assert not (store.folder / "db").exists() and not (store.folder / "out").exists()


def used_bytes(store):  # noqa: F811
    return sum(p.stat().st_size for p in (store.folder / "db").rglob("*") if p.is_file())


def test_compact_keeps_every_row_and_forgets_what_nobody_reads(store):  # noqa: F811
    fill(store, 8)
    before, size = store.query("SELECT * FROM results ORDER BY id"), used_bytes(store)
    freed = json.loads(store.ok("db", "compact", "--keep", "0", "--format", "json").stdout)["freed_bytes"]
    assert store.query("SELECT * FROM results ORDER BY id") == before
    assert store.tables()["results"]["fragments"] == 1
    assert freed > 0 and used_bytes(store) < size
    again = store.tables()
    store.ok("db", "compact", "--keep", "0")
    assert {t: row["rows"] for t, row in store.tables().items()} == {t: row["rows"] for t, row in again.items()}
    assert store.query("SELECT * FROM results ORDER BY id") == before


def test_compact_and_publish_at_once_lose_nothing(store):  # noqa: F811
    fill(store, 4)
    paths = [store.file(f"more {i}.jsonl", criterion_lines([f"more {i}"], seed=50 + i)) for i in range(4)]
    words = ["--dut-version", "1", "--dut-timestamp", "1", "--testbed-name", "bed"]
    started = [store.start("publish", "criterion", path, *words) for path in paths]
    compactions = [store.start("db", "compact", "--keep", "0") for _ in range(2)]
    for process in started:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    for process in compactions:
        _, err = process.communicate(timeout=120)
        # Losing against a publisher is fine, as long as it says so.
        assert process.returncode in (0, 1) and (process.returncode == 0) == ("error:" not in err), err
    assert len(store.names()) == 12


def test_compactions_at_once_wait_for_one_another(store):  # noqa: F811
    fill(store, 12)
    for process in [store.start("db", "compact") for _ in range(6)]:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    assert len(store.names()) == 24 and store.tables()["results"]["fragments"] == 1


def test_export_writes_each_table_as_parquet(store):  # noqa: F811
    fill(store, 2)
    store.ok("db", "export", "--parquet", "out/deep")
    files = sorted(p.name for p in (store.folder / "out" / "deep").iterdir())
    assert files == ["results.parquet", "runs.parquet"]
    if not (TOOLS / "venv-new.stamp").is_file():
        pytest.skip("no pyarrow to read it back: run scripts/test-tools venv-new")
    code = "import pyarrow.parquet as pq, sys, json; print(json.dumps(pq.read_table(sys.argv[1]).to_pylist()))"
    done = subprocess.run([TOOLS / "venv-new" / "bin" / "python", "-c", code, store.folder / "out/deep/results.parquet"],
                          capture_output=True, check=True)
    rows = sorted(json.loads(done.stdout), key=lambda row: row["id"])
    assert rows == store.query("SELECT * FROM results ORDER BY id")


def test_export_to_where_a_file_stands_is_one_line(store):  # noqa: F811
    fill(store, 1)
    store.file("out", "a file")
    assert "out" in error_line(store.run("db", "export", "--parquet", "out"), 1)
    assert (store.folder / "out").read_text() == "a file"
