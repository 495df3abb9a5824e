/*
 * Which changes have one cause: alerts are for causes, not for benchmarks.
 *
 * Changes for the worse of one project whose places may be the same commit are one cause, whatever
 * test bed they were measured on; those at which a test bed became another machine are causes of
 * that test bed. A change's place is where its commit lies with 95 %: so of twenty benchmarks one
 * lies beside its own interval, and a group of at most a tenth of the size of another one, within
 * two measured commits of it, belongs to that one.
 */
#pragma once

#include "pipeline/history/changes.h"

enum cause_status { CAUSE_OPEN, CAUSE_EXPECTED, CAUSE_RECOVERED };

struct alert_cause {
    const char *project;
    const char *test_bed;                /* NULL: any */
    const struct found_change **changes; /* the one that changed most first */
    size_t count, cap;
    size_t open; /* of them */
    /* Of the place that most of them name: the last commit in front of it, and itself. */
    const struct history_commit *before, *after;
    size_t first, last; /* the numbers of the commits behind which and up to which they lie */
    unsigned causes;    /* flags: enum change_cause, of any of them */
    enum cause_status status;
    /* How likely such changes come up by chance at one place, over all N series that were looked
     * at (Simes, Biometrika 1986): min of N p(k) / k. */
    double chance;
    const struct history_commit *recovered;  /* the last of those that brought a level back */
    const struct history_expected *expected; /* of one of them; NULL: none */
};

struct alert_causes {
    struct alert_cause *items; /* the oldest first */
    size_t count, cap;
};

void alert_causes_release(struct alert_causes *causes);
#define AUTO_ALERT_CAUSES __attribute__((cleanup(alert_causes_release)))

/* Borrows both. Writes the `number` of the history's commits: their rank in the order of time
 * among the measured ones of their project. */
void alert_causes_find(struct history *history, const struct found_changes *found,
                       struct alert_causes *out);
