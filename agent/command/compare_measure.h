/* compare BASE HEAD --measure: both commits built and measured side by side. */
#pragma once

#include "command/command.h"

#include <stdint.h>

struct compare_measure {
    const char *repo;      /* URL or folder; NULL: the current folder */
    const char *benchmark; /* names that contain this; NULL: all */
    const char *fail_on;   /* "unsure", or NULL */
    /* NAN: the policy's, else the default. The last two are per cents. */
    double alpha, matters, minimum_effect;
    int64_t max_pairs;    /* 0: the default */
    double budget;        /* seconds; 0: none */
    double measurement_s; /* 0: as the benchmarks themselves say */
    const char *pairs;    /* "together", "in-turn", or NULL: as the clock allows */
    int64_t layouts;      /* 0: the default */
    int64_t seed;         /* -1: drawn */
    bool pull_request;    /* HEAD is a stranger's */
};

/* `args` are BASE, HEAD, and options of `run` that stood behind "--". Prints the verdicts. The exit
 * code: 0, 2 for worse (and for unsure where that is to fail). */
int compare_measure(const struct globals *globals, const struct compare_measure *asked,
                    const struct strlist *args, struct error *err);
