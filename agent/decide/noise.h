/*
 * How far the points of a series lie from their level, and how much neighbours have in common.
 *
 * A series is cut into stretches of one level each: `cuts` are the first points of all but the
 * first. The scale is a standard deviation. The correlation is that of an AR(1) process: with it, a
 * mean of n points varies noise_mean_variance() times as much as independent ones.
 */
#pragma once

#include <stddef.h>

struct noise {
    double scale;
    double correlation; /* of neighbours, 0 up to below 1 */
};

/* The scale before any cut is known, from differences of points one and three apart: a step is in
 * only a few of them. `scratch` is as long as `x`. */
double noise_of_differences(const double *x, size_t n, double *scratch);

/* The scale and correlation of what the levels (medians) of the stretches leave. `scratch` is twice
 * as long as `x`. The scale is rounded to steps of 2 %, the correlation to steps of .02 and, since
 * its estimate has a standard error of 1/sqrt(n), held half of that lower: both stay the same for
 * most further points, so that what was computed with them stays valid. */
struct noise noise_of_residuals(const double *x, size_t n, const size_t *cuts, size_t count,
                                double floor, double *scratch);

/* The variance of the mean of `n` points over that of independent ones:
 * (1 + r)/(1 - r) - 2 r (1 - r^n) / (n (1 - r)^2). */
double noise_mean_variance(double correlation, size_t n);
/* The same for many points: (1 + r)/(1 - r). */
double noise_long_run(double correlation);
