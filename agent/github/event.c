#include "github/event.h"

#include "base/alloc.h"
#include "base/file.h"
#include "github/field.h"

#include <string.h>

/* One type: its name, and the members that its payload always has. */
struct event_row {
    const char *name;
    enum github_event_type type;
    const char *needs[3];
};

static const struct event_row event_rows[] = {
    {"issue_comment", GITHUB_EVENT_ISSUE_COMMENT, {"comment.id", "issue.number"}},
    {"workflow_dispatch", GITHUB_EVENT_WORKFLOW_DISPATCH, {"ref", "workflow"}},
    {"workflow_run", GITHUB_EVENT_WORKFLOW_RUN, {"workflow_run.id"}},
    {"schedule", GITHUB_EVENT_SCHEDULE, {"schedule"}},
    {"push", GITHUB_EVENT_PUSH, {"ref", "after"}},
    {"pull_request", GITHUB_EVENT_PULL_REQUEST, {"pull_request.number", "pull_request.head"}},
    {"pull_request_target",
     GITHUB_EVENT_PULL_REQUEST,
     {"pull_request.number", "pull_request.head"}},
};

void github_event_release(struct github_event *event)
{
    char *owned[] = {
        event->name,           event->action,      event->repository,
        event->default_branch, event->sender,      event->comment_body,
        event->comment_author, event->comment_url, event->comment_association,
        event->title,          event->author,      event->head_sha,
        event->head_ref,       event->head_repo,   event->base_sha,
        event->base_ref,       event->run_name,    event->run_title,
        event->run_path,       event->run_event,   event->run_status,
        event->run_conclusion, event->ref,         event->schedule,
    };
    for (size_t i = 0; i < ARRAY_SIZE(owned); i++)
        free(owned[i]);
    strlist_release(&event->input_names);
    strlist_release(&event->input_values);
    strlist_release(&event->labels);
    *event = (struct github_event){0};
}

static const struct event_row *find_row(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(event_rows); i++)
        if (!strcmp(event_rows[i].name, name))
            return &event_rows[i];
    return NULL;
}

static int unknown_type(const char *name, struct error *err)
{
    AUTO_STRLIST struct strlist known = STRLIST_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(event_rows); i++)
        strlist_push(&known, event_rows[i].name);
    AUTO_FREE char *all = strlist_join(&known, ", ");
    return error_set(err, ERROR_USAGE, "the event '%s' is not handled here: one of %s is", name,
                     all);
}

static int check_payload(const struct event_row *row, const cJSON *payload, struct error *err)
{
    if (!cJSON_IsObject(payload))
        return error_set(err, ERROR_INPUT, "the event's payload is no JSON object");
    for (size_t i = 0; i < ARRAY_SIZE(row->needs) && row->needs[i]; i++)
        if (!field_at(payload, row->needs[i]))
            return error_set(err, ERROR_INPUT,
                             "the payload is not one of the event %s: it has no %s", row->name,
                             row->needs[i]);
    return 0;
}

static void read_labels(const cJSON *labels, struct strlist *out)
{
    const cJSON *label;
    cJSON_ArrayForEach(label, labels)
    {
        strlist_push(out, field_view(label, "name"));
    }
}

static void read_comment(const cJSON *payload, struct github_event *out)
{
    out->comment_id = field_integer(payload, "comment.id");
    out->comment_body = field_text(payload, "comment.body");
    out->comment_author = field_text(payload, "comment.user.login");
    out->comment_association = field_text(payload, "comment.author_association");
    out->comment_url = field_text(payload, "comment.html_url");
    out->is_pull = field_at(payload, "issue.pull_request") != NULL;
    out->number = field_integer(payload, "issue.number");
    out->title = field_text(payload, "issue.title");
    out->author = field_text(payload, "issue.user.login");
    read_labels(field_at(payload, "issue.labels"), &out->labels);
}

static void read_pull(const cJSON *payload, struct github_event *out)
{
    out->is_pull = true;
    out->number = field_integer(payload, "pull_request.number");
    out->title = field_text(payload, "pull_request.title");
    out->author = field_text(payload, "pull_request.user.login");
    out->head_sha = field_text(payload, "pull_request.head.sha");
    out->head_ref = field_text(payload, "pull_request.head.ref");
    out->head_repo = field_text(payload, "pull_request.head.repo.full_name");
    out->base_sha = field_text(payload, "pull_request.base.sha");
    out->base_ref = field_text(payload, "pull_request.base.ref");
    read_labels(field_at(payload, "pull_request.labels"), &out->labels);
}

