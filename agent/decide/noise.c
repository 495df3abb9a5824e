#include "decide/noise.h"

#include "decide/robust.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define MAD_TO_SIGMA 1.4826
#define SCALE_STEP 0.02
#define CORRELATION_STEP 0.02
#define CORRELATION_MAX 0.7
#define CLIP 3.0 /* scales: farther out, a point says nothing about its neighbour */

static double differences(const double *x, size_t n, size_t lag, double *scratch)
{
    if (n < lag + 4)
        return 0;
    for (size_t i = 0; i + lag < n; i++)
        scratch[i] = fabs(x[i + lag] - x[i]);
    return MAD_TO_SIGMA * robust_median(scratch, n - lag) / M_SQRT2;
}

double noise_of_differences(const double *x, size_t n, double *scratch)
{
    return fmax(differences(x, n, 1, scratch), differences(x, n, 3, scratch));
}

static void residuals(const double *x, size_t n, const size_t *cuts, size_t count, double *out,
                      double *scratch)
{
    size_t begin = 0;
    for (size_t i = 0; i <= count; i++) {
        size_t end = i < count ? cuts[i] : n;
        memcpy(scratch, x + begin, (end - begin) * sizeof(*x));
        double level = robust_median(scratch, end - begin);
        for (size_t j = begin; j < end; j++)
            out[j] = x[j] - level;
        begin = end;
    }
}

static double correlation_of(double *residual, size_t n, const size_t *cuts, size_t count,
                             double scale)
{
    double together = 0, alone = 0;
    size_t next = 0;
    for (size_t i = 0; i < n; i++) {
        residual[i] = fmin(fmax(residual[i], -CLIP * scale), CLIP * scale);
        alone += residual[i] * residual[i];
        bool first = !i || (next < count && cuts[next] == i && ++next);
        if (!first)
            together += residual[i] * residual[i - 1];
    }
    return alone > 0 ? together / alone : 0;
}

struct noise noise_of_residuals(const double *x, size_t n, const size_t *cuts, size_t count,
                                double floor, double *scratch)
{
    double *residual = scratch, *spare = scratch + n;
    double levels = (double)count + 1, points = (double)n;
    residuals(x, n, cuts, count, residual, spare);
    double scale = robust_scale(residual, n, spare) * sqrt(points / fmax(1, points - levels));
    scale = fmax(scale, floor);
    double rounded = exp(SCALE_STEP * round(log(scale) / SCALE_STEP));
    /* Each level fitted takes 1/n from the correlation that is seen. */
    double r = correlation_of(residual, n, cuts, count, rounded) + levels / points;
    r = fmin(fmax(r - 0.5 / sqrt(points), 0), CORRELATION_MAX);
    return (struct noise){rounded, CORRELATION_STEP * round(r / CORRELATION_STEP)};
}

double noise_mean_variance(double r, size_t n)
{
    if (r <= 0 || !n)
        return 1;
    double points = (double)n;
    return noise_long_run(r) - 2 * r * (1 - pow(r, points)) / (points * (1 - r) * (1 - r));
}

double noise_long_run(double r)
{
    return (1 + r) / (1 - r);
}
