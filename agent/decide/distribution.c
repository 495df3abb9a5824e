#include "decide/distribution.h"

#include <math.h>

double normal_upper(double z)
{
    return 0.5 * erfc(z * M_SQRT1_2);
}

/* A root of upper(x) = q for q below a half, by Newton's steps on the logarithm, where the tail is
 * nearly straight: from x = 0 they never pass the root. */
double normal_quantile(double p)
{
    if (!(p > 0) || !(p < 1))
        return p >= 1 ? INFINITY : p <= 0 ? -INFINITY : NAN;
    if (p == 0.5)
        return 0;
    double q = p < 0.5 ? p : 1 - p, x = 0;
    for (int i = 0; i < 100; i++) {
        double tail = normal_upper(x), density = exp(-x * x / 2) / sqrt(2 * M_PI);
        double step = log(tail / q) * tail / density;
        x += step;
        if (fabs(step) < 1e-14 * fmax(1, x))
            break;
    }
    return p < 0.5 ? -x : x;
}

/* lgamma() writes the sign into a global variable, which threads would share. */
static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

/* The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method. */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int m = 1; m < 10000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 + even * d;
        c = 1 + even / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        h *= d * c;
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 + odd * d;
        c = 1 + odd / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        h *= d * c;
        if (fabs(d * c - 1) < 1e-15)
            break;
    }
    return h;
}

/* The regularised incomplete beta function I_x(a, b); `rest` is 1 - x, exact where x is near 1. */
static double beta_share(double a, double b, double x, double rest)
{
    if (x <= 0 || rest <= 0)
        return x <= 0 ? 0 : 1;
    double front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log(rest));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, rest) / b;
}

double student_upper(double t, double freedom)
{
    /* The logarithms of gamma below cancel for so many; Wallace's normal deviate is good to
     * 1/freedom^2. */
    if (freedom > 1e5)
        return normal_upper(t * (1 - 1 / (4 * freedom)) / sqrt(1 + t * t / (2 * freedom)));
    double square = t * t, whole = freedom + square;
    double half = 0.5 * beta_share(freedom / 2, 0.5, freedom / whole, square / whole);
    return t >= 0 ? half : 1 - half;
}

double student_quantile(double p, double freedom)
{
    if (!(p > 0) || !(p < 1))
        return p >= 1 ? INFINITY : p <= 0 ? -INFINITY : NAN;
    if (p == 0.5)
        return 0;
    double q = p < 0.5 ? p : 1 - p, low = 0, high = INFINITY, x = 1;
    double scale =
        log_gamma((freedom + 1) / 2) - log_gamma(freedom / 2) - 0.5 * log(freedom * M_PI);
    for (int i = 0; i < 2000 && high - low > 1e-14 * x; i++) {
        double tail = student_upper(x, freedom);
        *(tail > q ? &low : &high) = x;
        double density = exp(scale - (freedom + 1) / 2 * log1p(x * x / freedom));
        double next = x + log(tail / q) * tail / density;
        /* Newton's step on the logarithm of the tail, unless it leaves where the root is. */
        if (!(next > low && next < high))
            next = high < INFINITY ? low + (high - low) / 2 : 2 * x;
        if (fabs(next - x) <= 1e-14 * x)
            break;
        x = next;
    }
    return p < 0.5 ? -x : x;
}
