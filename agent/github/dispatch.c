#include "github/dispatch.h"

#include "base/alloc.h"
#include "github/field.h"
#include "net/url.h"

#include <string.h>

#define RUN_DETAILS "return_run_details"

enum { INPUTS_MAX = 25, PAYLOAD_KEYS_MAX = 10 };

void github_dispatched_release(struct github_dispatched *dispatched)
{
    free(dispatched->url);
    *dispatched = (struct github_dispatched){0};
}

static cJSON *make_body(const struct github_dispatch *dispatch, const char *ref)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "ref", ref);
    cJSON *inputs = cJSON_AddObjectToObject(body, "inputs");
    for (size_t i = 0; i < dispatch->input_count; i++)
        if (dispatch->inputs[i].value)
            cJSON_AddStringToObject(inputs, dispatch->inputs[i].name, dispatch->inputs[i].value);
    cJSON_AddTrueToObject(body, RUN_DETAILS);
    return body;
}

/* What the general line cannot know about a dispatch that failed with `code`. */
static int explain(const struct github *github, const char *workflow, int code, struct error *err)
{
    AUTO_FREE char *reason = xstrdup(err ? err->message : "");
    if (code == ERROR_NOT_FOUND)
        return error_set(err, code, "%s; is %s there on the default branch of %s?", reason,
                         workflow, github->repository);
    if (http_client_may_have_acted(github->client))
        return error_set(err, code, "%s; it may have started all the same: look at its runs",
                         reason);
    return code;
}

int github_dispatch_workflow(struct github *github, const struct github_dispatch *dispatch,
                             struct github_dispatched *out, struct error *err)
{
    AUTO_FREE char *branch = NULL;
    if (dispatch->input_count > INPUTS_MAX)
        return error_set(err, ERROR_USAGE, "a workflow has at most %d inputs, not %zu", INPUTS_MAX,
                         dispatch->input_count);
    int failed = dispatch->ref ? 0 : github_default_branch(github, &branch, err);
    if (failed)
        return failed;
    AUTO_JSON cJSON *answer = NULL, *body = make_body(dispatch, branch ? branch : dispatch->ref);
    AUTO_STRBUF struct strbuf path = STRBUF_INIT;
    AUTO_FREE char *doing = xasprintf("dispatch %s", dispatch->workflow);
    strbuf_addstr(&path, "actions/workflows/");
    url_escape(&path, dispatch->workflow);
    strbuf_addstr(&path, "/dispatches");
    struct github_call call = {
        .method = HTTP_POST,
        .path = path.buf,
        .body = body,
        .doing = doing,
        .permission = "actions: write",
    };
    struct error reason = ERROR_INIT;
    failed = github_send(github, &call, &answer, &reason);
    /* A server that is older than the wish for the run's id refuses what has it. */
    if (failed == ERROR_INPUT && strstr(reason.message, RUN_DETAILS)) {
        cJSON_DeleteItemFromObject(body, RUN_DETAILS);
        failed = github_send(github, &call, &answer, &reason);
    }
    if (failed && err)
        *err = reason;
    if (failed)
        return explain(github, dispatch->workflow, failed, err);
    out->run_id = field_integer(answer, "workflow_run_id");
    const char *url = field_view(answer, "html_url");
    out->url = *url ? xstrdup(url) : NULL;
    return 0;
}

int github_dispatch_repository(struct github *github, const char *event_type,
                               const struct cJSON *payload, struct error *err)
{
    AUTO_JSON cJSON *body = cJSON_CreateObject();
    if (!*event_type || strlen(event_type) > 100)
        return error_set(err, ERROR_USAGE, "an event type has 1 to 100 characters");
    if (payload && (!cJSON_IsObject(payload) || cJSON_GetArraySize(payload) > PAYLOAD_KEYS_MAX))
        return error_set(err, ERROR_USAGE, "a payload is an object with at most %d keys",
                         PAYLOAD_KEYS_MAX);
    cJSON_AddStringToObject(body, "event_type", event_type);
    if (payload)
        cJSON_AddItemToObject(body, "client_payload", cJSON_Duplicate(payload, true));
    AUTO_FREE char *doing = xasprintf("dispatch the event '%s'", event_type);
    struct github_call call = {
        .method = HTTP_POST,
        .path = "dispatches",
        .body = body,
        .doing = doing,
        .permission = "contents: write",
    };
    return github_send(github, &call, NULL, err);
}
