/* compare --history: a commit's results against those of its ancestors. */
#pragma once

#include "command/command.h"
#include "store/results.h"

struct compare_history {
    struct result_query query;
    const char *commit;  /* NULL: the newest that was measured */
    const char *fail_on; /* "unsure", or NULL */
    double alpha;
    double matters;    /* per cent */
    bool pull_request; /* the commit's results are those of a pull request */
};

/* Prints the verdicts. The exit code: 0, 2 for worse (and for unsure where that is to fail). */
int compare_history(const struct globals *globals, const struct compare_history *asked,
                    struct error *err);
