/*
 * Results of asv, airspeed velocity (.asv/results/MACHINE/COMMIT-ENV.json, version 2), format
 * "asv". The other files beside them, machine.json and benchmarks.json, hold no results.
 *
 * Each combination of parameters is a benchmark: `module.Class.time_sum(10, 'a')`. Samples, which
 * asv keeps with --record-samples, are the values; without them the result (asv's median) is stored
 * as a mean without values. The file says no units: they follow from asv's names.
 *
 *     time_, timeraw_   wall time; seconds become nanoseconds
 *     peakmem_          metric peak_memory, bytes
 *     mem_              metric memory, bytes
 *     others            metric "value" (track_), in "number"
 *
 * What failed (null) or was skipped (NaN) is left out; a benchmark of which nothing is left is
 * warned of. The commit is not taken from the file: give --commit.
 */
#pragma once

#include "parse/format.h"

#define ASV_PARAMETERS_MAX 64
#define ASV_COLUMNS_MAX 64

extern const struct parse_format asv_format;
