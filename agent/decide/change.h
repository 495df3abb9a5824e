/*
 * Where a series of results changed its level and stayed there.
 *
 *     struct change_finder *finder = change_finder_new(NULL);
 *     for (…)
 *         change_finder_add(finder, value);
 *     size_t count = change_finder_find(finder, &changes);
 *
 * How: positive values are taken as logarithms. The series is cut by partition.h, with a price for
 * a cut that follows from the noise (noise.h) and the length of the series; noise and cuts are
 * found in turns. Then every cut is held against what else could have made it (step.h), the least
 * credible one is taken back and its neighbours are looked at again, until all that are left stand.
 * Last, each is moved to its most likely place. At most 2,048 points on either side of a cut are
 * looked at: enough for any size that is reported, and a long series takes no longer for each
 * point.
 *
 * The same values give the same changes, in whatever portions they come: a finder that is fed
 * further points gives what a fresh one with all of them gives, for less work while the noise (in
 * steps of 2 %) and the length (in powers of 1.2) stay what they were.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* When a cut is a change. There is one setting, change_rule_default; others serve tests. */
struct change_rule {
    double cap;                   /* scales from its level at which a point counts no farther */
    double penalty, penalty_log;  /* price of a cut: penalty + penalty_log ln(n), in variances */
    double first_penalty;         /* times that in the first turn, whose noise is a guess */
    int turns;                    /* of noise and cuts */
    double evidence;              /* standard errors: this and sqrt(ln n) are the least */
    double size;                  /* scales: the least step */
    double over_line, over_cubic; /* log-likelihoods by which a drift has to explain it worse */
    double drift_below;           /* scales: a larger step is no drift */
    double certainty;             /* that its place is right within two points: the least */
};

extern const struct change_rule change_rule_default;

struct change {
    size_t index;       /* of the first value on the new level; gaps count */
    size_t previous;    /* of the last value before it */
    size_t first, last; /* with 95 % the first value on the new level is one of these */
    double before, after;
    /* (after - before) / before with its 95 % interval; NAN where values are not all above 0. */
    double relative, relative_low, relative_high;
    double size;     /* in standard deviations of the points around their level */
    double evidence; /* in standard errors of the difference */
    /* At least as likely as that no such step comes up by chance anywhere in the series: 1 - n p,
     * p from Student's t. */
    double confidence;
};

struct change_finder;

/* NULL: the default rule. */
struct change_finder *change_finder_new(const struct change_rule *rule);
void change_finder_free(struct change_finder *finder);
/* Forgets all values and keeps the memory. */
void change_finder_clear(struct change_finder *finder);
/* The next value in time. NAN and infinities are gaps. */
void change_finder_add(struct change_finder *finder, double value);
/* Ascending; *out is valid until the next call. */
size_t change_finder_find(struct change_finder *finder, const struct change **out);
/* The noise found last: a relative standard deviation where all values are above 0, else one in
 * their unit. 0 before change_finder_find() and for fewer values than can show a change. */
double change_finder_noise(const struct change_finder *finder);
