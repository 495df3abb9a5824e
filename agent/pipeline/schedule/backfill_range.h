/* The commits of a backfill: from two ends, which may be ids or dates, to a list. */
#pragma once

#include "pipeline/schedule/backfill.h"

/* Replaces what is in `out`; the newest first. Errors as backfill_run(). */
int backfill_range(const struct backfill_request *request, struct commit_list *out,
                   struct error *err) MUST_CHECK;
