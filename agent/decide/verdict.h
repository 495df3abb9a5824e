/*
 * What is said of each benchmark of a comparison, with one error rate over all of them.
 *
 * Worse and better are called by Holm's procedure (family.h), each direction for itself: when
 * nothing has changed, any benchmark is called worse in at most `alpha` of all comparisons, and any
 * better in at most as many. What is significant is called only when its estimated effect is at
 * least the test's minimum effect: that makes alarms fewer, never more. Not called: "same" when the
 * interval leaves no room for a change that matters (the minimum effect, where that is larger),
 * else "unsure", with the number of runs that would tell.
 */
#pragma once

#include "decide/predict.h"

#include <stdbool.h>
#include <stddef.h>

#define VERDICT_ALPHA 0.05
/* Holm's p-values of several tests are raised by this: so far out in the tails (5e-4 with a hundred
 * tests) the prediction's own are exceeded a little more often than they say. Simulated with a
 * hundred unchanged benchmarks and asked for 5 %, an alarm came in 5.2 % of 24,000 comparisons
 * without it, most with ten runs of history, 5.5 %; with 1.1 in 4.7 and 5.5 %
 * (tests/perf/pr_rule.py). */
#define VERDICT_MARGIN 1.25
#define VERDICT_POWER 0.8    /* of "the smallest change it could have seen" */
#define VERDICT_MATTERS 0.05 /* relative: a change of 5 % matters unless told */

enum verdict_kind {
    VERDICT_NO_HISTORY, /* nothing to hold it against */
    VERDICT_SAME,
    VERDICT_UNSURE,
    VERDICT_BETTER,
    VERDICT_WORSE,
};

struct verdict_rule {
    double alpha;
    double matters; /* relative */
    bool alone;     /* each test has the error rate alpha for itself */
};

struct verdict_test {
    const struct prediction *prediction; /* NULL: there is no history */
    bool higher_is_worse;
    double matters;        /* relative; 0: that of the rule */
    double minimum_effect; /* relative; what is estimated smaller is neither worse nor better */
};

struct verdict {
    enum verdict_kind kind;
    double p;        /* Holm's, raised, of worse or of better, whichever is smaller */
    double smallest; /* the change for the worse that it would have called with VERDICT_POWER, had
                        no other benchmark changed; above 0; of the prediction's kind */
    /* Runs in all that would show a change that matters; 0: no number would, the history is too
     * short or too noisy. For effects that are not relative 0 too. */
    size_t runs_needed;
    double matters; /* the change that had to be seen; relative */
};

/* `out` has room for `count`. */
void verdicts_of(const struct verdict_test *tests, size_t count, const struct verdict_rule *rule,
                 struct verdict *out);
/* "worse", "same", "no history"… */
const char *verdict_name(enum verdict_kind kind);
/* Worse before unsure before better before same; VERDICT_NO_HISTORY when all are. */
enum verdict_kind verdict_overall(const struct verdict *verdicts, size_t count);
