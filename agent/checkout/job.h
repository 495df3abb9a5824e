/* What all steps of one checkout share. Internal to checkout/. */
#pragma once

#include "base/error.h"
#include "checkout/task.h"

struct job {
    const struct task *task;
    double stall_s;
    const char *ca_file; /* may be NULL */
    char *token_host; /* the host that $LANCE_BENCH_GIT_TOKEN belongs to: the remote's asked for */
};
