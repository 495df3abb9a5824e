#include "model/summary.h"

#include "base/alloc.h"

#include <math.h>
#include <string.h>

struct summary summary_unknown(void)
{
    return (struct summary){NAN, NAN, NAN, NAN, NAN, NAN, NAN};
}

/* Brings what belongs in front to v[low] and on, and returns where the rest begins. There is no
 * branch on the values: in unordered ones it would be guessed wrongly half of the time. */
#define PARTITION(v, low, high, belongs_in_front)    \
    ({                                               \
        size_t rest_ = (low);                        \
        for (size_t i_ = (low); i_ < (high); i_++) { \
            double x = (v)[i_];                      \
            (v)[i_] = (v)[rest_];                    \
            (v)[rest_] = x;                          \
            rest_ += (belongs_in_front);             \
        }                                            \
        rest_;                                       \
    })

static double median_of_three(double a, double b, double c)
{
    double low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* The ninther of Tukey where there is much to divide. */
static double pivot_of(const double *v, size_t low, size_t high)
{
    size_t step = (high - low) / 9;
    const double *at = v + low + step / 2;
    if (high - low < 200)
        return median_of_three(v[low], v[low + (high - low) / 2], v[high - 1]);
    return median_of_three(median_of_three(at[0], at[step], at[2 * step]),
                           median_of_three(at[3 * step], at[4 * step], at[5 * step]),
                           median_of_three(at[6 * step], at[7 * step], at[8 * step]));
}

/* Reorders v[low] to v[high - 1] so that v[k] is where it would be if they were sorted: nothing in
 * front of it is greater, nothing behind it smaller (Hoare's FIND, Lomuto's partition). */
static void select_nth(double *v, size_t low, size_t high, size_t k)
{
    while (high - low > 1) {
        double pivot = pivot_of(v, low, high);
        size_t smaller = PARTITION(v, low, high, x < pivot);
        if (k < smaller) {
            high = smaller;
            continue;
        }
        /* Equal values would never get fewer above: they are taken out in one go. */
        size_t equal = PARTITION(v, smaller, high, x == pivot);
        if (k < equal)
            return;
        low = equal;
    }
}

/* The quantile p of `count` values, where those in front of `low` and from `high` on are known to
 * be in place, or on the right side of what is between. */
static double quantile(double *v, size_t count, size_t low, size_t high, double p)
{
    double at = (double)(count - 1) * p;
    size_t k = (size_t)at;
    select_nth(v, low, high, k);
    double fraction = at - (double)k;
    if (fraction == 0)
        return v[k];
    double next = v[k + 1];
    for (size_t i = k + 2; i < high; i++)
        next = v[i] < next ? v[i] : next;
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

    size_t middle = (count - 1) / 2;
    s.median = quantile(v, count, 0, count, 0.5);
    s.q1 = quantile(v, count, 0, middle, 0.25);
    s.q3 = quantile(v, count, middle + 1, count, 0.75);
    return s;
}
