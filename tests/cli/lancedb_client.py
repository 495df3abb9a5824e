"""What the tests ask of a real LanceDB client. Run with the Python of the client's own environment, it
answers one JSON line on stdout for each on stdin, since importing the client takes seconds:

    {"verb": "append", "arguments": ["/the/database"], "rows": […]}
    {"answer": null} or {"error": "what the client said"}
"""

import json
import os
import sys

import lance
import lancedb
import pyarrow as pa

TEXT, NUMBER = pa.string(), pa.float64()

# Upstream's table, column for column.
SCHEMA = pa.schema([
    ("id", TEXT),
    ("dut", pa.struct([("name", TEXT), ("version", TEXT), ("timestamp", pa.int64())])),
    ("test_bed", pa.struct([("name", TEXT), ("cpu", TEXT), ("memory_gb", pa.int32()), ("os", TEXT),
                            ("created_at", pa.int64())])),
    ("benchmark_name", TEXT),
    ("values", pa.list_(NUMBER)),
    ("summary", pa.struct([(name, NUMBER) for name in (
        "min", "q1", "median", "q3", "max", "mean", "standard_deviation")])),
    ("units", TEXT),
    ("throughput", pa.struct([("multiplier", NUMBER), ("name", TEXT), ("unit_system", TEXT)])),
    ("metadata", TEXT),
    ("timestamp", pa.int64()),
])


def results(database):
    return lancedb.connect(database).open_table("results")


def make(database, version):
    lance.write_dataset(SCHEMA.empty_table(), f"{database}/results.lance", data_storage_version=version)


def append(database, rows):
    results(database).add(pa.Table.from_pylist(rows, SCHEMA))


def merge(database, rows):
    results(database).merge_insert("id").when_matched_update_all().when_not_matched_insert_all().execute(
        pa.Table.from_pylist(rows, SCHEMA))


def read(database):
    return sorted(results(database).to_arrow().to_pylist(), key=lambda row: row["id"])


def where(database, condition):
    return [row["id"] for row in results(database).search().where(condition).to_list()]


def index(database, column):
    results(database).create_scalar_index(column, index_type="BTREE")


def optimize(database):
    results(database).optimize()


def storage(database):
    return lance.dataset(f"{database}/results.lance").data_storage_version


VERBS = {verb.__name__: verb for verb in (make, append, merge, read, where, index, optimize, storage)}


def answer(request):
    rows = [request["rows"]] if request.get("rows") is not None else []
    try:
        return {"answer": VERBS[request["verb"]](*request["arguments"], *rows)}
    except BaseException as e:  # a panic of the core is no Exception
        return {"error": f"{type(e).__name__}: {e}"}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
    # The old client's threads crash the interpreter while it winds down.
    os._exit(0)
