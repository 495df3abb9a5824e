/*
 * Level and scale of numbers of which some are wild. All finite. Nothing here allocates: where an
 * order is needed the caller lends `scratch`, as long as the data.
 */
#pragma once

#include <stddef.h>

/* The median; of an even number the mean of the middle two. Reorders `x`. 0 for none. */
double robust_median(double *x, size_t n);
/* The quantile `p` of 0..1, type 7. Reorders `x`. 0 for none. */
double robust_quantile(double *x, size_t n, double p);
/* A standard deviation that up to a tenth of wild values cannot carry away, and that still sees a
 * second mode which a tenth or more of the values are in: the larger of 1.4826 MAD and the
 * 10–90 % range / 2.5631. Both are 1 sigma for normal values. */
double robust_scale(const double *x, size_t n, double *scratch);
/* The mean of the values within 3 `scale` of their median. */
double robust_mean(const double *x, size_t n, double scale, double *scratch);
