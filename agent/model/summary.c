#include "model/summary.h"

#include "base/alloc.h"

#include <math.h>
#include <string.h>

struct summary summary_unknown(void)
{
    return (struct summary){NAN, NAN, NAN, NAN, NAN, NAN, NAN};
}

static void swap(double *a, double *b)
{
    double t = *a;
    *a = *b;
    *b = t;
}

/* Reorders `v` so that v[k] is the k-th smallest and nothing behind it is smaller (Hoare's FIND
 * with a median-of-three pivot). */
static void select_nth(double *v, size_t count, size_t k)
{
    size_t low = 0, high = count - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (v[middle] < v[low])
            swap(&v[middle], &v[low]);
        if (v[high] < v[low])
            swap(&v[high], &v[low]);
        if (v[high] < v[middle])
            swap(&v[high], &v[middle]);
        double pivot = v[middle];
        size_t i = low, j = high;
        for (;;) {
            while (v[i] < pivot)
                i++;
            while (v[j] > pivot)
                j--;
            if (i >= j)
                break;
            swap(&v[i++], &v[j--]);
        }
        /* j is the last index of the left part */
        if (j == high)
            j--;
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
}

/* The quantile p of `v` where everything in front of `from` is known to be smaller or equal. */
static double quantile(double *v, size_t count, size_t from, double p)
{
    double at = (double)(count - 1) * p;
    size_t k = (size_t)at;
    select_nth(v + from, count - from, k - from);
    double fraction = at - (double)k;
    if (fraction == 0)
        return v[k];
    double next = v[k + 1];
    for (size_t i = k + 2; i < count; i++)
        if (v[i] < next)
            next = v[i];
    return v[k] + fraction * (next - v[k]);
}

static double kahan_mean(const double *values, size_t count)
{
    double sum = 0, lost = 0;
    for (size_t i = 0; i < count; i++) {
        double y = values[i] - lost;
        double t = sum + y;
        lost = (t - sum) - y;
        sum = t;
    }
    return sum / (double)count;
}

struct summary summary_of(const double *values, size_t count)
{
    if (!count)
        return summary_unknown();
    double on_stack[512];
    AUTO_FREE double *on_heap = count > ARRAY_SIZE(on_stack) ? xreallocarray(NULL, count, 8) : NULL;
    double *v = on_heap ? on_heap : on_stack;
    memcpy(v, values, count * sizeof(*v));

    struct summary s;
    s.min = s.max = v[0];
    for (size_t i = 1; i < count; i++) {
        s.min = v[i] < s.min ? v[i] : s.min;
        s.max = v[i] > s.max ? v[i] : s.max;
    }
    s.mean = kahan_mean(values, count);
    double squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - s.mean) * (values[i] - s.mean);
    s.standard_deviation = count > 1 ? sqrt(squares / (double)(count - 1)) : 0;

    s.q1 = quantile(v, count, 0, 0.25);
    s.median = quantile(v, count, (size_t)((double)(count - 1) * 0.25), 0.5);
    s.q3 = quantile(v, count, (size_t)((double)(count - 1) * 0.5), 0.75);
    return s;
}
