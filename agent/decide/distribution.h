/* Distributions: of the normal and of Student's t. Good to 1e-10 of the probability. */
#pragma once

/* P(Z > z). */
double normal_upper(double z);
/* z with P(Z <= z) = p; infinite for p of 0 and 1. */
double normal_quantile(double p);
/* P(T > t) with `freedom` degrees of freedom, above 0, not necessarily whole. */
double student_upper(double t, double freedom);
/* t with P(T <= t) = p. */
double student_quantile(double p, double freedom);
