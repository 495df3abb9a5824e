/*
 * The id of a result: the version 5 UUID of what makes it this result and no other. Publishing the
 * same thing twice gives the same id, so it is stored once.
 */
#pragma once

#include "base/digest.h"

#include <stdbool.h>
#include <stddef.h>

struct result_key {
    const char *project, *test_bed;
    const char *commit; /* 40 characters, or the version where the commit is not known */
    const char *harness, *benchmark;
    const char *metric; /* NULL for wall time */
    const char *run;
    unsigned ordinal; /* of a benchmark that comes more than once in its run: 0, 1, … */
};

void result_id(const struct result_key *key, char out[UUID_TEXT_SIZE]);

/* Counts how often each name came, for the ordinal. */
struct name_counts {
    void *tree;
};

/* How many times `name` came before, and counts this one. */
unsigned name_counts_add(struct name_counts *counts, const char *name);
bool name_counts_has(const struct name_counts *counts, const char *name);
/* Whether one of the names begins with these bytes. */
bool name_counts_has_start(const struct name_counts *counts, const char *start, size_t len);
void name_counts_release(struct name_counts *counts);
