/* Many tests at once. */
#pragma once

#include <stddef.h>

/* Holm's p-values (Scandinavian Journal of Statistics, 1979): calling those at or below alpha
 * findings makes a false one in at most alpha of all families, whatever the tests have to do with
 * one another. NAN is no test and stays NAN. `adjusted` may be `p`. */
void family_holm(const double *p, size_t count, double *adjusted);
