/*
 * The formats that a harness other than Lance's own two writes, in the order of the help. Each has
 * a row in the table of format.c and a command `publish FORMAT`, both made from this list.
 *
 * X(identifier, word, harness): `identifier`_format is the row of the table, in identifier.h.
 */
#pragma once

#define PARSE_FORMAT_LIST(X)                                    \
    X(google_benchmark, "google-benchmark", "Google Benchmark") \
    X(hyperfine, "hyperfine", "hyperfine")
