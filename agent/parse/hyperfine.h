/*
 * hyperfine's JSON (`--export-json`), format "hyperfine".
 *
 * A benchmark is called by its `command`, which is the name given with -n, else the command line;
 * parameters whose values do not stand in it are put behind it: "name (n=2)".
 * `times` are the wall times of its runs in seconds; files of hyperfine before 1.5 have only the
 * mean, which is stored as one. `user` and `system` are means per run: together the metric
 * cpu_time. `parameters`, and exit codes other than 0, go to the details.
 */
#pragma once

#include "parse/format.h"

extern const struct parse_format hyperfine_format;
