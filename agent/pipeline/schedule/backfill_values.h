/* What the commits of a range have measured, for plan/next.h. */
#pragma once

#include "base/strlist.h"
#include "pipeline/schedule/schedule_source.h"
#include "plan/next.h"

struct range_values {
    struct plan_value **items; /* of each commit, sorted by benchmark, each once */
    size_t *counts;
    size_t commits;
    struct strlist names; /* owns those of the values */
};

void range_values_release(struct range_values *values);
#define AUTO_RANGE_VALUES __attribute__((cleanup(range_values_release)))

/* Of several results of one benchmark of a commit, the one that was published last. Replaces what
 * is in `out`. A database without results has none. */
int range_values_read(const char *db, const char *test_bed, const struct commit_list *commits,
                      struct range_values *out, struct error *err) MUST_CHECK;
