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
    const char *since, *until;
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
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
        table_column(table, columns[i], false);
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

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    (void)args;
    const struct commits_options *o = raw;
    struct github_commit_query query;
    AUTO_GITHUB struct github *github = NULL;
    AUTO_GITHUB_COMMITS struct github_commits list = {0};
    int failed = read_query(o, &query, err);
    if (!failed)
        failed = command_github_open(&o->where, false, &github, err);
    if (!failed)
        failed = github_commits_list(github, &query, &list, err);
    if (failed)
        return failed;
    print_commits(globals, &list);
    if (list.more && !globals->quiet)
        log_info("there are more than these %zu: --limit", list.count);
    return 0;
}

const struct command command_github_commits = {
    .name = "github commits",
    .group = "github",
    .summary = "List commits of a branch without cloning",
    .arguments = "[--branch REV] [--first-parent] [--since TIME] [--until TIME] [--limit N]",
    .description = "Needs the permission contents: read; for a public repository no token at all.",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .defaults = &defaults,
    .options_size = sizeof(defaults),
    .run = run,
};
