/* github pull: pull requests. */
#include "base/alloc.h"
#include "command/common.h"
#include "command/github_common.h"
#include "command/rows.h"
#include "github/pulls.h"

struct pull_options {
    struct github_where where;
    int64_t limit;
};

static const struct option_row rows[] = {
    OPTION(struct pull_options, limit, OPTION_INTEGER, "limit", "N",
           "at most this many, the last updated first (default: 30)"),
    GITHUB_WHERE_OPTIONS(struct pull_options),
};

static const struct pull_options defaults = {.where = GITHUB_WHERE_DEFAULTS, .limit = 30};

static void print_pull(const struct globals *globals, const struct github_pull *pull)
{
    AUTO_JSON cJSON *said = cJSON_CreateObject();
    cJSON_AddNumberToObject(said, "number", (double)pull->number);
    cJSON_AddStringToObject(said, "state", pull->merged ? "merged" : pull->state);
    cJSON_AddBoolToObject(said, "draft", pull->draft);
    cJSON_AddStringToObject(said, "title", pull->title);
    cJSON_AddStringToObject(said, "author", pull->author);
    cJSON_AddStringToObject(said, "head_sha", pull->head_sha);
    cJSON_AddStringToObject(said, "head_ref", pull->head_ref);
    cJSON_AddStringToObject(said, "head_repo", pull->head_repo);
    cJSON_AddStringToObject(said, "base_sha", pull->base_sha);
    cJSON_AddStringToObject(said, "base_ref", pull->base_ref);
    cJSON_AddStringToObject(said, "base_repo", pull->base_repo);
    cJSON *labels = cJSON_AddArrayToObject(said, "labels");
    for (size_t i = 0; i < pull->labels.count; i++)
        cJSON_AddItemToArray(labels, cJSON_CreateString(pull->labels.items[i]));
    cJSON_AddStringToObject(said, "url", pull->url);
    command_github_object(globals, said);
}

static int list_pulls(struct github *github, const struct globals *globals, size_t max,
                      struct error *err)
{
    static const char *const columns[] = {"number",   "author",   "head_repo", "head_ref",
                                          "head_sha", "base_ref", "title"};
    AUTO_GITHUB_PULLS struct github_pulls list = {0};
    int failed = github_pulls_list(github, max, &list, err);
    if (failed)
        return failed;
    AUTO_TABLE struct table *table = command_table(globals);
    table_columns(table, columns, ARRAY_SIZE(columns), 1 << 0);
    for (size_t i = 0; i < list.count; i++) {
        const struct github_pull *pull = &list.items[i];
        const char *cells[] = {pull->author,   pull->head_repo, pull->head_ref,
                               pull->head_sha, pull->base_ref,  pull->title};
        table_integer(table, pull->number);
        for (size_t k = 0; k < ARRAY_SIZE(cells); k++)
            table_text(table, *cells[k] ? cells[k] : NULL);
        table_end_row(table);
    }
    table_finish(table);
    return 0;
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    const struct pull_options *o = raw;
    AUTO_GITHUB struct github *github = NULL;
    AUTO_GITHUB_PULL struct github_pull pull = {0};
    int64_t number = 0;
    int failed = args->count ? command_github_number(args->items[0], "NUMBER", &number, err) : 0;
    if (!failed && o->limit < 1)
        failed = error_set(err, ERROR_USAGE, "--limit is a number above 0");
    if (!failed)
        failed = command_github_open(&o->where, false, &github, err);
    if (failed)
        return failed;
    if (!number)
        return list_pulls(github, globals, (size_t)o->limit, err);
    failed = github_pull_get(github, number, &pull, err);
    if (!failed)
        print_pull(globals, &pull);
    return failed;
}

const struct command command_github_pull = {
    .name = "github pull",
    .group = "github",
    .summary = "Show a pull request, or list the open ones",
    .arguments = "[NUMBER] [--limit N]",
    .description = "Needs the permission pull-requests: read; for a public repository no token.",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .defaults = &defaults,
    .options_size = sizeof(defaults),
    .max_args = 1,
    .run = run,
};
