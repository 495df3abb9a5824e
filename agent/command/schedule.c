/* schedule: what is to be measured, and seeing to it that it is. */
#include "base/alloc.h"
#include "base/escape.h"
#include "base/log.h"
#include "command/common.h"
#include "command/rows.h"
#include "command/run_options.h"
#include "command/schedule_common.h"
#include "net/ca.h"
#include "pipeline/schedule/schedule.h"
#include "pipeline/schedule/schedule_dispatch.h"
#include "pipeline/schedule/schedule_run.h"

#include <string.h>

struct schedule_options {
    struct target_options target;
    const char *since_commit;
    int64_t max_dispatch, first, retry_failed;
    bool dry_run, run;
};

#define ROW(field, kind, name, value, help) \
    OPTION(struct schedule_options, field, kind, name, value, help)

static const struct option_row rows[] = {
    TARGET_ROWS(struct schedule_options, target),
    ROW(since_commit, OPTION_STRING, "since-commit", "SHA",
        "every commit behind this one (default: behind the last measured one)"),
    ROW(first, OPTION_INTEGER, "first", "N",
        "so many of the newest where nothing was ever measured (default: 1)"),
    ROW(retry_failed, OPTION_INTEGER, "retry-failed", "N",
        "measure a commit up to N times more that failed (default: 0)"),
    ROW(max_dispatch, OPTION_INTEGER, "max-dispatch", "N",
        "start so many at most, the oldest first (default: all)"),
    ROW(run, OPTION_FLAG, "run", NULL, "measure them here, one after the other"),
    ROW(dry_run, OPTION_FLAG, "dry-run", NULL, "say what would be done"),
};

static const struct schedule_options defaults = {
    .target = TARGET_DEFAULTS,
    .first = 1,
};

static int check_options(const struct schedule_options *o, const struct strlist *args,
                         struct error *err)
{
    if (!o->target.repo)
        return error_set(err, ERROR_USAGE, "schedule needs --repo URL");
    if (o->first < 0 || o->retry_failed < 0 || o->max_dispatch < 0)
        return error_set(err, ERROR_USAGE,
                         "--first, --retry-failed and --max-dispatch take a number from 0 on");
    if (o->run && o->target.dispatch_repo)
        return error_set(err, ERROR_USAGE,
                         "--run measures here, --dispatch-repo elsewhere: give one of them");
    if (args->count && !o->run)
        return error_set(err, ERROR_USAGE, "'%s': options of run are for schedule --run",
                         args->items[0]);
    return o->since_commit ? command_check_commit(o->since_commit, err) : 0;
}

static void print_items(const struct globals *globals, const struct schedule *schedule)
{
    AUTO_TABLE struct table *table = command_table(globals);
    table_column(table, "commit", false);
    table_column(table, "state", false);
    table_column(table, "action", false);
    table_column(table, "why", false);
    table_column(table, "runs", true);
    table_column(table, "reason", false);
    table_column(table, "missing", false);
    table_column(table, "url", false);
    table_column(table, "subject", false);
    for (size_t i = 0; i < schedule->count; i++) {
        const struct scheduled *item = &schedule->items[i];
        table_text(table, item->commit.id);
        table_text(table, commit_state_name(item->coverage.state));
        table_text(table, schedule_action_name(item->action));
        table_text(table, due_name(item->why));
        table_integer(table, (int64_t)item->coverage.runs);
        table_text(table, item->problem ? item->problem : item->coverage.reason);
        command_names(table, &item->coverage.missing);
        table_text(table, item->url);
        table_text(table, item->commit.subject);
        table_end_row(table);
    }
    table_finish(table);
}

/* What is wrong with the broken ones, in one line. */
static int sum_up(const struct schedule *schedule, struct error *err)
{
    size_t broken = schedule_count(schedule, SCHEDULE_BROKEN);
    if (!broken)
        return 0;
    size_t tried = broken + schedule_count(schedule, SCHEDULE_MEASURED) +
                   schedule_count(schedule, SCHEDULE_DISPATCHED);
    AUTO_STRBUF struct strbuf list = STRBUF_INIT;
    for (size_t i = schedule->count; i-- > 0;)
        if (schedule->items[i].action == SCHEDULE_BROKEN)
            strbuf_addf(&list, "%s%.12s (%s)", list.len ? ", " : "", schedule->items[i].commit.id,
                        schedule->items[i].problem);
    return error_set(err, ERROR_FAILURE, "%zu of %zu commits failed: %s", broken, tried, list.buf);
}

