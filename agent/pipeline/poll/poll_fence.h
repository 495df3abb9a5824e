/*
 * The fence of a run that is a job of `poll`: it is passed before anything is stored, and only by
 * the execution that holds the job's lease. jobs/lease.h says what that guarantees.
 */
#pragma once

#include "base/error.h"

#include <stdint.h>

struct poll_fence {
    const char *db; /* borrowed */
    char *job;      /* id */
    int64_t token, lease_s;
};

/* A fresh string for `run --job`: "<id>:<token>:<seconds of a lease>". */
char *poll_fence_text(const char *job, int64_t token, int64_t lease_s);
/* Reads it. ERROR_USAGE. */
int poll_fence_parse(const char *text, const char *db, struct poll_fence *out,
                     struct error *err) MUST_CHECK;
void poll_fence_release(struct poll_fence *fence);
#define AUTO_POLL_FENCE __attribute__((cleanup(poll_fence_release)))

/* Moves the job on to publishing, as the `pass` of a struct run_fence. ERROR_CONFLICT: somebody
 * else has the job, or it was cancelled. Where the database cannot be reached it is waited for, as
 * long as it takes: nothing that was measured is lost, and nobody else can take the job meanwhile.
 * ERROR_INTERRUPTED ends the waiting. */
int poll_fence_pass(void *fence, struct error *err) MUST_CHECK;