static void read_run(const cJSON *payload, struct github_event *out)
{
    out->run_id = field_integer(payload, "workflow_run.id");
    out->run_attempt = field_integer(payload, "workflow_run.run_attempt");
    out->run_name = field_text(payload, "workflow_run.name");
    out->run_title = field_text(payload, "workflow_run.display_title");
    out->run_path = field_text(payload, "workflow_run.path");
    out->run_event = field_text(payload, "workflow_run.event");
    out->run_status = field_text(payload, "workflow_run.status");
    out->run_conclusion = field_text(payload, "workflow_run.conclusion");
    out->head_sha = field_text(payload, "workflow_run.head_sha");
    out->head_ref = field_text(payload, "workflow_run.head_branch");
    out->head_repo = field_text(payload, "workflow_run.head_repository.full_name");
}

/* Inputs are texts, but for a caller that wrote a number or a truth value. */
static void read_inputs(const cJSON *inputs, struct github_event *out)
{
    const cJSON *input;
    cJSON_ArrayForEach(input, inputs)
    {
        AUTO_FREE char *printed = cJSON_IsString(input) ? NULL : cJSON_PrintUnformatted(input);
        strlist_push(&out->input_names, input->string);
        strlist_push(&out->input_values, printed ? printed : input->valuestring);
    }
}

static void read_push(const cJSON *payload, struct github_event *out)
{
    out->ref = field_text(payload, "ref");
    out->head_sha = field_text(payload, "after");
    out->base_sha = field_text(payload, "before");
    const char *branch = out->ref + (strncmp(out->ref, "refs/heads/", 11) ? 0 : 11);
    out->head_ref = xstrdup(branch);
    out->head_repo = field_text(payload, "repository.full_name");
}

/* What this type does not have is an empty text. */
static void fill_gaps(struct github_event *event)
{
    char **texts[] = {
        &event->comment_body, &event->comment_author, &event->comment_association,
        &event->comment_url,  &event->title,          &event->author,
        &event->head_sha,     &event->head_ref,       &event->head_repo,
        &event->base_sha,     &event->base_ref,       &event->run_name,
        &event->run_title,    &event->run_path,       &event->run_event,
        &event->run_status,   &event->run_conclusion, &event->ref,
        &event->schedule,
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (!*texts[i])
            *texts[i] = xstrdup("");
}

static void read_payload(const cJSON *payload, struct github_event *out)
{
    switch (out->type) {
    case GITHUB_EVENT_ISSUE_COMMENT:
        read_comment(payload, out);
        break;
    case GITHUB_EVENT_PULL_REQUEST:
        read_pull(payload, out);
        break;
    case GITHUB_EVENT_WORKFLOW_RUN:
        read_run(payload, out);
        break;
    case GITHUB_EVENT_WORKFLOW_DISPATCH:
        out->ref = field_text(payload, "ref");
        read_inputs(field_at(payload, "inputs"), out);
        break;
    case GITHUB_EVENT_PUSH:
        read_push(payload, out);
        break;
    case GITHUB_EVENT_SCHEDULE:
        out->schedule = field_text(payload, "schedule");
        break;
    }
}

int github_event_parse(const char *name, const char *json, size_t len, struct github_event *out,
                       struct error *err)
{
    const struct event_row *row = find_row(name);
    if (!row)
        return unknown_type(name, err);
    AUTO_JSON cJSON *payload = cJSON_ParseWithLength(json, len);
    int failed = check_payload(row, payload, err);
    if (failed)
        return failed;
    struct github_event event = {
        .type = row->type,
        .name = xstrdup(name),
        .action = field_text(payload, "action"),
        .repository = field_text(payload, "repository.full_name"),
        .default_branch = field_text(payload, "repository.default_branch"),
        .sender = field_text(payload, "sender.login"),
    };
    read_payload(payload, &event);
    fill_gaps(&event);
    *out = event;
    return 0;
}

int github_event_read(const char *path, const char *name, struct github_event *out,
                      struct error *err)
{
    AUTO_STRBUF struct strbuf json = STRBUF_INIT;
    path = path ? path : getenv("GITHUB_EVENT_PATH");
    name = name ? name : getenv("GITHUB_EVENT_NAME");
    if (!path || !*path || !name || !*name)
        return error_set(err, ERROR_USAGE,
                         "no event: this is for a workflow, where GITHUB_EVENT_NAME and "
                         "GITHUB_EVENT_PATH are set");
    int failed = file_read(path, GITHUB_EVENT_MAX, &json, err);
    if (failed)
        return failed;
    failed = github_event_parse(name, json.buf, json.len, out, err);
    return failed ? error_wrap(err, "%s", path) : 0;
}

const char *github_event_input(const struct github_event *event, const char *name)
{
    for (size_t i = 0; i < event->input_names.count; i++)
        if (!strcmp(event->input_names.items[i], name))
            return event->input_values.items[i];
    return NULL;
}
