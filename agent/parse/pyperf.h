/*
 * pyperf's JSON (`-o FILE`), format "pyperf".
 *
 * The values of all runs, in their order, are one measurement; warmups and calibration runs are not
 * among them. Values are per loop: seconds, or with --tracemalloc and --track-memory bytes, which
 * are the metric peak_memory; any other unit is the metric "value" in the unit "number". A
 * benchmark's name, unit and loops may stand in its own metadata, in that of the file, and loops in
 * that of a run: what is nearest holds.
 */
#pragma once

#include "parse/format.h"

extern const struct parse_format pyperf_format;
