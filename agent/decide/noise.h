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

/* A series and where it is cut. */
struct noise_stretches {
    const double *x;
    size_t n;
    const size_t *cuts;
    size_t count;
};

/* What the levels (medians) of the stretches leave of each point. `out` and `scratch` are as long
 * as the series. */
void noise_residuals(const struct noise_stretches *stretches, double *out, double *scratch);

/* The scale, at least `floor`, and the correlation of these residuals. The scale is rounded to
 * steps of 2 %, the correlation to steps of .02 and, since its estimate has a standard error of
 * 1/sqrt(n), held half of that lower: both stay the same for most further points, so that what was
 * computed with them stays valid. `scratch` is as long as the series. */
struct noise noise_of_residuals(const struct noise_stretches *stretches, const double *residual,
                                double floor, double *scratch);

#define NOISE_NEARBY 30 /* points on either side */
/* The noise around the point `at`: with another scale where the points nearby scatter at least 1.3
 * times as much, which 60 points of the same noise hardly ever do. `scratch` has room for
 * 2 NOISE_NEARBY. */
struct noise noise_nearby(const struct noise *noise, const double *residual, size_t n, size_t at,
                          double *scratch);

/* The variance of the mean of `n` points over that of independent ones:
 * (1 + r)/(1 - r) - 2 r (1 - r^n) / (n (1 - r)^2). */
double noise_mean_variance(double correlation, size_t n);
/* The same for many points: (1 + r)/(1 - r). */
double noise_long_run(double correlation);
