/* github runs: runs of workflows, the jobs of one, and ending one. */
#include "base/alloc.h"
#include "base/log.h"
#include "command/common.h"
#include "command/github_common.h"
#include "command/rows.h"
#include "github/workflow_runs.h"

#include <inttypes.h>
#include <string.h>

struct runs_options {
    struct github_where where;
    struct github_run_query query;
    int64_t limit, jobs, cancel, wait;
    bool active;
    double timeout, interval;
};

#define ROW(field, kind, name, value, help) \
    OPTION(struct runs_options, field, kind, name, value, help)

static const struct option_row rows[] = {
    ROW(query.status, OPTION_STRING, "status", "WORD",
        "queued, in_progress, completed, success, failure, ..."),
    ROW(active, OPTION_FLAG, "active", NULL, "those that have not ended"),
    ROW(query.event, OPTION_STRING, "event", "NAME", "started by this event"),
    ROW(query.branch, OPTION_STRING, "branch", "NAME", "of this branch"),
    ROW(query.head_sha, OPTION_STRING, "commit", "ID", "of this commit of the workflow (40 hex)"),
    ROW(limit, OPTION_INTEGER, "limit", "N", "at most this many, newest first (default: 30)"),
    ROW(jobs, OPTION_INTEGER, "jobs", "ID", "the jobs of this run instead"),
    ROW(cancel, OPTION_INTEGER, "cancel", "ID", "cancel this run instead"),
    ROW(wait, OPTION_INTEGER, "wait", "ID",
        "wait for this run's end instead; exit 1 unless it succeeds"),
    ROW(timeout, OPTION_DURATION, "timeout", "TIME", "wait no longer (default: 6h)"),
    ROW(interval, OPTION_DURATION, "interval", "TIME", "between two looks (default: 15s)"),
    GITHUB_WHERE_OPTIONS(struct runs_options),
};

static const struct runs_options defaults = {
    .where = GITHUB_WHERE_DEFAULTS, .limit = 30, .timeout = 6 * 3600, .interval = 15};

static struct table *run_table(const struct globals *globals)
{
    static const char *const columns[] = {"id",     "workflow", "title",   "event", "status",
                                          "result", "commit",   "created", "url"};
    struct table *table = command_table(globals);
    table_columns(table, columns, ARRAY_SIZE(columns), 1 << 0);
    return table;
}

static void add_run(struct table *table, const struct github_run *run)
{
    table_integer(table, run->id);
    table_text(table, run->name);
    table_text(table, run->title);
    table_text(table, run->event);
    table_text(table, run->status);
    table_text(table, *run->conclusion ? run->conclusion : NULL);
    table_text(table, run->head_sha);
    command_github_time_cell(table, run->created_s);
    table_text(table, run->url);
    table_end_row(table);
}

static int list_runs(struct github *github, const struct globals *globals,
                     const struct runs_options *o, const char *workflow, struct error *err)
{
    AUTO_GITHUB_RUNS struct github_runs list = {0};
    struct github_run_query query = o->query;
    query.workflow = workflow;
    query.max = (size_t)o->limit;
    int failed = o->active ? github_runs_active(github, workflow, &list, err)
                           : github_runs_list(github, &query, &list, err);
    if (failed)
        return failed;
    AUTO_TABLE struct table *table = run_table(globals);
    for (size_t i = 0; i < list.count && i < query.max; i++)
        add_run(table, &list.items[i]);
    table_finish(table);
    return 0;
}

static int list_jobs(struct github *github, const struct globals *globals, int64_t id,
                     struct error *err)
{
    static const char *const columns[] = {"id",     "job",     "status",    "result",
                                          "runner", "started", "completed", "url"};
    AUTO_GITHUB_JOBS struct github_jobs list = {0};
    int failed = github_jobs_list(github, id, &list, err);
    if (failed)
        return failed;
    AUTO_TABLE struct table *table = command_table(globals);
    table_columns(table, columns, ARRAY_SIZE(columns), 1 << 0);
    for (size_t i = 0; i < list.count; i++) {
        const struct github_job *job = &list.items[i];
        table_integer(table, job->id);
        table_text(table, job->name);
        table_text(table, job->status);
        table_text(table, *job->conclusion ? job->conclusion : NULL);
        table_text(table, *job->runner ? job->runner : NULL);
        command_github_time_cell(table, job->started_s);
        command_github_time_cell(table, job->completed_s);
        table_text(table, job->url);
        table_end_row(table);
    }
    table_finish(table);
    return 0;
}

static int cancel_run(struct github *github, const struct globals *globals, int64_t id,
                      struct error *err)
{
    AUTO_JSON cJSON *said = cJSON_CreateObject();
    int failed = github_run_cancel(github, id, err);
    if (failed)
        return failed;
    cJSON_AddNumberToObject(said, "run_id", (double)id);
    cJSON_AddStringToObject(said, "state", "cancelling");
    command_github_object(globals, said);
    return 0;
}

static void log_state(const struct github_run *run, void *context)
{
    (void)context;
    log_progress("run %" PRId64 ": %s", run->id, run->status);
}

static int wait_for_run(struct github *github, const struct globals *globals,
                        const struct runs_options *o, struct error *err)
{
    AUTO_GITHUB_RUN struct github_run run = {0};
    struct github_run_wait wait = {o->interval, o->timeout, log_state, NULL};
    int failed = github_run_wait(github, o->wait, &wait, &run, err);
    log_progress_clear();
    if (failed)
        return failed;
    AUTO_TABLE struct table *table = run_table(globals);
    add_run(table, &run);
    table_finish(table);
    return strcmp(run.conclusion, "success") != 0;
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    const struct runs_options *o = raw;
    const char *workflow = args->count ? args->items[0] : NULL;
    AUTO_GITHUB struct github *github = NULL;
    if ((o->jobs != 0) + (o->cancel != 0) + (o->wait != 0) + (workflow != NULL) > 1)
        return error_set(err, ERROR_USAGE, "one of WORKFLOW, --jobs, --cancel and --wait");
    if (o->jobs < 0 || o->cancel < 0 || o->wait < 0 || o->limit < 1)
        return error_set(err, ERROR_USAGE, "ids and --limit are numbers above 0");
    if (o->active && (o->query.status || o->query.event || o->query.branch || o->query.head_sha))
        return error_set(err, ERROR_USAGE, "--active goes with a WORKFLOW and --limit only");
    int failed = command_github_open(&o->where, o->cancel != 0, &github, err);
    if (failed)
        return failed;
    if (o->jobs)
        return list_jobs(github, globals, o->jobs, err);
    if (o->cancel)
        return cancel_run(github, globals, o->cancel, err);
    if (o->wait)
        return wait_for_run(github, globals, o, err);
    return list_runs(github, globals, o, workflow, err);
}

const struct command command_github_runs = {
    .name = "github runs",
    .group = "github",
    .summary = "List runs of a workflow or the jobs of one, wait for one, cancel one",
    .arguments = "[WORKFLOW] [--active] [--jobs ID] [--wait ID] [--cancel ID]",
    .description = "Needs the permission actions: read (--cancel: actions: write).",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .defaults = &defaults,
    .options_size = sizeof(defaults),
    .max_args = 1,
    .run = run,
};
