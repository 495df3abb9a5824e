/*
 * The best cut of a series into stretches of one level each, where a wild value costs no more than
 * a fixed price.
 *
 * It minimises  sum over points of min((x - level)^2, cap^2)  +  penalty * cuts,  exactly, by
 * functional pruning: the cost of the best cut of the points so far is kept as a function of the
 * last level, piecewise quadratic, and a piece that can never win again is dropped. After Fearnhead
 * and Rigaill, "Changepoint Detection in the Presence of Outliers" (JASA 2019), the biweight loss.
 * A point of a noisy series costs a few dozen pieces' work whatever stands before it; one of a
 * series that only ever rises, as much as there are points before it. A state can be kept and fed
 * further points later: the result is that of all points at once.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct partition;

/* `cap` and `penalty` are above 0 and in the unit of the points (squared for the penalty). */
struct partition *partition_new(double cap, double penalty);
void partition_free(struct partition *partition);
void partition_clear(struct partition *partition, double cap, double penalty);

/* A finite value. */
void partition_add(struct partition *partition, double x);
/* Writes the first index of each stretch but the first to `cuts`, ascending, and returns how many.
 * `cuts` has room for as many as points were added. */
size_t partition_cuts(const struct partition *partition, size_t *cuts);
