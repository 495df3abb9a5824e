/*
 * Which commit of a range changed a benchmark, from as few noisy runs as possible.
 *
 * The commits of a line are numbered: 0 is the one before the change ("good"), the last one the
 * one behind it ("bad"). A run is one number. With nothing known, each of the commits 1 to the last
 * may be the first on the new level, all alike, and with a probability of a half none is: then both
 * ends have one level. Runs lie normally around the level of their commit; one in fifty is wild
 * and lies ten times as far. The standard deviation is not known before (its prior is Jeffreys'):
 * what several runs of one commit say of it is enough, and is weighed with all that it may be,
 * so that few runs have the tails of Student's t. Neither are the levels (flat); a change has a
 * Cauchy prior whose scale is the change that matters. Positive numbers are taken as logarithms.
 * The posterior over the places follows by integration over both levels and the deviation.
 *
 * The next run:
 * - Until two runs of each end are there, and as long as "no change" is not refuted with the
 *   confidence that is asked for, an end: the one with fewer runs.
 * - Else the commit at the posterior's median, measured before or not. This is where a run says
 *   most: it tells whether the change lies before it, a channel of one bit with noise, whose
 *   information depends on the place through the probability p of "before" alone and is largest for
 *   p = 1/2 (Horstein, "Sequential Transmission Using Noiseless Feedback", IEEE Transactions on
 *   Information Theory 1963; Waeber, Frazier and Henderson, "Bisection Search with Noisy
 *   Responses", SIAM Journal on Control and Optimization 2013). Where the noise is small the
 *   posterior falls to one side at once, which is bisection as git knows it.
 *
 * Commits that cannot be measured are gone around: those that only they part are one answer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define BISECT_CONFIDENCE 0.95

struct bisect_run {
    size_t commit;
    double value; /* finite */
};

struct bisect_question {
    const struct bisect_run *runs; /* in any order */
    size_t run_count;
    const bool *closed; /* of each commit: it cannot be measured (again). Runs of it still count */
    size_t commits;     /* of the line with both its ends: 2 at least */
    double confidence;  /* of an answer: BISECT_CONFIDENCE */
    double matters;     /* relative: the change that matters, above 0 */
};

enum bisect_answer {
    BISECT_MEASURE, /* not known yet: measure `next` */
    BISECT_FOUND,   /* one of the commits `first` to `last` is the first on the new level */
    BISECT_SAME,    /* both ends have one level, or levels that differ by less than matters */
    BISECT_STUCK,   /* not known, and what would tell cannot be measured */
};

struct bisect_state {
    enum bisect_answer answer;
    size_t next; /* for BISECT_MEASURE */
    /* The most likely place: those commits that nothing measurable parts, and how likely it is that
     * the change is there. From two runs of each end on; before, the whole range with 0. */
    size_t first, last;
    double probability;
    double none;          /* how likely no change is */
    size_t early, late;   /* if there is a change it lies here, with the confidence asked for */
    bool relative;        /* of noise and effect; they are 0 before two runs of each end */
    double before, after; /* levels */
    double effect;        /* after against before: 0.05 is 5 % more */
    double low, high;     /* its 95 % interval */
    double noise;         /* from run to run */
};

/* Pure; the order of the runs does not matter. */
void bisect_decide(const struct bisect_question *question, struct bisect_state *out);
