/*
 * Go benchmarks (`go test -bench`), as text or with -json, format "go".
 *
 * A benchmark is called `<package>.<name>`, the name as Go prints it: with "-N" behind it for
 * GOMAXPROCS=N. The lines of -count are the values of one measurement, wherever they stand. goos,
 * goarch and cpu go to the details. The units of a line:
 *
 *     ns/op           wall time
 *     MB/s            the throughput, in bytes per iteration, to the digits that the line has
 *     B/op            metric allocated_bytes, bytes
 *     allocs/op       metric allocations, allocations
 *     X-ns, X-ns/op   metric X, nanoseconds
 *     X/op            metric X, in X/op
 *     other           a metric of that name and unit
 *
 * Other lines are passed over, also those that a benchmark prints between its name and its numbers,
 * and words that it prints on their line; a line of results that is cut off is an error. With -json
 * the output of each package is put together before it is read, since test2json cuts lines where
 * they were flushed.
 */
#pragma once

#include "parse/format.h"

#define GO_PACKAGES_MAX 10000 /* of one file */

extern const struct parse_format go_benchmark_format;
