#include "github/comments.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/escape.h"
#include "github/field.h"

#include <inttypes.h>
#include <string.h>

#define COMMENT_PERMISSION "issues: write (for a pull request also pull-requests: write)"

void github_comment_release(struct github_comment *comment)
{
    free(comment->body);
    free(comment->author);
    free(comment->association);
    free(comment->url);
    *comment = (struct github_comment){0};
}

void github_comments_release(struct github_comments *list)
{
    for (size_t i = 0; i < list->count; i++)
        github_comment_release(&list->items[i]);
    free(list->items);
    *list = (struct github_comments){0};
}

static int read_comment(const cJSON *json, struct github_comment *out, struct error *err)
{
    int64_t id = field_integer(json, "id");
    if (!id)
        return error_set(err, ERROR_INPUT, "GitHub's answer has a comment without an id");
    const char *author = field_view(json, "user.login");
    *out = (struct github_comment){
        .id = id,
        .body = field_text(json, "body"),
        .author = xstrdup(*author ? author : "ghost"),
        .association = field_text(json, "author_association"),
        .url = field_text(json, "html_url"),
        .created_s = field_time(json, "created_at"),
        .updated_s = field_time(json, "updated_at"),
    };
    return 0;
}

static int on_comment(const struct cJSON *json, void *context, struct error *err)
{
    struct github_comments *list = context;
    struct github_comment comment;
    int failed = read_comment(json, &comment, err);
    if (failed)
        return failed;
    ARRAY_RESERVE(list->items, list->cap, list->count + 1);
    list->items[list->count++] = comment;
    return GITHUB_PAGE_GO_ON;
}

static int each_comment(struct github *github, int64_t number, int64_t since_s,
                        int (*visit)(const struct cJSON *json, void *context, struct error *err),
                        void *context, struct error *err)
{
    char since[TIME_ISO_SIZE];
    AUTO_FREE char *path = xasprintf("issues/%" PRId64 "/comments", number);
    AUTO_FREE char *doing = xasprintf("list the comments of #%" PRId64, number);
    if (since_s)
        time_format_iso(since_s, since);
    struct http_pair pair = {"since", since_s ? since : NULL};
    struct github_call call = {
        .path = path,
        .query = &pair,
        .query_count = 1,
        .doing = doing,
        .permission = "issues: read (for a pull request also pull-requests: read)",
    };
    return github_each(github, &call, NULL, 0, visit, context, err);
}

int github_comments_list(struct github *github, int64_t number, int64_t since_s,
                         struct github_comments *out, struct error *err)
{
    return each_comment(github, number, since_s, on_comment, out, err);
}

/* Sends the call and reads the comment that is the answer into `out`, which may be NULL. */
static int send_call(struct github *github, const struct github_call *call,
                     struct github_comment *out, struct error *err)
{
    AUTO_JSON cJSON *answer = NULL;
    int failed = github_send(github, call, &answer, err);
    return failed || !out ? failed : read_comment(answer, out, err);
}

int github_comment_get(struct github *github, int64_t id, struct github_comment *out,
                       struct error *err)
{
    AUTO_FREE char *path = xasprintf("issues/comments/%" PRId64, id);
    AUTO_FREE char *doing = xasprintf("read comment %" PRId64, id);
    struct github_call call = {.path = path, .doing = doing, .permission = "issues: read"};
    return send_call(github, &call, out, err);
}

/* GitHub counts characters, that is code points. */
static int check_body(const char *body, struct error *err)
{
    size_t len = strlen(body), characters = 0;
    if (!utf8_is_valid(body, len))
        return error_set(err, ERROR_INPUT, "the comment is not UTF-8");
    if (!body[strspn(body, " \t\r\n")])
        return error_set(err, ERROR_INPUT, "the comment is empty");
    for (size_t i = 0; i < len; i++)
        characters += ((unsigned char)body[i] & 0xc0) != 0x80;
    if (characters > GITHUB_COMMENT_MAX)
        return error_set(err, ERROR_INPUT, "the comment has %zu characters; GitHub takes %d",
                         characters, GITHUB_COMMENT_MAX);
    return 0;
}

int github_comment_create(struct github *github, int64_t number, const char *body,
                          struct github_comment *out, struct error *err)
{
    int failed = check_body(body, err);
    if (failed)
        return failed;
    AUTO_JSON cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "body", body);
    AUTO_FREE char *path = xasprintf("issues/%" PRId64 "/comments", number);
    AUTO_FREE char *doing = xasprintf("comment on #%" PRId64, number);
    struct github_call call = {
        .method = HTTP_POST,
        .path = path,
        .body = json,
        .doing = doing,
        .permission = COMMENT_PERMISSION,
    };
    return send_call(github, &call, out, err);
}

int github_comment_update(struct github *github, int64_t id, const char *body,
                          struct github_comment *out, struct error *err)
{
    int failed = check_body(body, err);
    if (failed)
        return failed;
    AUTO_JSON cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "body", body);
    AUTO_FREE char *path = xasprintf("issues/comments/%" PRId64, id);
    AUTO_FREE char *doing = xasprintf("update comment %" PRId64, id);
    struct github_call call = {
        .method = HTTP_PATCH,
        .path = path,
        .body = json,
        .doing = doing,
        .permission = COMMENT_PERMISSION,
        .repeatable = true,
    };
    return send_call(github, &call, out, err);
}

