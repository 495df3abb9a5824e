#include "decide/boundary.h"

#include "decide/distribution.h"

#include <math.h>

#define PIECES 200     /* of the integral, in logarithms */
#define OVERSHOOT .583 /* of a random walk over a limit, in steps: -zeta(1/2)/sqrt(2 pi) */

/* The limit b on |z| at every look: 2 b phi(b) times the integral of exp(-.583 x)/x from
 * b/sqrt(m) to b/sqrt(m0), and the chance at the first look; m and m0 count steps. */
static double level_of_limit(double b, const struct boundary_looks *looks)
{
    double from = log(b / sqrt((double)looks->last / (double)looks->step));
    double to = log(b / sqrt((double)looks->first / (double)looks->step));
    double width = (to - from) / PIECES, sum = 0;
    for (int i = 0; i < PIECES; i++)
        sum += exp(-OVERSHOOT * exp(from + (i + .5) * width));
    double density = exp(-b * b / 2) / sqrt(2 * M_PI);
    return fmin(1, 2 * b * density * sum * width + 2 * normal_upper(b));
}

double boundary_level(double nominal, const struct boundary_looks *looks)
{
    return level_of_limit(-normal_quantile(nominal / 2), looks);
}

double boundary_nominal(double alpha, const struct boundary_looks *looks)
{
    /* Below 1 the approximation is none. */
    double low = 1, high = 20;
    for (int i = 0; i < 60; i++) {
        double middle = low + (high - low) / 2;
        if (level_of_limit(middle, looks) > alpha)
            low = middle;
        else
            high = middle;
    }
    return 2 * normal_upper(high);
}
