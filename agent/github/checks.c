#include "github/checks.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/escape.h"
#include "github/field.h"
#include "net/url.h"

#include <inttypes.h>
#include <string.h>

enum { TEXT_MAX = 65535, EXTERNAL_ID_MAX = 255 };

void github_check_release(struct github_check *check)
{
    char *owned[] = {check->name,       check->head_sha, check->external_id, check->status,
                     check->conclusion, check->app,      check->url,         check->details_url};
    for (size_t i = 0; i < ARRAY_SIZE(owned); i++)
        free(owned[i]);
    *check = (struct github_check){0};
}

void github_checks_release(struct github_checks *list)
{
    for (size_t i = 0; i < list->count; i++)
        github_check_release(&list->items[i]);
    free(list->items);
    *list = (struct github_checks){0};
}

static int read_check(const cJSON *json, struct github_check *out, struct error *err)
{
    int64_t id = field_integer(json, "id");
    if (!id)
        return error_set(err, ERROR_INPUT, "GitHub's answer has a check run without an id");
    *out = (struct github_check){
        .id = id,
        .name = field_text(json, "name"),
        .head_sha = field_text(json, "head_sha"),
        .external_id = field_text(json, "external_id"),
        .status = field_text(json, "status"),
        .conclusion = field_text(json, "conclusion"),
        .app = field_text(json, "app.slug"),
        .url = field_text(json, "html_url"),
        .details_url = field_text(json, "details_url"),
        .started_s = field_time(json, "started_at"),
        .completed_s = field_time(json, "completed_at"),
    };
    return 0;
}

static void add_text(cJSON *object, const char *name, const char *value)
{
    if (value)
        cJSON_AddStringToObject(object, name, value);
}

/* Cut where a character ends, so that the note still fits. */
static void add_limited(cJSON *object, const char *name, const char *value)
{
    static const char note[] = "\n\n(cut: GitHub takes no more)";
    size_t len = value ? strlen(value) : 0;
    if (len <= TEXT_MAX) {
        add_text(object, name, value);
        return;
    }
    len = TEXT_MAX - strlen(note);
    while (len && ((unsigned char)value[len] & 0xc0) == 0x80)
        len--;
    AUTO_FREE char *cut = xasprintf("%.*s%s", (int)len, value, note);
    cJSON_AddStringToObject(object, name, cut);
}

static int make_body(const struct github_check_change *change, cJSON **out, struct error *err)
{
    if (change->external_id && strlen(change->external_id) > EXTERNAL_ID_MAX)
        return error_set(err, ERROR_USAGE, "a check run's external id has at most %d characters",
                         EXTERNAL_ID_MAX);
    if ((change->text || change->summary) && !(change->title && change->summary))
        return error_set(err, ERROR_USAGE, "a check run's text needs a title and a summary");
    cJSON *body = cJSON_CreateObject();
    add_text(body, "name", change->name);
    add_text(body, "head_sha", change->head_sha);
    add_text(body, "external_id", change->external_id);
    add_text(body, "details_url", change->details_url);
    /* GitHub completes the run by itself where there is a conclusion. */
    add_text(body, "status", change->conclusion ? "completed" : change->status);
    add_text(body, "conclusion", change->conclusion);
    if (change->title && change->summary) {
        cJSON *output = cJSON_AddObjectToObject(body, "output");
        add_text(output, "title", change->title);
        add_limited(output, "summary", change->summary);
        add_limited(output, "text", change->text);
    }
    *out = body;
    return 0;
}

static int send_change(struct github *github, struct github_call *call,
                       const struct github_check_change *change, struct github_check *out,
                       struct error *err)
{
    AUTO_JSON cJSON *body = NULL, *answer = NULL;
    int failed = make_body(change, &body, err);
    if (failed)
        return failed;
    call->body = body;
    call->permission = "checks: write, and be an app's, such as a workflow's GITHUB_TOKEN";
    failed = github_send(github, call, &answer, err);
    return failed || !out ? failed : read_check(answer, out, err);
}

int github_check_create(struct github *github, const struct github_check_change *change,
                        struct github_check *out, struct error *err)
{
    if (!change->name || !*change->name || !change->head_sha || !sha_is_valid(change->head_sha))
        return error_set(err, ERROR_USAGE,
                         "a check run needs a name and a full commit id (40 hexadecimal digits)");
    AUTO_FREE char *doing = xasprintf("create the check run '%s'", change->name);
    struct github_call call = {.method = HTTP_POST, .path = "check-runs", .doing = doing};
    return send_change(github, &call, change, out, err);
}

int github_check_update(struct github *github, int64_t id, const struct github_check_change *change,
                        struct github_check *out, struct error *err)
{
    AUTO_FREE char *path = xasprintf("check-runs/%" PRId64, id);
    AUTO_FREE char *doing = xasprintf("update check run %" PRId64, id);
    struct github_check_change without_commit = *change;
    without_commit.head_sha = NULL;
    struct github_call call = {
        .method = HTTP_PATCH, .path = path, .doing = doing, .repeatable = true};
    return send_change(github, &call, &without_commit, out, err);
}

int github_check_get(struct github *github, int64_t id, struct github_check *out, struct error *err)
{
    AUTO_JSON cJSON *answer = NULL;
    AUTO_FREE char *path = xasprintf("check-runs/%" PRId64, id);
    AUTO_FREE char *doing = xasprintf("read check run %" PRId64, id);
    struct github_call call = {.path = path, .doing = doing, .permission = "checks: read"};
    int failed = github_send(github, &call, &answer, err);
    return failed ? failed : read_check(answer, out, err);
}

static int on_check(const struct cJSON *json, void *context, struct error *err)
{
    struct github_checks *list = context;
    struct github_check check;
    int failed = read_check(json, &check, err);
    if (failed)
        return failed;
    ARRAY_RESERVE(list->items, list->cap, list->count + 1);
    list->items[list->count++] = check;
    return GITHUB_PAGE_GO_ON;
}

int github_checks_list(struct github *github, const char *ref, const char *name,
                       struct github_checks *out, struct error *err)
{
    AUTO_STRBUF struct strbuf path = STRBUF_INIT;
    AUTO_FREE char *doing = xasprintf("list the check runs of %s", ref);
    strbuf_addstr(&path, "commits/");
    url_escape(&path, ref);
    strbuf_addstr(&path, "/check-runs");
    struct http_pair pairs[] = {{"check_name", name}, {"filter", "all"}};
    struct github_call call = {
        .path = path.buf,
        .query = pairs,
        .query_count = ARRAY_SIZE(pairs),
        .doing = doing,
        .permission = "checks: read",
    };
    return github_each(github, &call, "check_runs", 0, on_check, out, err);
}
