/* schedule: is the newest commit stored, completely? */
#include "base/alloc.h"
#include "base/escape.h"
#include "checkout/checkout.h"
#include "command/common.h"
#include "command/rows.h"
#include "net/ca.h"
#include "store/records.h"
#include "store/results.h"

#include <string.h>

struct schedule_options {
    const char *repo, *branch, *test_bed;
};

static const struct option_row rows[] = {
    OPTION(struct schedule_options, repo, OPTION_STRING, "repo", "URL",
           "the repository to look at"),
    OPTION(struct schedule_options, branch, OPTION_STRING, "branch", "NAME",
           "its branch (default: the remote's own)"),
    OPTION(struct schedule_options, test_bed, OPTION_STRING, "test-bed", "NAME",
           "only what this machine measured counts"),
};

/* What the runs of a commit come to. */
struct coverage {
    bool complete;
    size_t runs, partial, interrupted, failed, invalidated;
    const char *reason;     /* why the newest run that is not complete is not; NULL: none says */
    struct strlist missing; /* benchmarks that were expected and have no result */
};

static bool has_result(const struct stored_results *results, const char *run, const char *name)
{
    for (size_t i = 0; i < results->count; i++) {
        const struct stored_result *r = &results->items[i];
        if ((!run || (r->run && !strcmp(r->run, run))) &&
            (!name || (r->benchmark_name && !strcmp(r->benchmark_name, name))))
            return true;
    }
    return false;
}

/* A run on another machine does not count, and neither does one whose results are in another table,
 * as those of a pull request are. */
static bool counts(const struct stored_run *run, const struct stored_results *results,
                   const char *test_bed)
{
    if (!run->outcome || (test_bed && (!run->test_bed || strcmp(run->test_bed, test_bed))))
        return false;
    return !run->result_count || has_result(results, run->run, NULL);
}

static void add_missing(const struct stored_run *run, const struct stored_results *results,
                        struct strlist *missing)
{
    for (size_t i = 0; i < run->expected.count; i++) {
        const char *name = run->expected.items[i];
        if (!has_result(results, run->run, name) && !strlist_contains(missing, name))
            strlist_push(missing, name);
    }
}

static struct coverage coverage_of(const struct stored_runs *runs,
                                   const struct stored_results *results, const char *test_bed)
{
    struct coverage c = {.missing = STRLIST_INIT};
    for (size_t i = 0; i < runs->count; i++) {
        const struct stored_run *run = &runs->items[i];
        if (!counts(run, results, test_bed))
            continue;
        c.runs++;
        if (strcmp(run->outcome, RUN_COMPLETE) && !c.reason)
            c.reason = run->reason;
        add_missing(run, results, &c.missing);
        c.complete |= !strcmp(run->outcome, RUN_COMPLETE);
        c.partial += !strcmp(run->outcome, RUN_PARTIAL);
        c.interrupted += !strcmp(run->outcome, RUN_INTERRUPTED);
        c.failed += !strcmp(run->outcome, RUN_FAILED);
        c.invalidated += !strcmp(run->outcome, RUN_INVALIDATED);
    }
    /* A run that lacks something outweighs a harness output that is whole by itself. */
    if (c.partial || c.interrupted)
        c.complete = false;
    return c;
}

static const char *state_of(const struct coverage *c)
{
    return c->complete      ? "complete"
           : c->partial     ? "partial"
           : c->interrupted ? "interrupted"
           : c->failed      ? "failed"
           : c->invalidated ? "invalidated"
                            : "missing";
}

static int read_stored(struct database *db, const char *id, const char *test_bed,
                       struct stored_runs *runs, struct stored_results *results, struct error *err)
{
    const struct result_query query = {
        .commit = id,
        .test_bed = test_bed,
        .with_invalidated = true,
        .without_values = true,
    };
    int failed = runs_read(db, id, runs, err);
    if (!failed && runs->count)
        failed = results_read(db, &query, results, err);
    return failed == ERROR_NOT_FOUND ? 0 : failed;
}

static void add_names(struct table *table, const struct strlist *names)
{
    AUTO_STRBUF struct strbuf json = STRBUF_INIT;
    strbuf_addch(&json, '[');
    for (size_t i = 0; i < names->count; i++) {
        strbuf_addstr(&json, i ? ", " : "");
        escape_json(&json, names->items[i], strlen(names->items[i]));
    }
    strbuf_addch(&json, ']');
    table_json(table, json.buf);
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    (void)args;
    const struct schedule_options *o = raw;
    if (!o->repo)
        return error_set(err, ERROR_USAGE, "schedule needs --repo URL");
    const char *certificates = NULL;
    AUTO_FREE char *id = NULL;
    AUTO_DATABASE struct database *db = NULL;
    AUTO_STORED_RUNS struct stored_runs runs = {0};
    AUTO_STORED_RESULTS struct stored_results results = {0};
    int failed = ca_path(&certificates, err);
    const struct checkout_request request = {
        .remote = o->repo,
        .revision = o->branch,
        .ca_file = certificates,
    };
    if (!failed)
        failed = remote_newest(&request, &id, err);
    if (!failed)
        failed = command_database(globals, &db, err);
    if (!failed)
        failed = read_stored(db, id, o->test_bed, &runs, &results, err);
    if (failed)
        return failed;
    struct coverage c = coverage_of(&runs, &results, o->test_bed);
    AUTO_TABLE struct table *table = command_table(globals);
    table_column(table, "commit", false);
    table_column(table, "state", false);
    table_column(table, "runs", true);
    table_column(table, "reason", false);
    table_column(table, "missing", false);
    table_text(table, id);
    table_text(table, state_of(&c));
    table_integer(table, (int64_t)c.runs);
    table_text(table, c.complete ? NULL : c.reason);
    add_names(table, &c.missing);
    table_end_row(table);
    table_finish(table);
    strlist_release(&c.missing);
    return 0;
}

const struct command command_schedule = {
    .name = "schedule",
    .group = "measure",
    .summary = "Say whether the newest commit is stored, completely",
    .arguments = "--repo URL [--branch NAME]",
    .description = "Prints the newest commit, its state (complete, partial, interrupted, failed,\n"
                   "invalidated, or missing when no run of it is recorded) and what is missing.",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .options_size = sizeof(struct schedule_options),
    .run = run,
};
