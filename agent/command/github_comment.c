/* github comment: comments on issues and pull requests. */
#include "base/alloc.h"
#include "command/common.h"
#include "command/github_common.h"
#include "command/rows.h"
#include "github/comments.h"

#include <string.h>

struct comment_options {
    struct github_where where;
    const char *body, *body_file, *marker, *react;
    int64_t id;
};

#define ROW(field, kind, name, value, help) \
    OPTION(struct comment_options, field, kind, name, value, help)

static const struct option_row rows[] = {
    ROW(body, OPTION_STRING, "body", "TEXT", "the comment, in Markdown"),
    ROW(body_file, OPTION_STRING, "body-file", "FILE", "the comment from a file; - is stdin"),
    ROW(marker, OPTION_STRING, "marker", "WORD",
        "update our comment that carries this hidden word; create it where there is none"),
    ROW(id, OPTION_INTEGER, "id", "ID", "show, update or react to this comment"),
    ROW(react, OPTION_STRING, "react", "NAME",
        "+1, -1, laugh, confused, heart, hooray, rocket or eyes, to the comment of --id"),
    GITHUB_WHERE_OPTIONS(struct comment_options),
};

static const struct comment_options defaults = {.where = GITHUB_WHERE_DEFAULTS};

static int list_comments(struct github *github, const struct globals *globals, int64_t number,
                         struct error *err)
{
    static const char *const columns[] = {"id",      "author",  "association", "created",
                                          "updated", "comment", "url"};
    AUTO_GITHUB_COMMENTS struct github_comments list = {0};
    int failed = github_comments_list(github, number, 0, &list, err);
    if (failed)
        return failed;
    AUTO_TABLE struct table *table = command_table(globals);
    table_columns(table, columns, ARRAY_SIZE(columns), 1 << 0);
    for (size_t i = 0; i < list.count; i++) {
        const struct github_comment *comment = &list.items[i];
        /* People see the first line. */
        size_t len =
            globals->format == FORMAT_JSON ? strlen(comment->body) : strcspn(comment->body, "\r\n");
        table_integer(table, comment->id);
        table_text(table, comment->author);
        table_text(table, comment->association);
        command_github_time_cell(table, comment->created_s);
        command_github_time_cell(table, comment->updated_s);
        table_text_len(table, comment->body, len);
        table_text(table, comment->url);
        table_end_row(table);
    }
    table_finish(table);
    return 0;
}

static void print_comment(const struct globals *globals, const struct github_comment *comment,
                          const char *what)
{
    AUTO_JSON cJSON *said = cJSON_CreateObject();
    cJSON_AddStringToObject(said, "action", what);
    cJSON_AddNumberToObject(said, "id", (double)comment->id);
    cJSON_AddStringToObject(said, "url", comment->url);
    command_github_object(globals, said);
}

static int show_comment(struct github *github, const struct globals *globals, int64_t id,
                        struct error *err)
{
    AUTO_GITHUB_COMMENT struct github_comment comment = {0};
    AUTO_JSON cJSON *said = cJSON_CreateObject();
    int failed = github_comment_get(github, id, &comment, err);
    if (failed)
        return failed;
    cJSON_AddNumberToObject(said, "id", (double)comment.id);
    cJSON_AddStringToObject(said, "author", comment.author);
    cJSON_AddStringToObject(said, "association", comment.association);
    command_github_add_time(said, "created", comment.created_s);
    command_github_add_time(said, "updated", comment.updated_s);
    cJSON_AddStringToObject(said, "comment", comment.body);
    cJSON_AddStringToObject(said, "url", comment.url);
    command_github_object(globals, said);
    return 0;
}

static int put_comment(struct github *github, const struct globals *globals,
                       const struct comment_options *o, int64_t number, const char *body,
                       struct error *err)
{
    AUTO_GITHUB_COMMENT struct github_comment comment = {0};
    bool created = false;
    int failed;
    if (o->id)
        failed = github_comment_update(github, o->id, body, &comment, err);
    else if (o->marker)
        failed = github_comment_put(github, number, o->marker, body, &comment, &created, err);
    else
        failed = github_comment_create(github, number, body, &comment, err);
    if (failed)
        return failed;
    created |= !o->id && !o->marker;
    print_comment(globals, &comment, created ? "created" : "updated");
    return 0;
}

static int react(struct github *github, const struct globals *globals,
                 const struct comment_options *o, struct error *err)
{
    AUTO_JSON cJSON *said = cJSON_CreateObject();
    int failed = github_comment_react(github, o->id, o->react, err);
    if (failed)
        return failed;
    cJSON_AddStringToObject(said, "action", "reacted");
    cJSON_AddNumberToObject(said, "id", (double)o->id);
    cJSON_AddStringToObject(said, "reaction", o->react);
    command_github_object(globals, said);
    return 0;
}

static int check_options(const struct comment_options *o, const struct strlist *args,
                         struct error *err)
{
    bool writes = o->body || o->body_file;
    if (o->id < 0)
        return error_set(err, ERROR_USAGE, "--id is a number above 0");
    if (!args->count == !o->id)
        return error_set(err, ERROR_USAGE, "github comment takes a NUMBER or --id ID");
    if (o->body && o->body_file)
        return error_set(err, ERROR_USAGE, "--body and --body-file exclude each other");
    if (o->react && (!o->id || writes))
        return error_set(err, ERROR_USAGE, "--react goes with --id ID, and without a body");
    if (o->marker && (o->id || !writes))
        return error_set(err, ERROR_USAGE, "--marker goes with a NUMBER and a body");
    return 0;
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    const struct comment_options *o = raw;
    AUTO_GITHUB struct github *github = NULL;
    AUTO_STRBUF struct strbuf body = STRBUF_INIT;
    int64_t number = 0;
    bool reads = !o->body && !o->body_file && !o->react;
    int failed = check_options(o, args, err);
    if (!failed && args->count)
        failed = command_github_number(args->items[0], "NUMBER", &number, err);
    if (!failed && o->body_file)
        failed = command_github_text("body-file", o->body_file, &body, err);
    if (!failed)
        failed = command_github_open(&o->where, !reads, &github, err);
    if (failed)
        return failed;
    if (o->react)
        return react(github, globals, o, err);
    if (reads)
        return o->id ? show_comment(github, globals, o->id, err)
                     : list_comments(github, globals, number, err);
    return put_comment(github, globals, o, number, o->body ? o->body : body.buf, err);
}

const struct command command_github_comment = {
    .name = "github comment",
    .group = "github",
    .summary = "List, show, write and update comments on an issue or pull request",
    .arguments = "NUMBER [--body TEXT] [--body-file FILE] [--marker WORD] | --id ID [--body TEXT] "
                 "[--react NAME]",
    .description = "With --marker only a comment of the token's own login is ever updated.\n"
                   "Needs the permission issues: write, for a pull request pull-requests: write;\n"
                   "without a body it lists, and needs read.",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .defaults = &defaults,
    .options_size = sizeof(defaults),
    .max_args = 1,
    .run = run,
};
