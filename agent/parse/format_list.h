/*
 * The formats beside those of Lance's own two harnesses, in the order of the help. Each has a row
 * in the table of format.c and a command `publish FORMAT`, both made from this list.
 *
 * X(identifier, word, harness): `identifier`_format is the row of the table, in identifier.h.
 */
#pragma once

/* clang-format off */
#define PARSE_FORMAT_LIST(X)                                                \
    X(criterion_text, "criterion-text", "Criterion's printed output")       \
    X(libtest, "libtest", "Rust's own benchmark harness")                   \
    X(divan, "divan", "divan")                                              \
    X(gungraun, "gungraun", "Gungraun (also Iai-Callgrind)")                \
    X(google_benchmark, "google-benchmark", "Google Benchmark")             \
    X(go_benchmark, "go", "Go's benchmarks")                                \
    X(hyperfine, "hyperfine", "hyperfine")                                  \
    X(pyperf, "pyperf", "pyperf")                                           \
    X(asv, "asv", "asv")                                                    \
    X(jmh, "jmh", "JMH")                                                    \
    X(conbench, "conbench", "any harness, as Conbench takes them")          \
    X(bmf, "bmf", "any harness, in Bencher Metric Format")                  \
    X(github_action_benchmark, "github-action-benchmark",                   \
      "any harness, in github-action-benchmark's custom JSON")              \
    X(junit, "junit", "tests, whole tests' durations, from JUnit XML")
/* clang-format on */
