#include "decide/noise.h"

#include "decide/robust.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define MAD_TO_SIGMA 1.4826
#define SCALE_STEP 0.02
#define CORRELATION_STEP 0.02
#define CORRELATION_MAX 0.7
#define NEARBY_RATIO 1.3
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

void noise_residuals(const struct noise_stretches *s, double *out, double *scratch)
{
    size_t begin = 0;
    for (size_t i = 0; i <= s->count; i++) {
        size_t end = i < s->count ? s->cuts[i] : s->n;
        memcpy(scratch, s->x + begin, (end - begin) * sizeof(*s->x));
        double level = robust_median(scratch, end - begin);
        for (size_t j = begin; j < end; j++)
            out[j] = s->x[j] - level;
        begin = end;
    }
}

static double clipped(double x, double limit)
{
    return x > limit ? limit : x < -limit ? -limit : x;
}

static double correlation_of(const struct noise_stretches *s, const double *residual, double scale)
{
    double together = 0, alone = 0, before = 0;
    size_t next = 0;
    for (size_t i = 0; i < s->n; i++) {
        double here = clipped(residual[i], CLIP * scale);
        bool first = !i || (next < s->count && s->cuts[next] == i && ++next);
        alone += here * here;
        if (!first)
            together += here * before;
        before = here;
    }
    return alone > 0 ? together / alone : 0;
}

struct noise noise_of_residuals(const struct noise_stretches *s, const double *residual,
                                double floor, double *scratch)
{
    double levels = (double)s->count + 1, points = (double)s->n;
    double scale = robust_scale(residual, s->n, scratch) * sqrt(points / fmax(1, points - levels));
    scale = fmax(scale, floor);
    double rounded = exp(SCALE_STEP * round(log(scale) / SCALE_STEP));
    /* Each level fitted takes 1/n from the correlation that is seen. */
    double r = correlation_of(s, residual, rounded) + levels / points;
    r = fmin(fmax(r - 0.5 / sqrt(points), 0), CORRELATION_MAX);
    return (struct noise){rounded, CORRELATION_STEP * round(r / CORRELATION_STEP)};
}

struct noise noise_nearby(const struct noise *noise, const double *residual, size_t n, size_t at,
                          double *scratch)
{
    size_t begin = at > NOISE_NEARBY ? at - NOISE_NEARBY : 0;
    size_t end = n - at > NOISE_NEARBY ? at + NOISE_NEARBY : n;
    double scale = robust_scale(residual + begin, end - begin, scratch);
    struct noise nearby = *noise;
    if (scale >= NEARBY_RATIO * noise->scale)
        nearby.scale = scale;
    return nearby;
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
