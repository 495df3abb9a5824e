/* github commits: commits of the repository, as GitHub has them. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "command/common.h"
#include "command/github_common.h"
#include "command/rows.h"
#include "github/commits.h"

#include <string.h>

struct commits_options {
    struct github_where where;
    struct github_commit_query query;
    const char *since, *until, *compare;
    int64_t limit;
};

#define ROW(field, kind, name, value, help) \
    OPTION(struct commits_options, field, kind, name, value, help)

static const struct option_row rows[] = {
    ROW(query.branch, OPTION_STRING, "branch", "REV",
        "a branch, tag or commit to start from (default: the default branch)"),
    ROW(query.first_parent, OPTION_FLAG, "first-parent", NULL, "leave out what merges brought in"),
    ROW(query.after, OPTION_STRING, "after", "ID", "only those newer than this commit (40 hex)"),
    ROW(since, OPTION_STRING, "since", "TIME", "committed at or after, such as 2026-11-21"),
    ROW(until, OPTION_STRING, "until", "TIME", "committed at or before"),
    ROW(query.path, OPTION_STRING, "path", "PATH", "that touch this file or folder"),
    ROW(compare, OPTION_STRING, "compare", "BASE", "how REV lies to this revision instead"),
    ROW(limit, OPTION_INTEGER, "limit", "N", "at most this many, newest first (default: 30)"),
    GITHUB_WHERE_OPTIONS(struct commits_options),
};

static const struct commits_options defaults = {.where = GITHUB_WHERE_DEFAULTS, .limit = 30};

static int read_query(const struct commits_options *o, struct github_commit_query *out,
                      struct error *err)
{
    struct github_commit_query query = o->query;
    if ((o->since && !time_parse_iso(o->since, &query.since_s)) ||
        (o->until && !time_parse_iso(o->until, &query.until_s)))
        return error_set(err, ERROR_USAGE, "a time is such as 2026-11-21 or 2026-11-21T10:20:30Z");
    if (query.after && !sha_is_valid(query.after))
        return error_set(err, ERROR_USAGE, "--after is a full commit id: 40 hexadecimal digits");
    if (query.path && query.first_parent)
        return error_set(err, ERROR_USAGE, "--path and --first-parent exclude each other");
    if (o->limit < 1)
        return error_set(err, ERROR_USAGE, "--limit is a number above 0");
    query.max = (size_t)o->limit;
    *out = query;
    return 0;
}

static void print_commits(const struct globals *globals, const struct github_commits *list)
{
    static const char *const columns[] = {"commit", "parent", "time", "author", "subject"};
    AUTO_TABLE struct table *table = command_table(globals);
    table_columns(table, columns, ARRAY_SIZE(columns), 0);
    for (size_t i = 0; i < list->count; i++) {
        const struct github_commit *commit = &list->items[i];
        table_text(table, commit->sha);
        table_text(table, *commit->parent ? commit->parent : NULL);
        command_github_time_cell(table, commit->commit_s);
        table_text(table, commit->author);
        table_text(table, commit->subject);
        table_end_row(table);
    }
    table_finish(table);
}

static int list_commits(struct github *github, const struct globals *globals,
                        const struct github_commit_query *query, struct error *err)
{
    AUTO_GITHUB_COMMITS struct github_commits list = {0};
    int failed = github_commits_list(github, query, &list, err);
    if (failed)
        return failed;
    print_commits(globals, &list);
    if (list.more && !globals->quiet)
        log_info("there are more than these %zu: --limit", list.count);
    return 0;
}

static int show_commit(struct github *github, const struct globals *globals, const char *rev,
                       struct error *err)
{
    AUTO_GITHUB_COMMIT struct github_commit commit = {0};
    AUTO_JSON cJSON *said = cJSON_CreateObject();
    int failed = github_commit_get(github, rev, &commit, err);
    if (failed)
        return failed;
    cJSON_AddStringToObject(said, "commit", commit.sha);
    if (*commit.parent)
        cJSON_AddStringToObject(said, "parent", commit.parent);
    else
        cJSON_AddNullToObject(said, "parent");
    cJSON_AddNumberToObject(said, "parents", (double)commit.parents);
    command_github_add_time(said, "time", commit.commit_s);
    cJSON_AddStringToObject(said, "author", commit.author);
    cJSON_AddStringToObject(said, "subject", commit.subject);
    command_github_object(globals, said);
    return 0;
}

static int show_comparison(struct github *github, const struct globals *globals, const char *base,
                           const char *rev, struct error *err)
{
    static const char *const relations[] = {"identical", "ahead", "behind", "diverged"};
    struct github_comparison found;
    AUTO_JSON cJSON *said = cJSON_CreateObject();
    int failed = github_compare(github, base, rev, &found, err);
    if (failed)
        return failed;
    cJSON_AddStringToObject(said, "relation", relations[found.relation]);
    cJSON_AddNumberToObject(said, "ahead", (double)found.ahead);
    cJSON_AddNumberToObject(said, "behind", (double)found.behind);
    cJSON_AddStringToObject(said, "merge_base", found.merge_base);
    command_github_object(globals, said);
    return 0;
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    const struct commits_options *o = raw;
    const char *rev = args->count ? args->items[0] : NULL;
    struct github_commit_query query;
    AUTO_GITHUB struct github *github = NULL;
    int failed = read_query(o, &query, err);
    if (!failed && o->compare && !rev)
        failed = error_set(err, ERROR_USAGE, "--compare BASE needs a REV to compare");
    if (!failed)
        failed = command_github_open(&o->where, false, &github, err);
    if (failed)
        return failed;
    if (o->compare)
        return show_comparison(github, globals, o->compare, rev, err);
    return rev ? show_commit(github, globals, rev, err)
               : list_commits(github, globals, &query, err);
}

const struct command command_github_commits = {
    .name = "github commits",
    .group = "github",
    .summary = "List commits of a branch, or show one, without cloning",
    .arguments = "[REV [--compare BASE]] | [--branch REV] [--first-parent] [--after ID] ...",
    .description = "With REV (a branch, tag or id) it shows that commit, or how it lies to BASE.\n"
                   "Needs the permission contents: read; for a public repository no token at all.",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .defaults = &defaults,
    .options_size = sizeof(defaults),
    .max_args = 1,
    .run = run,
};
