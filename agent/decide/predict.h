/*
 * New runs held against the runs before them: could they have come from the same level?
 *
 * A run is one number. The noise is the spread from run to run in the history since its last change
 * (change.h): the spread within a run understates it several times over. The test is Student's: the
 * mean of k new runs lies around the mean of n old ones with s sqrt(1/k + 1/n) and n - 1 degrees of
 * freedom. Wild runs are left out of the history by Rosner's generalised ESD test ("Percentage
 * Points for a Generalized ESD Many-Outlier Procedure", Technometrics 1983) at .002 %:
 * more would make the noise look smaller than it is where none is wild; of three new runs or more,
 * those farther than 4 s from their median are.
 *
 * Where all numbers are above 0 all this is done with their logarithms, and effects are relative;
 * otherwise they are differences in the unit of the numbers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define PREDICT_HISTORY_MIN 3 /* old runs: fewer say nothing about noise */

struct prediction {
    bool relative;    /* of effects and noise */
    size_t since;     /* index in the history of the first run since its last change */
    size_t history;   /* n: runs of the history that were used */
    size_t left_out;  /* wild ones since then */
    size_t runs;      /* k: new runs used */
    double expected;  /* the level of the history */
    double measured;  /* the level of the new runs */
    double noise;     /* s */
    double error;     /* s sqrt(1/k + 1/n) */
    double effect;    /* measured against expected: 0.05 is 5 % more */
    double low, high; /* its 95 % interval */
    double p_higher;  /* how likely an effect at least this high is by chance, and */
    double p_lower;   /* at least this low */
};

/* Both in the order of time; what is not finite is passed over. False, and nothing is written, when
 * fewer than PREDICT_HISTORY_MIN runs are left of the history or none of the new ones. */
bool predict(const double *history, size_t history_count, const double *runs, size_t run_count,
             struct prediction *out);

/* The effect that this many new runs and this history would have shown with the probability
 * `power`, tested at `alpha` one-sided. In the unit of `effect`. */
double predict_smallest(const struct prediction *prediction, double alpha, double power);
/* How many new runs are needed in all to see `effect` that way, or 0 when the history is too short
 * or too noisy for any number of runs. */
size_t predict_runs_needed(const struct prediction *prediction, double alpha, double power,
                           double effect);
