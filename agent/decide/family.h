/* Many tests at once. */
#pragma once

#include <stddef.h>

/* Holm's p-values (Scandinavian Journal of Statistics, 1979): calling those at or below alpha
 * findings makes a false one in at most alpha of all families, whatever the tests have to do with
 * one another. NAN is no test and stays NAN. `adjusted` may be `p`. */
void family_holm(const double *p, size_t count, double *adjusted);
/* Benjamini and Hochberg's (JRSS B, 1995): of the findings at or below alpha at most alpha are
 * false on average. */
void family_fdr(const double *p, size_t count, double *adjusted);
