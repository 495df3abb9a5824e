/* compare --history: a commit's results against those of its ancestors. */
#pragma once

#include "command/policy_source.h"
#include "store/results.h"

struct compare_history {
    struct result_query query;
    struct policy_source policy;
    const char *commit;  /* NULL: the newest that was measured */
    const char *fail_on; /* "unsure", or NULL */
    /* NAN: the policy's, else the default. The last two are per cents, for what no rule of the
     * policy speaks of. */
    double alpha, matters, minimum_effect;
    bool pull_request; /* the commit's results are those of a pull request */
};

/* Prints the verdicts. The exit code: 0, 2 for worse (and for unsure where that is to fail). */
int compare_history(const struct globals *globals, const struct compare_history *asked,
                    struct error *err);
