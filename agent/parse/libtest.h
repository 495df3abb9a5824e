/*
 * What Rust's own benchmark harness prints, and Criterion with `--output-format bencher`, format
 * "libtest":
 *
 *     test tests::sum ... bench:       1,234.56 ns/iter (+/- 12.34) = 331 MB/s
 *
 * The one figure is a median (of Criterion: an estimate of the mean), so it is stored as a mean
 * without values; the deviation goes to the details. MB/s becomes the throughput, in bytes per
 * iteration. What else is printed is passed over, also between the name and its figure; a line
 * that has begun a figure and does not finish it is an error.
 */
#pragma once

#include "parse/format.h"

extern const struct parse_format libtest_format;
