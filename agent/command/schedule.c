/* schedule: is the newest commit stored, completely? */
#include "base/alloc.h"
#include "checkout/checkout.h"
#include "command/common.h"
#include "command/rows.h"
#include "net/ca.h"
#include "store/records.h"

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
    size_t partial, interrupted, failed, invalidated;
};

static struct coverage coverage_of(const struct stored_runs *runs, const char *test_bed)
{
    struct coverage c = {0};
    for (size_t i = 0; i < runs->count; i++) {
        const struct stored_run *run = &runs->items[i];
        if (!run->outcome || (test_bed && (!run->test_bed || strcmp(run->test_bed, test_bed))))
            continue;
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

/* Why the newest run that is not complete is not; NULL when none says. */
static const char *reason_of(const struct stored_runs *runs)
{
    for (size_t i = 0; i < runs->count; i++)
        if (runs->items[i].outcome && strcmp(runs->items[i].outcome, RUN_COMPLETE) &&
            runs->items[i].reason)
            return runs->items[i].reason;
    return NULL;
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
        failed = runs_read(db, id, &runs, err);
    if (failed)
        return failed;
    struct coverage c = coverage_of(&runs, o->test_bed);
    AUTO_TABLE struct table *table = command_table(globals);
    table_column(table, "commit", false);
    table_column(table, "state", false);
    table_column(table, "runs", true);
    table_column(table, "reason", false);
    table_text(table, id);
    table_text(table, state_of(&c));
    table_integer(table, (int64_t)runs.count);
    table_text(table, c.complete ? NULL : reason_of(&runs));
    table_end_row(table);
    table_finish(table);
    return 0;
}

const struct command command_schedule = {
    .name = "schedule",
    .group = "measure",
    .summary = "Say whether the newest commit is stored, completely",
    .arguments = "--repo URL [--branch NAME]",
    .description =
        "Prints the newest commit and its state: complete, partial, interrupted, failed,\n"
        "invalidated, or missing when nothing of it is stored.",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .options_size = sizeof(struct schedule_options),
    .run = run,
};
