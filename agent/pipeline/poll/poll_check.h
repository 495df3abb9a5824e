/*
 * A check run on GitHub for each job: what is being measured, and what became of it. It is news and
 * no part of the work: where GitHub does not take it, that is a warning.
 */
#pragma once

#include "base/error.h"
#include "model/poll_job.h"

#include <stdbool.h>

struct github;

/* A pull request's commit may be measured as long as the check run with its approval is open: the
 * bot completes it when somebody cancels. ERROR_CONFLICT: it is not; another code: GitHub does not
 * say. 0 for every other job. */
int poll_check_approval(struct github *github, const struct poll_job *job,
                        struct error *err) MUST_CHECK;

/* Each does nothing where `github` is NULL. The check run is found again by the job's id, so that a
 * job that is taken over goes on with its own. *check_run: 0 where there is none. */
void poll_check_begin(struct github *github, const struct poll_job *job, int64_t *check_run);
/* `again`: the job is queued once more. `reason` NULL: it succeeded. */
void poll_check_end(struct github *github, const struct poll_job *job, int64_t check_run,
                    const char *reason, bool again);
