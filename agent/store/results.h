/*
 * The tables `results` and `results_pr`: writing rows, and reading them back, those of other
 * writers brought to the same meaning.
 */
#pragma once

#include "model/result.h"
#include "store/database.h"

#define RESULTS_TABLE "results"
#define RESULTS_PR_TABLE "results_pr" /* of pull requests; never in the default history */

struct result_writer;

/* Opens the table, making it where it is missing. */
int result_writer_open(struct database *db, const char *table, struct result_writer **out,
                       struct error *err) MUST_CHECK;
int result_writer_add(struct result_writer *writer, const struct result *result,
                      struct error *err) MUST_CHECK;
/* Commits all rows at once. Frees the writer, also on failure. */
int result_writer_finish(struct result_writer *writer, struct lance_merge_result *out,
                         struct error *err) MUST_CHECK;
void result_writer_abort(struct result_writer *writer);

/* How a row's numbers came to be per iteration. */
enum result_origin {
    RESULT_OURS,       /* as it is */
    RESULT_NORMALISED, /* another writer's totals, divided by metadata.iteration_count */
    RESULT_MEAN_ONLY,  /* another writer's without iteration counts: only summary.mean is known */
};

/* A row read back; NULL where the table has null. One of a list is owned; one that a visitor sees
 * is the reader's, up to its return. */
struct stored_result {
    char *id, *benchmark_name, *units, *metadata;
    struct dut dut;
    struct test_bed test_bed;
    double *values; /* per iteration; NULL for RESULT_MEAN_ONLY */
    size_t value_count;
    struct summary summary;
    double throughput_multiplier; /* 0: none */
    char *throughput_name;
    char *commit; /* 40 characters where the writer says so, else what stands behind the + of the
                     version */
    char *run;    /* NULL for other writers' rows */
    char *host_session; /* id of its row in `host_sessions`, or NULL: sessions.h */
    char *flags;        /* how others had a part in its figures: metadata.h */
    bool beyond_limit;  /* so much that it should have been measured again */
    int64_t timestamp;
    enum result_origin origin;
};

void stored_result_release(struct stored_result *result);
/* An owned one. */
struct stored_result stored_result_copy(const struct stored_result *result);

struct result_query {
    const char *table;     /* NULL: RESULTS_TABLE */
    const char *benchmark; /* substring of the name, NULL for all */
    const char *commit;    /* id or the beginning of one, at least 7 characters; NULL for all */
    const char *test_bed;  /* exact name, NULL for all */
    const char *project;   /* dut.name, NULL for all */
    const char *run;       /* exact, NULL for all */
    bool with_invalidated;
    bool without_values;     /* leaves values empty where the summary is ours */
    bool without_any_values; /* reads none at all: of other writers' rows only the mean is known */
};

struct stored_results {
    struct stored_result *items; /* newest commit first, then by name */
    size_t count, cap;
};

void stored_results_release(struct stored_results *results);
#define AUTO_STORED_RESULTS __attribute__((cleanup(stored_results_release)))

/* ERROR_NOT_FOUND when the database has no such table. */
int results_read(struct database *db, const struct result_query *query, struct stored_results *out,
                 struct error *err) MUST_CHECK;

/* Called for each row; what it keeps it copies. 0 to go on, a negative code (with `err` filled) to
 * stop. */
typedef int result_visitor(const struct stored_result *result, void *context, struct error *err);

/* The same rows in no order, without keeping them: for tables larger than memory. */
int results_each(struct database *db, const struct result_query *query, result_visitor *visit,
                 void *context, struct error *err) MUST_CHECK;
