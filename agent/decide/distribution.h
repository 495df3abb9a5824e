/* Distributions: of the normal and of Student's t. Relative errors of probabilities stay below
 * 1e-8; with more than 1e5 degrees of freedom below 1e-6 out to 8 standard deviations. */
#pragma once

/* P(Z > z). */
double normal_upper(double z);
/* z with P(Z <= z) = p; infinite for p of 0 and 1. */
double normal_quantile(double p);
/* P(T > t) with `freedom` degrees of freedom, above 0, not necessarily whole. */
double student_upper(double t, double freedom);
/* t with P(T <= t) = p. */
double student_quantile(double p, double freedom);
