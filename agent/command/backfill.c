/* backfill: measure commits of the past. */
#include "base/alloc.h"
#include "base/log.h"
#include "command/common.h"
#include "command/rows.h"
#include "command/schedule_common.h"
#include "pipeline/schedule/backfill.h"

#include <string.h>

struct backfill_options {
    struct target_options target;
    const char *since, *until, *order;
    int64_t max_commits, interval;
    bool only_missing, all, run, dry_run;
    double budget;
};

#define ROW(field, kind, name, value, help) \
    OPTION(struct backfill_options, field, kind, name, value, help)

static const struct option_row rows[] = {
    TARGET_ROWS(struct backfill_options, target),
    ROW(since, OPTION_STRING, "since", "DATE|SHA", "the oldest commit of the range"),
    ROW(until, OPTION_STRING, "until", "DATE|SHA", "the newest commit of the range"),
    ROW(max_commits, OPTION_INTEGER, "max-commits", "N", "measure so many at most (default: 10)"),
    ROW(interval, OPTION_INTEGER, "interval", "N", "every N-th commit of the range (default: 1)"),
    ROW(order, OPTION_STRING, "order", "ORDER",
        "newest-first (default), oldest-first, or information: halve the largest step first"),
    ROW(budget, OPTION_DURATION, "budget", "TIME",
        "begin nothing that is not to end within this time, such as 6h"),
    ROW(only_missing, OPTION_FLAG, "only-missing", NULL, "what is not measured yet (default)"),
    ROW(all, OPTION_FLAG, "all", NULL, "also what is measured already"),
    ROW(run, OPTION_FLAG, "run", NULL, "measure them here (default without --dispatch-repo)"),
    ROW(dry_run, OPTION_FLAG, "dry-run", NULL, "say what would be measured, and in which order"),
};

static const struct backfill_options defaults = {
    .target = TARGET_DEFAULTS,
    .order = "newest-first",
    .max_commits = 10,
    .interval = 1,
};

static int check_options(const struct backfill_options *o, struct error *err)
{
    if (!o->target.repo)
        return error_set(err, ERROR_USAGE, "backfill needs --repo REPO");
    if (o->max_commits < 1 || o->max_commits > (int64_t)SOURCE_MAX || o->interval < 1 ||
        o->interval > (int64_t)SOURCE_MAX ||
        (!o->since && o->max_commits * o->interval > (int64_t)SOURCE_MAX))
        return error_set(err, ERROR_USAGE, "--max-commits times --interval lies between 1 and %zu",
                         SOURCE_MAX);
    if (o->only_missing && o->all)
        return error_set(err, ERROR_USAGE, "--only-missing and --all exclude each other");
    if (o->run && o->target.dispatch_repo)
        return error_set(err, ERROR_USAGE,
                         "--run measures here, --dispatch-repo elsewhere: give one of them");
    return 0;
}

static void print_items(const struct globals *globals, const struct backfill *backfill)
{
    AUTO_TABLE struct table *table = command_table(globals);
    table_column(table, "commit", false);
    table_column(table, "action", false);
    table_column(table, "seconds", true);
    table_column(table, "why", false);
    table_column(table, "problem", false);
    table_column(table, "url", false);
    table_column(table, "subject", false);
    for (size_t i = 0; i < backfill->count; i++) {
        const struct backfilled *item = &backfill->items[i];
        AUTO_FREE char *seconds = xasprintf("%.1f", item->seconds);
        table_text(table, item->commit.id);
        table_text(table, backfill_action_name(item->action));
        if (item->action == BACKFILL_LEFT)
            table_null(table);
        else
            table_shown(table, item->seconds, seconds);
        table_text(table, item->why);
        table_text(table, item->problem);
        table_text(table, item->url);
        table_text(table, item->commit.subject);
        table_end_row(table);
    }
    table_finish(table);
}

static void say(const struct backfill *backfill)
{
    size_t left = backfill_count(backfill, BACKFILL_LEFT);
    for (size_t i = 0; i < backfill->notes.count; i++)
        log_warning("%s", backfill->notes.items[i]);
    if (!backfill->count)
        log_info("nothing is left: %zu of %zu commits are measured", backfill->done,
                 backfill->range);
    else if (backfill->stopped)
        log_info("%s: %zu %s left, the next is %.12s", backfill->stopped, left,
                 left == 1 ? "commit is" : "commits are",
                 backfill->items[backfill->count - left].commit.id);
}

/* What is wrong with the broken ones, in one line. */
static int sum_up(const struct backfill *backfill, struct error *err)
{
    AUTO_STRBUF struct strbuf list = STRBUF_INIT;
    size_t broken = backfill_count(backfill, BACKFILL_BROKEN);
    int code = 0;
    for (size_t i = 0; i < backfill->count; i++) {
        const struct backfilled *item = &backfill->items[i];
        if (item->action != BACKFILL_BROKEN)
            continue;
        strbuf_addf(&list, "%s%.12s (%s)", list.len ? ", " : "", item->commit.id, item->problem);
        code = !code || code == item->code ? item->code : ERROR_FAILURE;
    }
    return broken ? error_set(err, code, "%zu of %zu commits failed: %s", broken,
                              backfill->count - backfill_count(backfill, BACKFILL_LEFT), list.buf)
                  : 0;
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    const struct backfill_options *o = raw;
    AUTO_BACKFILL struct backfill out = {0};
    AUTO_RUN_WORDS struct run_words words = {0};
    struct dispatch_options dispatch = {0};
    struct backfill_request request = {
        .db = globals->db,
        .project = o->target.project,
        .test_bed = o->target.test_bed,
        .since = o->since,
        .until = o->until,
        .max_commits = (size_t)o->max_commits,
        .interval = (size_t)o->interval,
        .again = o->all,
        .budget_s = o->budget,
        .dry_run = o->dry_run,
    };
    int failed = check_options(o, err);
    if (!failed)
        failed = command_read_order("order", o->order, &request.order, err);
    if (!failed)
        failed = target_check(&o->target, &request.source, err);
    if (!failed)
        failed = target_dispatch(&o->target, &dispatch, err);
    if (!failed && dispatch.repository && !o->run)
        request.dispatch = &dispatch;
    if (!failed && request.dispatch && args->count)
        failed = error_set(err, ERROR_USAGE, "'%s': options of run are for backfill --run",
                           args->items[0]);
    if (!failed && !request.dispatch)
        failed = target_run_words(globals, &o->target, args, &words, err);
    if (failed)
        return failed;
    request.run = &words.request;
    failed = backfill_run(&request, &out, err);
    if (failed && !out.count)
        return failed;
    say(&out);
    print_items(globals, &out);
    return failed ? failed : sum_up(&out, err);
}

const struct command command_backfill = {
    .name = "backfill",
    .group = "measure",
    .summary = "Measure commits of the past that nobody has measured",
    .arguments = "--repo REPO [--dispatch-repo OWNER/NAME | --run [-- OPTIONS OF run]]",
    .description =
        "Takes the commits of a range that are not settled, one after the other, and measures "
        "them here or\nin workflow runs that it waits for. The range is the newest --max-commits, "
        "or --since and --until:\ncommit ids, or dates (UTC, a day from its first to its last "
        "second). What is measured is asked of\nthe database before each commit, so a backfill "
        "that was stopped goes on where it was.\n\n--order information takes the commit that says "
        "most: it halves the gap between measured commits\nacross which the benchmarks moved "
        "most, and without such a step covers the range ever finer.",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .defaults = &defaults,
    .options_size = sizeof(struct backfill_options),
    .max_args = SIZE_MAX,
    .run = run,
};
