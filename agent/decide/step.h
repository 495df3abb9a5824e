/*
 * One cut of a series held against what else could have made it: noise, correlated noise, a change
 * of the spread, a slow drift. Everything is relative to the points between the cuts before and
 * after it.
 */
#pragma once

#include "decide/noise.h"

#include <stdbool.h>
#include <stddef.h>

struct step_window {
    const double *x;    /* the points, finite */
    size_t n;           /* how many */
    size_t at;          /* the first point behind the cut, 0 < at < n */
    struct noise noise; /* of the whole series, or nearby */
    double cap;         /* in scales: farther out, a point counts as this far */
    double *scratch;    /* 3 n */
};

struct step {
    double before, after; /* the levels: means without wild points */
    double scale;         /* of the points around their level, here */
    double error;         /* standard error of after - before */
    double evidence;      /* |after - before| / error */
    double size;          /* |after - before| / scale */
    /* The place most likely to be within 2 points of the change (the flat prior's posterior
     * summed over 5 places), and that probability. */
    size_t best;
    double certainty;
    size_t first, last; /* the change lies within, with 95 % */
};

struct step step_measure(const struct step_window *window);

/* The log-likelihoods by which the step explains the points better than a straight line does, and
 * than a cubic. */
struct step_drift {
    double over_line, over_cubic;
};

struct step_drift step_against_drift(const struct step_window *window, const struct step *step);

/* Whether one side is a visit to a second mode: a stretch of fewer than 20 points, near whose level
 * one in twenty points of the other side, and three at least, lie too, far from their own. */
bool step_is_visit(const struct step_window *window, const struct step *step);
