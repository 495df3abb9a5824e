/*
 * The table `jobs`: the work that machines with `lance-bench poll` share.
 *
 * It is written as state_table.h says: whole, on top of the version that was read.
 */
#pragma once

#include "model/poll_job.h"
#include "store/database.h"

#define JOBS_TABLE "jobs"

/* A database without the table has no jobs, and version 0. */
int jobs_read(struct database *db, struct poll_jobs *out, uint64_t *version,
              struct error *err) MUST_CHECK;
/* ERROR_CONFLICT, with nothing changed, when the table is no longer at `version`. Where the answer
 * of an s3:// database got lost (ERROR_UNREACHABLE), it may be written all the same. */
int jobs_write(struct database *db, const struct poll_jobs *jobs, uint64_t version,
               struct error *err) MUST_CHECK;

/* Changes the list: positive when there is something to write, 0 when not, or a negative code. It
 * may be called again, with the jobs as they are then. */
typedef int jobs_change(void *context, struct poll_jobs *jobs, struct error *err);
/* Reads, changes and writes until nobody came in between. What `change` returned, or a code. */
int jobs_update(struct database *db, jobs_change *change, void *context,
                struct error *err) MUST_CHECK;
