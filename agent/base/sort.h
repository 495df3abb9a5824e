/* Sorting what is sorted in many places. */
#pragma once

#include <stddef.h>

/* Ascending; none of them a NaN. */
void sort_doubles(double *x, size_t count);
