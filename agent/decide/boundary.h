/* Testing again and again while numbers come in: how strict each look has to be, so that all of
 * them together keep an error rate. */
#pragma once

#include <stddef.h>

/* Where there are looks: after `first` observations, then after each further `step`, up to `last`.
 * 0 < first <= last. */
struct boundary_looks {
    size_t first, last, step;
};

/* The chance that a two-sided test at the nominal level `nominal`, the same at each look, calls
 * something at any of them although there is nothing: Siegmund's approximation for repeated
 * significance tests in discrete time ("Sequential Analysis", Springer 1985, chapter 4). Within a
 * tenth of what simulation gives for levels up to .2. */
double boundary_level(double nominal, const struct boundary_looks *looks);
/* The nominal level that gives `alpha` that way, for alpha up to .5. As a limit for the p-values of
 * Student's t ("significance level approach", Jennison and Turnbull, "Group Sequential Methods",
 * 2000, chapter 4) it lets up to a fifth more through where looks begin at six observations. */
double boundary_nominal(double alpha, const struct boundary_looks *looks);
