#include "pipeline/history/series_policy.h"

#include "model/metric.h"

#include <math.h>

struct series_policy series_policy_of(const struct policy *policy,
                                      const struct history_series *series)
{
    struct policy_settings said = policy_of(policy, series->benchmark, series->test_bed);
    double matters = !isnan(said.matters) ? said.matters : policy ? policy->matters : 0;
    double minimum = !isnan(said.minimum_effect) ? said.minimum_effect
                     : policy                    ? policy->minimum_effect
                                                 : 0;
    return (struct series_policy){
        .higher_is_better = said.direction
                                ? said.direction == POLICY_HIGHER_IS_BETTER
                                : metric_higher_is_better(series->benchmark, series->units),
        .exact = said.exact ? said.exact == POLICY_YES
                            : metric_is_exact(series->benchmark, series->units),
        .ignored = said.ignore == POLICY_YES,
        .matters = matters,
        .minimum_effect = minimum,
    };
}

bool series_policy_counts(const struct series_policy *policy, double relative)
{
    return isnan(relative) || fabs(relative) >= policy->minimum_effect;
}
