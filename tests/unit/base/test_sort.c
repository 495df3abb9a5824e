#include "base/sort.h"

#include <criterion/criterion.h>
#include <math.h>

Test(sort, puts_numbers_into_their_order)
{
    double x[] = {2, -INFINITY, 1e-300, -1, 2, INFINITY, 0};
    const double sorted[] = {-INFINITY, -1, 0, 1e-300, 2, 2, INFINITY};
    sort_doubles(x, 7);
    for (size_t i = 0; i < 7; i++)
        cr_expect_eq(x[i], sorted[i], "%zu", i);
    sort_doubles(NULL, 0);
}
