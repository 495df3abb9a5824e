"""Writes whole tables of a database with a real client. Run with the Python of the client's own environment: standard
input is {"folder": …, "tables": {name: [row, …]}}, and each row of a table has the same keys."""

import json
import sys

import lance
import pyarrow as pa

NUMBER, TEXT, WHOLE = pa.float64(), pa.string(), pa.int64()

RESULTS = pa.schema([
    ("id", TEXT),
    ("dut", pa.struct([("name", TEXT), ("version", TEXT), ("timestamp", WHOLE)])),
    ("test_bed", pa.struct([("name", TEXT), ("cpu", TEXT), ("memory_gb", pa.int32()), ("os", TEXT),
                            ("created_at", WHOLE)])),
    ("benchmark_name", TEXT),
    ("values", pa.list_(NUMBER)),
    ("summary", pa.struct([(name, NUMBER) for name in (
        "min", "q1", "median", "q3", "max", "mean", "standard_deviation")])),
    ("units", TEXT),
    ("throughput", pa.struct([("multiplier", NUMBER), ("name", TEXT), ("unit_system", TEXT)])),
    ("metadata", TEXT),
    ("timestamp", WHOLE),
])
COMMITS = pa.schema([("id", TEXT), ("project", TEXT), ("parent", TEXT), ("subject", TEXT), ("branch", TEXT),
                     ("time", WHOLE), ("schema", WHOLE)])
SESSIONS = pa.schema([(name, TEXT) for name in (
    "id", "test_bed", "kernel", "cpu", "microcode", "toolchain", "sandbox", "knobs", "counters")]
    + [("started_at", WHOLE), ("ended_at", WHOLE), ("schema", WHOLE)])
SCHEMAS = {"results": RESULTS, "results_pr": RESULTS, "commits": COMMITS, "host_sessions": SESSIONS}


def main():
    asked = json.load(sys.stdin)
    for name, rows in asked["tables"].items():
        lance.write_dataset(pa.Table.from_pylist(rows, SCHEMAS[name]), f"{asked['folder']}/{name}.lance",
                            data_storage_version="2.1")


main()
