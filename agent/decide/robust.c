#include "decide/robust.h"

#include <math.h>
#include <string.h>

#define MAD_TO_SIGMA 1.4826
#define TAIL_RANGE_TO_SIGMA 2.5631

static void swap(double *a, double *b)
{
    double kept = *a;
    *a = *b;
    *b = kept;
}

/* The order statistic `k` of all, when x[low..high] holds those from `low` to `high`. */
static double select_within(double *x, size_t low, size_t high, size_t k)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (x[middle] < x[low])
            swap(&x[middle], &x[low]);
        if (x[high] < x[low])
            swap(&x[high], &x[low]);
        if (x[high] < x[middle])
            swap(&x[high], &x[middle]);
        double pivot = x[middle];
        size_t i = low, j = high;
        for (;;) {
            while (x[i] < pivot)
                i++;
            while (pivot < x[j])
                j--;
            if (i >= j)
                break;
            swap(&x[i++], &x[j--]);
        }
        /* Equal values stop both scans, so that a constant series splits in halves. */
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
    return x[k];
}

double robust_median(double *x, size_t n)
{
    return robust_quantile(x, n, 0.5);
}

/* The quantile at `place` of the order, when x[low..high] holds the order statistics of there. */
static double quantile_within(double *x, size_t low, size_t high, double place)
{
    size_t k = (size_t)place;
    double below = select_within(x, low, high, k);
    if (k + 1 > high || place == (double)k)
        return below;
    /* What stands behind k is not smaller. */
    double above = x[k + 1];
    for (size_t i = k + 2; i <= high; i++)
        above = x[i] < above ? x[i] : above;
    return below + (above - below) * (place - (double)k);
}

double robust_quantile(double *x, size_t n, double p)
{
    return n ? quantile_within(x, 0, n - 1, p * (double)(n - 1)) : 0;
}

double robust_scale(const double *x, size_t n, double *scratch)
{
    if (!n)
        return 0;
    memcpy(scratch, x, n * sizeof(*x));
    double last = (double)(n - 1), median = robust_median(scratch, n);
    size_t middle = (n - 1) / 2; /* in its place now, with the smaller ones before it */
    double low = quantile_within(scratch, 0, middle, 0.1 * last);
    double high = quantile_within(scratch, middle, n - 1, 0.9 * last);
    for (size_t i = 0; i < n; i++)
        scratch[i] = fabs(x[i] - median);
    double mad = MAD_TO_SIGMA * robust_median(scratch, n),
           range = (high - low) / TAIL_RANGE_TO_SIGMA;
    return mad > range ? mad : range;
}

double robust_mean(const double *x, size_t n, double scale, double *scratch)
{
    if (!n)
        return 0;
    memcpy(scratch, x, n * sizeof(*x));
    double median = robust_median(scratch, n), sum = 0;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (fabs(x[i] - median) > 3 * scale)
            continue;
        sum += x[i] - median;
        kept++;
    }
    return kept ? median + sum / (double)kept : median;
}
