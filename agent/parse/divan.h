/*
 * What divan prints, format "divan": a table with a tree in its first column.
 *
 * A benchmark is called by its path, `program::module::function::argument`. The column "mean" is
 * stored, as a mean without values; fastest, slowest and median (nanoseconds) and the counts of
 * samples and iterations go to the details. Of the rates below a benchmark the first becomes the
 * throughput, to the digits that the table has. With divan's AllocProfiler the means per iteration
 * are metrics:
 *
 *     max alloc:   max_allocations, max_allocated_bytes
 *     alloc:       allocations, allocated_bytes
 *     dealloc:     deallocations, deallocated_bytes
 *     grow:        grows, grown_bytes
 *     shrink:      shrinks, shrunk_bytes
 */
#pragma once

#include "parse/format.h"

#define DIVAN_DEPTH_MAX 64

extern const struct parse_format divan_format;
