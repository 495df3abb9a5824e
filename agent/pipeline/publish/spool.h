/*
 * The spool: results that could not be stored, each with where it belongs. A folder below
 * $LANCE_BENCH_SPOOL, or $XDG_STATE_HOME/lance-bench/spool (~/.local/state/…):
 *
 *     <milliseconds>-<pid>-<n>/request.json   the publish request, its database's URI included
 *     <milliseconds>-<pid>-<n>/input          what the harness wrote, a file or a folder
 *
 * or, for what `run` says of a run beside its results,
 *
 *     <milliseconds>-<pid>-<n>/records.json   the records, and their database's URI
 *
 * An entry appears whole or not at all (until then its name ends in .part), and goes away at once
 * when its database has it (what is still to be removed ends in REMOVED_SUFFIX). It is never sent
 * to another database than the one it was meant for.
 */
#pragma once

#include "pipeline/publish/publish.h"
#include "pipeline/publish/run_records.h"

/* publish_input(), and where the database cannot be reached the results go to the spool:
 * ERROR_SPOOLED, with outcome->spooled telling where they wait. */
int publish_or_spool(const struct publish_request *request, const struct parse_format *format,
                     struct input *input, struct publish_outcome *outcome,
                     struct error *err) MUST_CHECK;

/* Keeps one request; *path is the entry's folder, a fresh string. */
int spool_add(const struct publish_request *request, const struct parse_format *format,
              struct input *input, char **path, struct error *err) MUST_CHECK;

/* Keeps the records of a run. */
int spool_add_records(const char *db_uri, const struct run_records *records, char **path,
                      struct error *err) MUST_CHECK;

struct spool_counts {
    uint64_t published; /* entries that are in their database now */
    uint64_t waiting;   /* entries whose database still cannot be reached */
    uint64_t broken;    /* entries that cannot be published; each was logged */
    uint64_t inserted;  /* rows */
};

/* Sends each entry, oldest first, to the database it was meant for. 0 also when some have to wait;
 * the first reason for that is in `err`. */
int spool_publish(struct spool_counts *counts, struct error *err) MUST_CHECK;
