#include "base/sort.h"

#include <stdlib.h>

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

void sort_doubles(double *x, size_t count)
{
    if (count)
        qsort(x, count, sizeof(*x), ascending);
}
