"""`query`: SQL over the tables, read-only, in six formats."""

import csv
import io
import json
import subprocess

import pytest
from store_helpers import TOOLS, criterion_lines, error_line, store  # noqa: F401

NAMES = ["plain", 'a "b", c', "two\nlines", "pipe|<b>"]


@pytest.fixture
def filled(store):  # noqa: F811
    store.published(store.file("in.jsonl", criterion_lines(NAMES)))
    return store


def test_json_nests_lists_and_structs(filled):
    rows = filled.query("SELECT * FROM results WHERE benchmark_name = 'plain'")
    assert len(rows) == 1 and len(rows[0]["values"]) == 10
    assert rows[0]["dut"]["version"] == "1.2.3+abcdef0" and rows[0]["throughput"] is None


def test_csv_is_what_a_reader_expects(filled):
    text = filled.ok("query", "SELECT benchmark_name, timestamp, throughput FROM results ORDER BY 1", "--output", "csv").stdout
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["benchmark_name", "timestamp", "throughput"]
    assert [row[0] for row in rows[1:]] == sorted(NAMES)
    assert all(row[2] == "" for row in rows[1:])


def test_a_table_and_markdown_have_a_line_for_each_row(filled):
    sql = "SELECT benchmark_name, summary['median'] AS median FROM results"
    assert len(filled.ok("query", sql).stdout.splitlines()) == 1 + len(NAMES)
    lines = filled.ok("query", sql, "--output", "markdown").stdout.splitlines()
    assert len(lines) == 2 + len(NAMES) and "<b>" not in "".join(lines)


@pytest.mark.parametrize("output", ["arrow", "parquet"])
def test_arrow_and_parquet_are_read_by_python(filled, output):
    if not (TOOLS / "venv-new.stamp").is_file():
        pytest.skip("no pyarrow: run scripts/test-tools venv-new")
    path = filled.folder / f"out.{output}"
    with open(path, "wb") as out:
        subprocess.run([filled.agent, "--db", filled.db, "query", "SELECT * FROM results", "--output", output],
                       env=filled.env, stdout=out, check=True)
    reader = ("pa.ipc.open_file(path).read_all()" if output == "arrow" else "pq.read_table(path)")
    code = (f"import pyarrow as pa, pyarrow.parquet as pq, json, sys; path = sys.argv[1]\n"
            f"t = {reader}\nprint(json.dumps([t.schema.names, t.to_pylist()]))")
    done = subprocess.run([TOOLS / "venv-new" / "bin" / "python", "-c", code, path], capture_output=True, check=True)
    names, rows = json.loads(done.stdout)
    assert names[0] == "id" and names[-1] == "timestamp"
    assert sorted(row["benchmark_name"] for row in rows) == sorted(NAMES)
    assert all(len(row["values"]) == 10 and row["throughput"] is None for row in rows)


def test_tables_can_be_joined(filled):
    rows = filled.query("SELECT r.outcome, count(*) AS n FROM results JOIN runs r ON r.version = results.dut['version'] GROUP BY 1")
    assert rows == [{"outcome": "complete", "n": len(NAMES)}]


@pytest.mark.parametrize("sql", [
    "DROP TABLE results", "DELETE FROM results", "INSERT INTO results SELECT * FROM results", "UPDATE results SET id = 'x'",
    "CREATE TABLE x AS SELECT 1", "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
    "COPY results TO '/tmp/x.csv' STORED AS CSV", "SET datafusion.execution.batch_size = 1", "SELECT 1; SELECT 2",
    "CREATE VIEW v AS SELECT 1"])
def test_whatever_is_no_single_select_is_refused(filled, sql):
    before = filled.state()
    error_line(filled.run("query", sql), 129)
    assert filled.state() == before and filled.names() == sorted(NAMES)


@pytest.mark.parametrize("sql,said", [
    ("SELECT nosuch FROM results", "nosuch"), ("SELECT * FROM nosuch", "nosuch"), ("SELEC 1", "SELEC"), ("", ""),
    ("SELECT * FROM '/etc/passwd'", "not found"), ("SELECT 1 +", "")])
def test_a_wrong_query_is_one_line_that_names_it(filled, sql, said):
    line = error_line(filled.run("query", sql), 129)
    assert said in line and len(line) < 1000


def test_an_error_in_the_middle_says_where_it_was_reading(filled):
    line = error_line(filled.run("query", "SELECT CAST(benchmark_name AS INT) FROM results"), 1)
    assert filled.db in line


def test_values_that_json_cannot_hold_are_null(filled):
    rows = filled.query("SELECT CAST('NaN' AS DOUBLE) AS a, 1e308 * 10 AS b, -1.5 AS c, true AS d, CAST(NULL AS INT) AS e")
    assert rows == [{"a": None, "b": None, "c": -1.5, "d": True, "e": None}]


def test_other_types_are_shown_as_text(filled):
    rows = filled.query("SELECT DATE '2026-11-21' AS day, CAST(1.25 AS DECIMAL(5, 2)) AS money, make_array(1, NULL) AS list")
    assert rows == [{"day": "2026-11-21", "money": "1.25", "list": [1, None]}]


def test_a_reader_that_goes_away_is_no_crash(filled):
    process = subprocess.Popen(
        [filled.agent, "--db", filled.db, "query", "SELECT v.value FROM generate_series(1, 2000000) AS v(value)"],
        env=filled.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 0
    assert err == b""


def test_without_a_database_there_is_no_data(store):  # noqa: F811
    line = error_line(store.run("query", "SELECT * FROM results", db="nowhere"), 3)
    assert "nowhere" in line
    assert not (store.folder / "nowhere").exists()
