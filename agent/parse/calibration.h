/*
 * What `lance-bench host calibrate` finds out, as lines of JSON (format "calibration"):
 *
 *     {"calibration": 1, "name": "memory", "units": "nanoseconds", "values": [5012340.5, …],
 *      "details": {…}}
 *
 * Unlike the other formats it says its units itself; values are finite and not negative. Keys may
 * come in any order, others are skipped, and every line has to be such an object.
 */
#pragma once

#include "parse/format.h"

#define CALIBRATION_UNITS_MAX 64 /* bytes */

extern const struct parse_format calibration_format;
