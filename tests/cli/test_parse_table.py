"""The table of powers of five is what its generator writes."""

import pathlib
import subprocess
import sys

PARSE = pathlib.Path(__file__).resolve().parents[2] / "agent" / "parse"


def test_the_table_is_what_the_generator_writes():
    written = subprocess.run(
        [sys.executable, PARSE / "power_of_five.py"], check=True, capture_output=True, text=True
    ).stdout
    assert (PARSE / "power_of_five.c").read_text() == written
