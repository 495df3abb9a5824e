/* results, invalidate: looking at what is stored, and taking a bad run out of sight. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "command/circumstances.h"
#include "command/common.h"
#include "command/rows.h"
#include "store/records.h"
#include "store/results.h"

#include <inttypes.h>
#include <string.h>

struct results_options {
    struct result_query query;
    int64_t limit;
    bool pull_request;
};

#define ROW(field, kind, name, value, help) \
    OPTION(struct results_options, field, kind, name, value, help)

static const struct option_row result_rows[] = {
    ROW(query.benchmark, OPTION_STRING, "benchmark", "TEXT", "names that contain this"),
    ROW(query.commit, OPTION_STRING, "commit", "ID", "of this commit (7 characters or more)"),
    ROW(query.test_bed, OPTION_STRING, "test-bed", "NAME", "from this machine"),
    ROW(query.project, OPTION_STRING, "project", "NAME", "of this project"),
    ROW(query.run, OPTION_STRING, "run", "ID", "of this run"),
    ROW(limit, OPTION_INTEGER, "limit", "N",
        "at most this many, newest commits first (default: 100)"),
    ROW(query.with_invalidated, OPTION_FLAG, "all", NULL, "invalidated runs too"),
    ROW(pull_request, OPTION_FLAG, "pull-request", NULL, "those of pull requests instead"),
};

static const struct results_options defaults = {.limit = 100, .query = {.without_values = true}};

static void add_result(struct table *table, const struct stored_result *r,
                       const struct stored_sessions *sessions)
{
    char when[TIME_ISO_SIZE];
    time_format_iso(r->dut.timestamp, when);
    table_text(table, r->dut.name);
    table_text(table, r->dut.version);
    table_text(table, when);
    table_text(table, r->test_bed.name);
    table_text(table, r->benchmark_name);
    command_quantity(table, r->summary.median, r->units);
    command_quantity(table, r->summary.mean, r->units);
    command_quantity(table, r->summary.standard_deviation, r->units);
    table_text(table, r->units);
    table_text(table, r->origin == RESULT_OURS         ? "lance-bench"
                      : r->origin == RESULT_NORMALISED ? "normalised"
                                                       : "mean only");
    table_text(table, r->run);
    AUTO_STRLIST struct strlist flags = STRLIST_INIT;
    strlist_split(&flags, r->flags ? r->flags : "", ',');
    table_list(table, r->flags ? &flags : NULL);
    const struct stored_session *session = sessions_find(sessions, r->host_session);
    table_text(table, session ? session->canary : NULL);
}

static void print_results(struct table *table, const struct stored_results *results,
                          const struct stored_sessions *sessions, size_t limit)
{
    static const struct {
        const char *name;
        bool numeric;
    } columns[] = {{"project", false},     {"version", false},
                   {"commit_time", false}, {"test_bed", false},
                   {"benchmark", false},   {"median", true},
                   {"mean", true},         {"standard_deviation", true},
                   {"units", false},       {"origin", false},
                   {"run", false},         {"flags", false},
                   {"canary", false}};
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
        table_column(table, columns[i].name, columns[i].numeric);
    for (size_t i = 0; i < results->count && i < limit; i++) {
        add_result(table, &results->items[i], sessions);
        table_end_row(table);
    }
    table_finish(table);
}

static int run_results(const struct globals *globals, const void *raw, const struct strlist *args,
                       struct error *err)
{
    (void)args;
    const struct results_options *o = raw;
    struct result_query query = o->query;
    query.table = o->pull_request ? RESULTS_PR_TABLE : RESULTS_TABLE;
    AUTO_DATABASE struct database *db = NULL;
    AUTO_STORED_RESULTS struct stored_results results = {0};
    int failed = query.commit ? command_check_commit(query.commit, err) : 0;
    if (!failed && o->limit < 1)
        failed = error_set(err, ERROR_USAGE, "--limit is at least 1");
    if (!failed)
        failed = command_database(globals, &db, err);
    if (!failed)
        failed = results_read(db, &query, &results, err);
    if (failed == ERROR_NOT_FOUND)
        return error_set(err, ERROR_NO_DATA, "no results%s in %s yet",
                         o->pull_request ? " of pull requests" : "", globals->db);
    if (failed)
        return failed;
    if (!results.count)
        return error_set(err, ERROR_NO_DATA, "no result in %s matches", globals->db);
    AUTO_STORED_SESSIONS struct stored_sessions sessions = {0};
    failed = circumstances_sessions(db, &results, NULL, &sessions, err);
    if (failed)
        return failed;
    AUTO_TABLE struct table *table = command_table(globals);
    print_results(table, &results, &sessions, (size_t)o->limit);
    if (results.count > (size_t)o->limit)
        log_info("%zu more: raise --limit to see them", results.count - (size_t)o->limit);
    return 0;
}

const struct command command_results = {
    .name = "results",
    .group = "results",
    .summary = "List stored results",
    .arguments = "[--benchmark TEXT] [--commit ID] [--test-bed NAME]",
    .options = result_rows,
    .option_count = ARRAY_SIZE(result_rows),
    .defaults = &defaults,
    .options_size = sizeof(struct results_options),
    .run = run_results,
};

struct invalidate_options {
    const char *reason, *test_bed;
};

static const struct option_row invalidate_rows[] = {
    OPTION(struct invalidate_options, reason, OPTION_STRING, "reason", "TEXT",
           "why, kept with the run"),
    OPTION(struct invalidate_options, test_bed, OPTION_STRING, "test-bed", "NAME",
           "only what this machine measured in that run"),
};

static int run_invalidate(const struct globals *globals, const void *raw,
                          const struct strlist *args, struct error *err)
{
    const struct invalidate_options *o = raw;
    const char *run = args->items[0];
    AUTO_DATABASE struct database *db = NULL;
    int64_t count = 0;
    int failed = command_check_text("reason", o->reason, err);
    if (!failed)
        failed = command_database(globals, &db, err);
    if (!failed)
        failed = runs_invalidate(db, run, o->test_bed, o->reason, &count, err);
    if (failed)
        return failed;
    if (!count)
        return error_set(err, ERROR_NO_DATA,
                         "there is no run '%s' in %s: 'lance-bench results' shows their ids", run,
                         globals->db);
    if (globals->format == FORMAT_JSON)
        printf("{\"invalidated\": %" PRId64 "}\n", count);
    else if (!globals->quiet)
        printf("Run %s is kept and no longer shown\n", run);
    return 0;
}

const struct command command_invalidate = {
    .name = "invalidate",
    .group = "results",
    .summary = "Take a bad run out of sight; its results are kept",
    .arguments = "RUN [--reason TEXT]",
    .options = invalidate_rows,
    .option_count = ARRAY_SIZE(invalidate_rows),
    .options_size = sizeof(struct invalidate_options),
    .min_args = 1,
    .max_args = 1,
    .run = run_invalidate,
};
