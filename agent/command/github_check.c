/* github check: check runs of a commit. */
#include "base/alloc.h"
#include "command/common.h"
#include "command/github_common.h"
#include "command/rows.h"
#include "github/checks.h"

#include <string.h>

struct check_options {
    struct github_where where;
    struct github_check_change change;
    const char *summary_file, *text_file;
    int64_t id;
};

#define ROW(field, kind, name, value, help) \
    OPTION(struct check_options, field, kind, name, value, help)

static const struct option_row rows[] = {
    ROW(change.name, OPTION_STRING, "name", "NAME", "create a check run of this name"),
    ROW(id, OPTION_INTEGER, "id", "ID", "show or update this check run"),
    ROW(change.status, OPTION_STRING, "status", "WORD", "queued, in_progress or completed"),
    ROW(change.conclusion, OPTION_STRING, "conclusion", "WORD",
        "success, failure, neutral, cancelled, skipped, timed_out or action_required"),
    ROW(change.external_id, OPTION_STRING, "external-id", "TEXT", "an id of our own, kept with it"),
    ROW(change.details_url, OPTION_STRING, "details-url", "URL", "where its details are"),
    ROW(change.title, OPTION_STRING, "title", "TEXT", "one line; goes with a summary"),
    ROW(change.summary, OPTION_STRING, "summary", "TEXT", "Markdown"),
    ROW(summary_file, OPTION_STRING, "summary-file", "FILE", "the summary from a file; - is stdin"),
    ROW(text_file, OPTION_STRING, "text-file", "FILE", "the long text, Markdown; - is stdin"),
    GITHUB_WHERE_OPTIONS(struct check_options),
};

static const struct check_options defaults = {.where = GITHUB_WHERE_DEFAULTS};

static int list_checks(struct github *github, const struct globals *globals, const char *ref,
                       struct error *err)
{
    static const char *const columns[] = {"id",          "name", "status",    "result",
                                          "external_id", "app",  "completed", "url"};
    AUTO_GITHUB_CHECKS struct github_checks list = {0};
    int failed = github_checks_list(github, ref, NULL, &list, err);
    if (failed)
        return failed;
    AUTO_TABLE struct table *table = command_table(globals);
    table_columns(table, columns, ARRAY_SIZE(columns), 1 << 0);
    for (size_t i = 0; i < list.count; i++) {
        const struct github_check *check = &list.items[i];
        table_integer(table, check->id);
        table_text(table, check->name);
        table_text(table, check->status);
        table_text(table, *check->conclusion ? check->conclusion : NULL);
        table_text(table, *check->external_id ? check->external_id : NULL);
        table_text(table, check->app);
        command_github_time_cell(table, check->completed_s);
        table_text(table, check->url);
        table_end_row(table);
    }
    table_finish(table);
    return 0;
}

static int show_check(struct github *github, const struct globals *globals, int64_t id,
                      struct error *err)
{
    AUTO_GITHUB_CHECK struct github_check check = {0};
    AUTO_JSON cJSON *said = cJSON_CreateObject();
    int failed = github_check_get(github, id, &check, err);
    if (failed)
        return failed;
    cJSON_AddNumberToObject(said, "id", (double)check.id);
    cJSON_AddStringToObject(said, "name", check.name);
    cJSON_AddStringToObject(said, "commit", check.head_sha);
    cJSON_AddStringToObject(said, "status", check.status);
    if (*check.conclusion)
        cJSON_AddStringToObject(said, "result", check.conclusion);
    else
        cJSON_AddNullToObject(said, "result");
    cJSON_AddStringToObject(said, "external_id", check.external_id);
    cJSON_AddStringToObject(said, "app", check.app);
    command_github_add_time(said, "started", check.started_s);
    command_github_add_time(said, "completed", check.completed_s);
    cJSON_AddStringToObject(said, "url", check.url);
    command_github_object(globals, said);
    return 0;
}

static int change_check(struct github *github, const struct globals *globals,
                        const struct check_options *o, const struct github_check_change *change,
                        struct error *err)
{
    AUTO_GITHUB_CHECK struct github_check check = {0};
    AUTO_JSON cJSON *said = cJSON_CreateObject();
    int failed = o->id ? github_check_update(github, o->id, change, &check, err)
                       : github_check_create(github, change, &check, err);
    if (failed)
        return failed;
    cJSON_AddStringToObject(said, "action", o->id ? "updated" : "created");
    cJSON_AddNumberToObject(said, "id", (double)check.id);
    cJSON_AddStringToObject(said, "status", check.status);
    cJSON_AddStringToObject(said, "url", check.url);
    command_github_object(globals, said);
    return 0;
}

static int check_words(const struct check_options *o, const struct strlist *args, bool writes,
                       struct error *err)
{
    if (o->id < 0)
        return error_set(err, ERROR_USAGE, "--id is a number above 0");
    if (!args->count == !o->id)
        return error_set(err, ERROR_USAGE, "github check takes a COMMIT or --id ID");
    if (!o->change.name && !o->id && writes)
        return error_set(err, ERROR_USAGE, "to create a check run give --name, to update --id");
    if (o->change.summary && o->summary_file)
        return error_set(err, ERROR_USAGE, "--summary and --summary-file exclude each other");
    return 0;
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    const struct check_options *o = raw;
    struct github_check_change change = o->change;
    AUTO_GITHUB struct github *github = NULL;
    AUTO_STRBUF struct strbuf summary = STRBUF_INIT, text = STRBUF_INIT;
    bool writes = change.name || change.status || change.conclusion || change.external_id ||
                  change.details_url || change.title || change.summary || o->summary_file ||
                  o->text_file;
    int failed = check_words(o, args, writes, err);
    if (!failed && o->summary_file)
        failed = command_github_text("summary-file", o->summary_file, &summary, err);
    if (!failed && o->text_file)
        failed = command_github_text("text-file", o->text_file, &text, err);
    if (!failed)
        failed = command_github_open(&o->where, writes, &github, err);
    if (failed)
        return failed;
    if (!writes)
        return o->id ? show_check(github, globals, o->id, err)
                     : list_checks(github, globals, args->items[0], err);
    change.head_sha = args->count ? args->items[0] : NULL;
    change.summary = o->summary_file ? summary.buf : change.summary;
    change.text = o->text_file ? text.buf : NULL;
    return change_check(github, globals, o, &change, err);
}

const struct command command_github_check = {
    .name = "github check",
    .group = "github",
    .summary = "List, show, create and update check runs of a commit",
    .arguments = "COMMIT [--name NAME] | --id ID [--status WORD] [--conclusion WORD] ...",
    .description =
        "Without --name it lists those of a commit, branch or tag (checks: read). Writing\n"
        "needs checks: write and an app's token, such as a workflow's GITHUB_TOKEN.",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .defaults = &defaults,
    .options_size = sizeof(defaults),
    .max_args = 1,
    .run = run,
};
