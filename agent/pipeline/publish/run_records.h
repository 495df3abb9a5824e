/*
 * What `run` says of a run beside its results: the rows of `host_sessions`, `commits` and `runs`.
 * They go in together, last; where the database cannot be reached they wait in the spool like the
 * results.
 */
#pragma once

#include "store/commits.h"
#include "store/records.h"

struct cJSON;

/* Everything is borrowed. */
struct run_records {
    struct host_session_record session;
    struct commit commit;
    struct run_record run;
};

int run_records_put(const char *db_uri, const struct run_records *records,
                    struct error *err) MUST_CHECK;

/* The records as a JSON object, and back. What run_records_read() yields borrows from the tree, but
 * for run.expected, which is to be released. */
struct cJSON *run_records_write(const struct run_records *records);
void run_records_read(const struct cJSON *json, struct run_records *out);
