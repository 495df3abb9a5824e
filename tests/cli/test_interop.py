"""Rows move both ways between the agent and the real Python client, on every storage version that the
client can use. scripts/test-tools brings the clients."""

import json
import math
import statistics
import subprocess
import uuid

import pytest
from store_helpers import FIXTURES, HERE, TOOLS, criterion_lines, criterion_message, store  # noqa: F401

NOT_THROUGHPUT = {"multiplier": 0.0, "name": "", "unit_system": ""}


class Client:
    """A client's process, which answers until close()."""

    def __init__(self, name):
        python = TOOLS / f"venv-{name}" / "bin" / "python"
        if not (TOOLS / f"venv-{name}.stamp").is_file():
            pytest.skip(f"no LanceDB client: run scripts/test-tools venv-{name}")
        self.process = subprocess.Popen(
            [python, HERE / "lancedb_client.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, encoding="utf-8")

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def run(self, verb, database, *words, rows=None):
        request = {"verb": verb, "arguments": [database, *words], "rows": rows}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline())
        assert "error" not in reply, f"{verb}: {reply['error']}"
        return reply["answer"]

    def by_name(self, database):
        rows = self.run("read", database)
        names = [row["benchmark_name"] for row in rows]
        assert len(set(names)) == len(names), names
        return {row["benchmark_name"]: row for row in rows}


@pytest.fixture(scope="module")
def clients():
    """Clients by name, each started when it is first asked for."""
    started = {}

    def get(name):
        if name not in started:
            started[name] = Client(name)
        return started[name]

    yield get
    for one in started.values():
        one.close()


@pytest.fixture(params=["new", "old"])
def client(request, clients):
    return clients(request.param)


# The old client reads no 2.2 and would damage it by appending.
TABLES = [("new", "2.0"), ("new", "2.1"), ("new", "2.2"), ("old", "2.0"), ("old", "2.1")]


@pytest.fixture(params=TABLES, ids=lambda pair: f"{pair[0]}-client-{pair[1]}-table")
def table(request, clients, store):  # noqa: F811
    """A table that the client made, as upstream's publisher would have: (client, version, store)."""
    name, version = request.param
    client = clients(name)
    client.run("make", store.db, version)
    return client, version, store


def upstream_row(name, message_or_stats, values, mean, throughput=None, version="4.0.0+abcdef0"):
    """As upstream's publishers fill it in: `values` and all of the summary but the mean are what the
    harness printed, for Criterion the totals of whole samples."""
    ordered = sorted(values)
    n = len(values)
    return {
        "id": str(uuid.uuid4()),
        "dut": {"name": "lance", "version": version, "timestamp": 1_700_000_000},
        "test_bed": {"name": "ubuntu-latest", "cpu": "x86_64", "memory_gb": 15, "os": "Linux 6.8",
                     "created_at": 1_700_000_100},
        "benchmark_name": name,
        "values": values,
        "summary": {"min": ordered[0], "q1": ordered[n // 4], "median": ordered[n // 2],
                    "q3": ordered[3 * n // 4], "max": ordered[-1], "mean": mean, "standard_deviation": 0.5},
        "units": "nanoseconds",
        "throughput": throughput,
        "metadata": json.dumps(message_or_stats),
        "timestamp": 1_700_000_200,
    }


def upstream_criterion(name, per_iteration, throughput):
    message = criterion_message(name, per_iteration)
    return upstream_row(name, message, message["measured_values"], statistics.fmean(per_iteration), throughput)


BYTES = {"multiplier": 64.0, "name": "bytes", "unit_system": "binary"}


def publish_ours(store, names=("ours/a", "ours/b"), seed=7):  # noqa: F811
    messages = [json.loads(line) for line in criterion_lines(names, seed=seed).splitlines()]
    messages[0]["throughput"] = [{"per_iteration": 512, "unit": "bytes"}]
    path = store.file(f"ours-{seed}.jsonl", "".join(json.dumps(m) + "\n" for m in messages))
    store.published(path)
    return {m["id"]: [t / n for t, n in zip(m["measured_values"], m["iteration_count"])] for m in messages}


def assert_ours(rows, expected, version):
    """Rows that the agent wrote, as Python reads them."""
    for name, values in expected.items():
        row = rows[name]
        assert row["values"] == values
        assert row["summary"]["mean"] == pytest.approx(statistics.fmean(values), rel=1e-12)
        assert row["summary"]["median"] == pytest.approx(statistics.median(values), rel=1e-12)
        assert row["summary"]["standard_deviation"] == pytest.approx(statistics.stdev(values), rel=1e-9)
        assert row["summary"]["min"] == min(values) and row["summary"]["max"] == max(values)
        assert row["units"] == "nanoseconds"
        assert json.loads(row["metadata"])["schema"] == 1
    assert rows["ours/a"]["throughput"] == {"multiplier": 512.0, "name": "bytes", "unit_system": "binary"}
    assert rows["ours/b"]["throughput"] == (NOT_THROUGHPUT if version == "2.0" else None)


def test_a_table_that_python_made_is_read_and_appended_to(table):
    client, version, store = table  # noqa: F811
    per_iteration = [100.0, 104.0, 102.0, 110.0]
    client.run("append", store.db, rows=[upstream_criterion("theirs", per_iteration, BYTES)])
    expected = publish_ours(store)
    rows = client.by_name(store.db)
    assert set(rows) == {"theirs", "ours/a", "ours/b"}
    assert_ours(rows, expected, version)
    assert client.run("storage", store.db) == version
    # Python goes on, the agent goes on, Python still reads all of it.
    client.run("append", store.db, rows=[upstream_criterion("theirs too", per_iteration, BYTES)])
    publish_ours(store, ("ours/c",), seed=8)
    assert set(client.by_name(store.db)) == {"theirs", "ours/a", "ours/b", "theirs too", "ours/c"}
    assert store.names() == ["ours/a", "ours/b", "ours/c", "theirs", "theirs too"]
    assert client.run("storage", store.db) == version


def test_totals_of_upstream_come_out_per_iteration(table):
    client, _, store = table  # noqa: F811
    per_iteration = [100.0, 104.0, 102.0, 110.0]
    client.run("append", store.db, rows=[
        upstream_criterion("theirs", per_iteration, BYTES),
        upstream_row("pytest", {"stats": {"mean": 1e-6}}, [1000.0, 1200.0], 1100.0, BYTES),
        upstream_row("unknown", {"whatever": 1}, [5000.0, 90000.0], 77.0, BYTES),
    ])
    rows = {row["benchmark"]: row for row in store.results()}
    assert rows["theirs"]["median"] == pytest.approx(103.0)
    assert rows["theirs"]["mean"] == pytest.approx(104.0)
    assert rows["theirs"]["standard_deviation"] == pytest.approx(statistics.stdev(per_iteration))
    assert rows["theirs"]["origin"] == "normalised"
    assert rows["pytest"]["median"] == pytest.approx(1100.0)
    # Without iteration counts only the mean can be trusted.
    assert rows["unknown"]["median"] is None
    assert rows["unknown"]["mean"] == 77.0
    assert rows["unknown"]["origin"] == "mean only"


def test_nulls_are_kept_where_the_format_can(table):
    client, version, store = table  # noqa: F811
    store.ok("import-history", FIXTURES / "history.json")
    rows = client.run("read", store.db)
    assert rows
    for row in rows:
        mean = row["summary"].pop("mean")
        assert row["values"] == [mean]
        assert set(row["summary"].values()) == {None}
        assert row["throughput"] == (NOT_THROUGHPUT if version == "2.0" else None)


def test_publishing_again_what_stands_beside_rows_of_python_changes_nothing(table):
    client, _, store = table  # noqa: F811
    publish_ours(store)
    client.run("append", store.db, rows=[upstream_criterion("theirs", [1.0, 2.0], BYTES)])
    before = store.state()
    publish_ours(store)
    assert store.state() == before


def test_python_appends_to_and_merges_into_a_table_of_the_agent(client, store):  # noqa: F811
    expected = publish_ours(store)
    row = upstream_criterion("theirs", [3.0, 4.0], None)
    client.run("append", store.db, rows=[row])
    changed = {**row, "benchmark_name": "theirs, renamed"}
    fresh = upstream_criterion("merged in", [5.0, 6.0], BYTES)
    client.run("merge", store.db, rows=[changed, fresh])
    more = publish_ours(store, ("ours/c",), seed=8)
    rows = client.by_name(store.db)
    assert set(rows) == {"ours/a", "ours/b", "ours/c", "theirs, renamed", "merged in"}
    assert_ours(rows, expected, "2.1")
    assert rows["ours/c"]["values"] == more["ours/c"]
    assert rows["theirs, renamed"]["throughput"] is None
    assert store.names() == sorted(rows)
    assert client.run("storage", store.db) == "2.1"


def test_compaction_leaves_every_row_to_both_sides(table):
    client, version, store = table  # noqa: F811
    client.run("append", store.db, rows=[upstream_criterion("theirs", [3.0, 4.0], BYTES)])
    expected = publish_ours(store)
    publish_ours(store, ("ours/c",), seed=8)
    before = client.run("read", store.db)
    store.ok("db", "compact", "--keep", "0")
    assert store.tables()["results"]["fragments"] == 1
    assert client.run("read", store.db) == before
    client.run("append", store.db, rows=[upstream_criterion("later", [3.0, 4.0], BYTES)])
    unchanged = store.state()
    publish_ours(store)
    assert store.state() == unchanged
    assert_ours(client.by_name(store.db), expected, version)
    assert client.run("storage", store.db) == version


def test_scalar_indices_of_python_hide_no_row(client, store):  # noqa: F811
    publish_ours(store, [f"ours/{i}" for i in range(300)])
    client.run("index", store.db, "id")
    client.run("index", store.db, "benchmark_name")
    before = store.state()
    publish_ours(store, [f"ours/{i}" for i in range(300)])
    assert store.state() == before
    # Rows that no index knows yet, beside rows that one knows.
    publish_ours(store, [f"late/{i}" for i in range(20)], seed=8)
    before = store.state()
    publish_ours(store, [f"late/{i}" for i in range(20)], seed=8)
    assert store.state() == before
    assert len(store.results("--benchmark", "late/")) == 20
    assert len(client.run("where", store.db, "benchmark_name = 'late/3'")) == 1
    assert len(client.run("where", store.db, "benchmark_name = 'ours/77'")) == 1
    store.ok("db", "compact", "--keep", "0")
    before = store.state()
    publish_ours(store, [f"late/{i}" for i in range(20)], seed=8)
    publish_ours(store, [f"ours/{i}" for i in range(300)])
    assert store.state() == before
    assert len(client.run("where", store.db, "benchmark_name = 'ours/77'")) == 1
    assert [row["n"] for row in store.query(
        "SELECT count(*) AS n FROM results WHERE benchmark_name = 'late/3'")] == [1]
    client.run("optimize", store.db)
    assert len(store.results()) == 320
    publish_ours(store, ("after",), seed=9)
    assert len(client.run("read", store.db)) == 321


def test_no_value_is_changed_on_the_way(client, store):  # noqa: F811
    extremes = [5e-324, 2.2250738585072014e-308, 0.0, 1.0, math.pi, 1e99, 123456789.12345679]
    message = criterion_message("extreme", extremes, iterations=[1] * len(extremes))
    store.published(store.file("x.jsonl", json.dumps(message) + "\n"))
    assert client.by_name(store.db)["extreme"]["values"] == extremes
