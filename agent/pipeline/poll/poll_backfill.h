/* The jobs of a backfill: as many of the commits that nobody has measured as may wait, in the order
 * that plan/next.h gives them. */
#pragma once

#include "model/poll_job.h"
#include "pipeline/poll/poll.h"
#include "store/database.h"

/* Appends to `out` what there is room for beside the jobs that wait. A commit that has a job, even
 * one that failed, counts as tried. Nothing in the range is fine. */
int poll_backfill(const struct poll_request *request, struct database *db, const char *repository,
                  const char *branch, struct poll_jobs *out, struct error *err) MUST_CHECK;
