/* github permission: what a user may do in the repository. */
#include "base/alloc.h"
#include "base/log.h"
#include "command/github_common.h"
#include "command/rows.h"
#include "github/permission.h"

#include <string.h>

struct permission_options {
    struct github_where where;
    const char *require;
};

static const struct option_row rows[] = {
    OPTION(struct permission_options, require, OPTION_STRING, "require", "LEVEL",
           "exit 1 below this: read, triage, write, maintain or admin"),
    GITHUB_WHERE_OPTIONS(struct permission_options),
};

static const struct permission_options defaults = {.where = GITHUB_WHERE_DEFAULTS};

static int read_level(const char *text, enum github_permission *out, struct error *err)
{
    for (int level = GITHUB_PERMISSION_READ; text && level <= GITHUB_PERMISSION_ADMIN; level++)
        if (!strcmp(text, github_permission_name((enum github_permission)level))) {
            *out = (enum github_permission)level;
            return 0;
        }
    if (text)
        return error_set(err, ERROR_USAGE,
                         "--require is read, triage, write, maintain or admin, not '%s'", text);
    return 0;
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    const struct permission_options *o = raw;
    const char *login = args->items[0];
    AUTO_GITHUB struct github *github = NULL;
    AUTO_JSON cJSON *said = cJSON_CreateObject();
    enum github_permission required = GITHUB_PERMISSION_NONE, has = GITHUB_PERMISSION_NONE;
    int failed = read_level(o->require, &required, err);
    if (!failed)
        failed = command_github_open(&o->where, true, &github, err);
    if (!failed)
        failed = github_permission_of(github, login, &has, err);
    if (failed)
        return failed;
    cJSON_AddStringToObject(said, "login", login);
    cJSON_AddStringToObject(said, "permission", github_permission_name(has));
    command_github_object(globals, said);
    if (has < required)
        log_error("%s has the permission %s in %s, not %s", login, github_permission_name(has),
                  github->repository, o->require);
    return has < required;
}

const struct command command_github_permission = {
    .name = "github permission",
    .group = "github",
    .summary = "Say what a user may do in the repository",
    .arguments = "LOGIN [--require LEVEL]",
    .description =
        "none, read, triage, write, maintain or admin. Needs the permission metadata: read,\n"
        "which every token has.",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .defaults = &defaults,
    .options_size = sizeof(defaults),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
