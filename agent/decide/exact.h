/*
 * Exact counts: bytes, allocations, instructions and the like come out the same each time as long
 * as nothing changes, and then any difference is a change: there is no noise to hold it against.
 *
 * Whether a count is one of these is read from its values. One that has spread is left to the
 * tests for times (change.h, predict.h).
 */
#pragma once

#include "decide/change.h"
#include "decide/predict.h"

/* Whether the values have no spread but steps: of four values or more, at most a quarter of the
 * neighbours differ. What is not finite is passed over. */
bool exact_values(const double *values, size_t count);
/* Every difference of neighbours as a change, for values without spread. `out` has room for
 * `count`. A change has no interval but its size, confidence 1, and no size or evidence in
 * deviations (NAN). Indices count what is not finite too. */
size_t exact_changes(const double *values, size_t count, struct change *out);
/*
 * predict() for exact counts: the newest PREDICT_HISTORY_MIN runs of the history are equal, and so
 * are the new ones; p is 0 or 1. False, and nothing is written, where that is not so.
 */
bool exact_predict(const double *history, size_t history_count, const double *runs,
                   size_t run_count, struct prediction *out);
