/* What a verdict on a series has to heed: what its metric says of itself (model/metric.h), and what
 * the project's rules say over it (config/policy.h). */
#pragma once

#include "config/policy.h"
#include "pipeline/history/history.h"

struct series_policy {
    bool higher_is_better;
    bool exact;            /* a count: where it has no spread any difference is a change */
    bool ignored;          /* no verdict, no change, no alert */
    double matters;        /* relative; 0: not said, the caller's own holds */
    double minimum_effect; /* relative; 0: none */
};

/* `policy` may be NULL. */
struct series_policy series_policy_of(const struct policy *policy,
                                      const struct history_series *series);
/* Whether an effect of that relative size (NAN: no relative size can be given) is large enough to
 * be called. */
bool series_policy_counts(const struct series_policy *policy, double relative);
