/*
 * Which benchmarks of which commits have results in the default history: names only, for whoever
 * asks whether a commit has been measured.
 */
#pragma once

#include "base/strlist.h"
#include "store/database.h"

struct measured {
    size_t commit;   /* index in the list that was asked for */
    char *benchmark; /* "<benchmark>" or "<benchmark>#<metric>" */
    char *test_bed;
    char *run; /* NULL for rows of other writers, which have none, and of an imported history */
};

struct measured_list {
    struct measured *items;
    size_t count, cap;
};

void measured_list_release(struct measured_list *list);
#define AUTO_MEASURED_LIST __attribute__((cleanup(measured_list_release)))

/* How the rows of a commit are found. */
enum measured_by {
    MEASURED_BY_VERSION, /* the commit's first 7 characters in dut.version: cheap */
    /* The commit that metadata names, too: for results whose version says nothing of it. Reads all
     * of the metadata there is. */
    MEASURED_BY_METADATA,
};

/* Appends the results of these commits, full ids. A database without the table has none. */
int measured_read(struct database *db, const struct strlist *commits, enum measured_by by,
                  struct measured_list *out, struct error *err) MUST_CHECK;
