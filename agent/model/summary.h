/* The seven numbers that stand for a list of per-iteration values. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* All in the unit of the values; NAN stands for null ("not known"). */
struct summary {
    double min, q1, median, q3, max, mean;
    double standard_deviation; /* of the sample: n - 1 in the denominator; 0 for one value */
};

/* Every field is NAN. */
struct summary summary_unknown(void);

/* Summarises `count` finite values; count 0 gives summary_unknown(). Quartiles are type 7 of
 * Hyndman and Fan, "Sample Quantiles in Statistical Packages" (1996): linear between order
 * statistics at (n - 1) p, what R and NumPy do by default. The mean is Kahan-summed, the deviation
 * is computed in a second pass around it. Does not change `values`; takes O(count) memory and
 * O(count) time (a selection, not a sort). */
struct summary summary_of(const double *values, size_t count);
