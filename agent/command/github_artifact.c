/* github artifact: artifacts of workflow runs. */
#include "base/alloc.h"
#include "command/common.h"
#include "command/github_common.h"
#include "command/rows.h"
#include "github/artifacts.h"

#include <inttypes.h>

struct artifact_options {
    struct github_where where;
    int64_t run, id;
    const char *output;
    uint64_t max_size;
};

#define ROW(field, kind, name, value, help) \
    OPTION(struct artifact_options, field, kind, name, value, help)

static const struct option_row rows[] = {
    ROW(run, OPTION_INTEGER, "run", "ID", "of this run (default: of the repository)"),
    ROW(id, OPTION_INTEGER, "id", "ID", "the artifact with this id"),
    ROW(output, OPTION_STRING, "output", "FILE", "download the zip to this file"),
    ROW(max_size, OPTION_BYTES, "max-size", "SIZE", "refuse a larger zip (default: 100M)"),
    GITHUB_WHERE_OPTIONS(struct artifact_options),
};

static const struct artifact_options defaults = {.where = GITHUB_WHERE_DEFAULTS,
                                                 .max_size = (uint64_t)100 << 20};

static void print_list(const struct globals *globals, const struct github_artifacts *list)
{
    static const char *const columns[] = {"id",      "name", "bytes",  "expired",
                                          "created", "run",  "digest", "commit"};
    AUTO_TABLE struct table *table = command_table(globals);
    table_columns(table, columns, ARRAY_SIZE(columns), 1 << 0 | 1 << 2);
    for (size_t i = 0; i < list->count; i++) {
        const struct github_artifact *artifact = &list->items[i];
        table_integer(table, artifact->id);
        table_text(table, artifact->name);
        table_integer(table, artifact->bytes);
        table_bool(table, artifact->expired);
        command_github_time_cell(table, artifact->created_s);
        table_integer(table, artifact->run_id);
        table_text(table, *artifact->digest ? artifact->digest : NULL);
        table_text(table, *artifact->head_sha ? artifact->head_sha : NULL);
        table_end_row(table);
    }
    table_finish(table);
}

/* The artifact of --id, or the newest of those that were found. */
static int choose(struct github *github, const struct artifact_options *o,
                  struct github_artifacts *list, struct github_artifact *out, struct error *err)
{
    if (o->id)
        return github_artifact_get(github, o->id, out, err);
    if (!list->count)
        return error_set(err, ERROR_NO_DATA, "%s has no such artifact", github->repository);
    *out = list->items[0];
    list->items[0] = (struct github_artifact){0};
    return 0;
}

static int download(struct github *github, const struct globals *globals,
                    const struct artifact_options *o, struct github_artifacts *list,
                    struct error *err)
{
    AUTO_GITHUB_ARTIFACT struct github_artifact artifact = {0};
    AUTO_JSON cJSON *said = cJSON_CreateObject();
    int failed = choose(github, o, list, &artifact, err);
    if (!failed)
        failed = github_artifact_download(github, &artifact, o->output, o->max_size, err);
    if (failed)
        return failed;
    cJSON_AddNumberToObject(said, "id", (double)artifact.id);
    cJSON_AddStringToObject(said, "name", artifact.name);
    cJSON_AddNumberToObject(said, "bytes", (double)artifact.bytes);
    cJSON_AddStringToObject(said, "file", o->output);
    command_github_object(globals, said);
    return 0;
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    const struct artifact_options *o = raw;
    AUTO_GITHUB struct github *github = NULL;
    AUTO_GITHUB_ARTIFACTS struct github_artifacts list = {0};
    const char *name = args->count ? args->items[0] : NULL;
    if (o->run < 0 || o->id < 0 || !o->max_size)
        return error_set(err, ERROR_USAGE, "--run, --id and --max-size are numbers above 0");
    if (o->id && (o->run || name || !o->output))
        return error_set(err, ERROR_USAGE, "--id goes with --output, and without NAME and --run");
    if (o->output && !o->id && !(o->run && name))
        return error_set(err, ERROR_USAGE, "--output needs --id, or NAME and --run");
    int failed = command_github_open(&o->where, o->output != NULL, &github, err);
    if (!failed && !o->id)
        failed = github_artifacts_list(github, o->run, name, &list, err);
    if (failed)
        return failed;
    if (o->output)
        return download(github, globals, o, &list, err);
    print_list(globals, &list);
    return 0;
}

const struct command command_github_artifact = {
    .name = "github artifact",
    .group = "github",
    .summary = "List artifacts of workflow runs, and download one",
    .arguments = "[NAME] [--run ID] [--id ID] [--output FILE]",
    .description =
        "The file is the zip as GitHub has it, checked against its digest. What is in it\n"
        "may be anybody's. Needs the permission actions: read.",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .defaults = &defaults,
    .options_size = sizeof(defaults),
    .max_args = 1,
    .run = run,
};
