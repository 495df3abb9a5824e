/*
 * results.metadata: a JSON object with what belongs to one result and to no column. In the rows of
 * this program:
 *
 *     {"schema": 1, "harness": "criterion", "commit": "<40 hex>", "run": "…", "host_session": "…",
 *      "iterations": 20 | {"start": 100, "step": 50} | [1, 1, 2, …], "details": {…},
 *      "evidence": {…}}
 *
 * `iterations` are those of each value: one number when all are equal, start and step when they
 * grow evenly, else the list; it is missing where the harness says nothing. `commit`,
 * `host_session`, `details` and `evidence` (evidence/evidence.h: the circumstances of the process
 * that measured it) are missing where there is nothing to say.
 */
#pragma once

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct metadata {
    const char *harness, *commit, *run, *host_session; /* NULL: left out */
    const uint64_t *iterations;                        /* NULL: left out */
    size_t iteration_count;
    const char *details;  /* a JSON object's text, or NULL */
    const char *evidence; /* the same */
};

/* Replaces what is in `out`. */
void metadata_write(const struct metadata *metadata, struct strbuf *out);

/* What reading needs of any writer's metadata. It begins as {0} and can be filled again and again:
 * its texts and numbers are its own, and last until it is filled again. */
struct metadata_facts {
    int schema;   /* 0: not a row of this program */
    char *commit; /* NULL where it is not said */
    char *run;
    char *host_session;
    /* How others had a part in the figures: words of evidence.flags with "," between them, "" where
     * they had none, NULL where the row has no evidence. */
    char *flags;
    bool beyond_limit;       /* so much that it should have been measured again */
    double *iteration_count; /* of another writer's row; NULL where it has none */
    size_t iteration_count_len;
    /* Another writer's row from pytest-benchmark, whose values are per iteration. */
    bool has_stats;
    char *texts; /* what holds those above */
    size_t texts_len, texts_cap;
};

/* Text that is not a JSON object gives facts without anything. */
void metadata_read(const char *text, size_t len, struct metadata_facts *out);
void metadata_facts_release(struct metadata_facts *facts);
