/*
 * What Criterion prints for people (`cargo bench`), format "criterion-text":
 *
 *     fib/12                  time:   [1.2345 µs 1.2400 µs 1.2467 µs]
 *                             thrpt:  [9.6254 Melem/s 9.6774 Melem/s 9.7205 Melem/s]
 *
 * A long name stands on the line before. The figure in the middle is the estimate; it is stored as
 * a mean without values, the interval's ends go to the details. The throughput is in work per
 * iteration, to the digits that the text has. cargo-criterion's JSON lines and the folder
 * target/criterion hold the samples themselves: use those where there is a choice.
 */
#pragma once

#include "parse/format.h"

extern const struct parse_format criterion_text_format;
