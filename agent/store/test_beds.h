/* What the default history knows of a test bed. */
#pragma once

#include "base/strlist.h"
#include "model/result.h"
#include "store/database.h"

/* The test bed called `name` as its newest row of `results` has it. One that never measured for the
 * default history has nothing but its name. */
int test_bed_read(struct database *db, const char *name, struct test_bed *out,
                  struct error *err) MUST_CHECK;

/* The names of all test beds in `results`, sorted. */
int test_beds_list(struct database *db, struct strlist *names, struct error *err) MUST_CHECK;