static int make_mark(const char *marker, char **out, struct error *err)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:._-";
    size_t len = strlen(marker);
    /* "--" ends an HTML comment in some readers' eyes. */
    if (!len || len > 200 || strspn(marker, allowed) != len || strstr(marker, "--"))
        return error_set(err, ERROR_USAGE,
                         "'%s' is no marker: letters, digits and :._- without two dashes", marker);
    *out = xasprintf("<!-- %s -->", marker);
    return 0;
}

/* What find_ours() looks for, and what it has found. */
struct search {
    const char *login, *mark;
    struct github_comment *out;
};

static int look_for_ours(const struct cJSON *json, void *context, struct error *err)
{
    const struct search *search = context;
    struct github_comment comment;
    int failed = read_comment(json, &comment, err);
    if (failed)
        return failed;
    if (strcasecmp(comment.author, search->login) != 0 || !strstr(comment.body, search->mark)) {
        github_comment_release(&comment);
        return GITHUB_PAGE_GO_ON;
    }
    *search->out = comment;
    return GITHUB_PAGE_ENOUGH;
}

/* The first comment of ours with the mark; out->id stays 0 where there is none. */
static int find_ours(struct github *github, int64_t number, const char *mark,
                     struct github_comment *out, struct error *err)
{
    struct search search = {.mark = mark, .out = out};
    int failed = github_login(github, &search.login, err);
    return failed ? failed : each_comment(github, number, 0, look_for_ours, &search, err);
}

int github_comment_find(struct github *github, int64_t number, const char *marker,
                        struct github_comment *out, struct error *err)
{
    AUTO_FREE char *mark = NULL;
    struct github_comment found = {0};
    int failed = make_mark(marker, &mark, err);
    if (!failed)
        failed = find_ours(github, number, mark, &found, err);
    if (!failed && !found.id)
        failed = error_set(err, ERROR_NOT_FOUND, "%s: #%" PRId64 " has no comment of %s with %s",
                           github->repository, number, github->login, mark);
    if (!failed)
        *out = found;
    return failed;
}

/* The text of `known` is `marked` afterwards. */
static int write_ours(struct github *github, int64_t number, const char *marked,
                      struct github_comment *known, struct error *err)
{
    struct github_comment written = {0};
    if (known->id && !strcmp(known->body, marked))
        return 0;
    int failed = known->id ? github_comment_update(github, known->id, marked, &written, err)
                           : ERROR_NOT_FOUND;
    /* Somebody may have deleted it meanwhile. */
    if (failed == ERROR_NOT_FOUND)
        failed = github_comment_create(github, number, marked, &written, err);
    if (failed)
        return failed;
    github_comment_release(known);
    *known = written;
    return 0;
}

int github_comment_replace(struct github *github, int64_t number, const char *marker,
                           const char *body, struct github_comment *known, struct error *err)
{
    AUTO_FREE char *mark = NULL;
    int failed = make_mark(marker, &mark, err);
    if (failed)
        return failed;
    AUTO_FREE char *marked = strstr(body, mark) ? xstrdup(body) : xasprintf("%s\n\n%s", body, mark);
    return write_ours(github, number, marked, known, err);
}

int github_comment_put(struct github *github, int64_t number, const char *marker, const char *body,
                       struct github_comment *out, bool *created, struct error *err)
{
    AUTO_GITHUB_COMMENT struct github_comment found = {0};
    AUTO_FREE char *mark = NULL;
    int failed = make_mark(marker, &mark, err);
    if (!failed)
        failed = find_ours(github, number, mark, &found, err);
    int64_t before = found.id;
    if (!failed)
        failed = github_comment_replace(github, number, marker, body, &found, err);
    if (failed)
        return failed;
    if (created)
        *created = found.id != before;
    if (out) {
        *out = found;
        found = (struct github_comment){0};
    }
    return 0;
}

int github_comment_react(struct github *github, int64_t id, const char *reaction, struct error *err)
{
    static const char *const known[] = {"+1",    "-1",     "laugh",  "confused",
                                        "heart", "hooray", "rocket", "eyes"};
    bool valid = false;
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        valid |= !strcmp(known[i], reaction);
    if (!valid)
        return error_set(err, ERROR_USAGE, "GitHub has no reaction '%s'", reaction);
    AUTO_JSON cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "content", reaction);
    AUTO_FREE char *path = xasprintf("issues/comments/%" PRId64 "/reactions", id);
    AUTO_FREE char *doing = xasprintf("react to comment %" PRId64, id);
    struct github_call call = {
        .method = HTTP_POST,
        .path = path,
        .body = json,
        .doing = doing,
        .permission = COMMENT_PERMISSION,
        .repeatable = true,
    };
    return github_send(github, &call, NULL, err);
}