static void say(const struct schedule *schedule)
{
    for (size_t i = 0; i < schedule->notes.count; i++)
        log_warning("%s", schedule->notes.items[i]);
    if (schedule->newest_settled && !schedule_count(schedule, SCHEDULE_DUE))
        log_info("Results already exist for %.7s, skipping", schedule->newest);
}

/* How the due commits are to be measured; with neither of the two nothing is done. */
struct means {
    struct dispatch_options dispatch; /* repository is NULL: no */
    struct run_words words;           /* options is NULL: no */
};

static void means_release(struct means *means)
{
    run_words_release(&means->words);
}
#define AUTO_MEANS __attribute__((cleanup(means_release)))

static int read_means(const struct globals *globals, const struct schedule_options *o,
                      const struct strlist *args, struct means *out, struct error *err)
{
    int failed = target_dispatch(&o->target, &out->dispatch, err);
    if (!failed && o->run)
        failed = target_run_words(globals, &o->target, args, &out->words, err);
    if (o->run)
        out->dispatch.repository = NULL;
    out->dispatch.max = (size_t)o->max_dispatch;
    out->dispatch.retry_failed = (size_t)o->retry_failed;
    return failed;
}

static int act(const struct globals *globals, const struct schedule_options *o,
               const struct means *means, struct schedule *schedule, struct error *err)
{
    size_t max = (size_t)o->max_dispatch;
    if (!o->dry_run && means->dispatch.repository)
        return schedule_dispatch(schedule, &means->dispatch, globals->db, err);
    if (!o->dry_run && means->words.options)
        return schedule_run(schedule, o->target.repo, &means->words.request, max, err);
    schedule_limit(schedule, max);
    return 0;
}

static bool has_begun(const struct schedule *schedule)
{
    return schedule_count(schedule, SCHEDULE_DISPATCHED) ||
           schedule_count(schedule, SCHEDULE_MEASURED) || schedule_count(schedule, SCHEDULE_BROKEN);
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    const struct schedule_options *o = raw;
    AUTO_SCHEDULE struct schedule schedule = {0};
    AUTO_MEANS struct means means = {0};
    struct schedule_request request = {
        .db = globals->db,
        .project = o->target.project,
        .test_bed = o->target.test_bed,
        .since_commit = o->since_commit,
        .first = (size_t)o->first,
        .retry_failed = (size_t)o->retry_failed,
    };
    int failed = check_options(o, args, err);
    if (!failed)
        failed = target_check(&o->target, &request.source, err);
    if (!failed)
        failed = read_means(globals, o, args, &means, err);
    if (!failed)
        failed = schedule_make(&request, &schedule, err);
    if (failed)
        return failed;
    say(&schedule);
    failed = act(globals, o, &means, &schedule, err);
    if (!failed || has_begun(&schedule))
        print_items(globals, &schedule);
    return failed ? failed : sum_up(&schedule, err);
}

const struct command command_schedule = {
    .name = "schedule",
    .group = "measure",
    .summary = "Have the commits measured that came since the last measured one",
    .arguments = "--repo REPO [--dispatch-repo OWNER/NAME | --run [-- OPTIONS OF run]]",
    .description =
        "Finds the commits of a branch that are to be measured: all since the last measured one, "
        "and\nwhat was begun and not ended. With --dispatch-repo (or $LANCE_BENCH_REPO) it starts "
        "a workflow\nrun for each, unless one waits or is under way; with --run it measures them "
        "here; with neither\nit says what is due. A commit is settled when every expected "
        "benchmark is stored, or a run says\nwhy it is not. REPO is a folder, a URL or "
        "github:OWNER/NAME (GitHub's API, no clone).",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .defaults = &defaults,
    .options_size = sizeof(struct schedule_options),
    .max_args = SIZE_MAX,
    .run = run,
};
