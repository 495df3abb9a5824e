#include "github/artifacts.h"
#include "github/checks.h"
#include "github/comments.h"
#include "github/commits.h"
#include "github/dispatch.h"
#include "github/event.h"
#include "github/github.h"
#include "github/permission.h"
#include "github/pulls.h"
#include "github/workflow_command.h"
#include "github/workflow_runs.h"

void github_artifact_release(struct github_artifact *artifact)
{
    (void)artifact;
}

void github_artifacts_release(struct github_artifacts *list)
{
    (void)list;
}

int github_artifacts_list(struct github *github, int64_t run_id, const char *name,
                          struct github_artifacts *out, struct error *err)
{
    (void)github;
    (void)run_id;
    (void)name;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_artifact_get(struct github *github, int64_t id, struct github_artifact *out,
                        struct error *err)
{
    (void)github;
    (void)id;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_artifact_download(struct github *github, const struct github_artifact *artifact,
                             const char *path, size_t max_bytes, struct error *err)
{
    (void)github;
    (void)artifact;
    (void)path;
    (void)max_bytes;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

void github_check_release(struct github_check *check)
{
    (void)check;
}

void github_checks_release(struct github_checks *list)
{
    (void)list;
}

int github_check_create(struct github *github, const struct github_check_change *change,
                        struct github_check *out, struct error *err)
{
    (void)github;
    (void)change;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_check_update(struct github *github, int64_t id, const struct github_check_change *change,
                        struct github_check *out, struct error *err)
{
    (void)github;
    (void)id;
    (void)change;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_check_get(struct github *github, int64_t id, struct github_check *out, struct error *err)
{
    (void)github;
    (void)id;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_checks_list(struct github *github, const char *ref, const char *name,
                       struct github_checks *out, struct error *err)
{
    (void)github;
    (void)ref;
    (void)name;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

void github_comment_release(struct github_comment *comment)
{
    (void)comment;
}

void github_comments_release(struct github_comments *list)
{
    (void)list;
}

int github_comments_list(struct github *github, int64_t number, int64_t since_s,
                         struct github_comments *out, struct error *err)
{
    (void)github;
    (void)number;
    (void)since_s;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_comment_get(struct github *github, int64_t id, struct github_comment *out,
                       struct error *err)
{
    (void)github;
    (void)id;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_comment_create(struct github *github, int64_t number, const char *body,
                          struct github_comment *out, struct error *err)
{
    (void)github;
    (void)number;
    (void)body;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_comment_update(struct github *github, int64_t id, const char *body,
                          struct github_comment *out, struct error *err)
{
    (void)github;
    (void)id;
    (void)body;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_comment_find(struct github *github, int64_t number, const char *marker,
                        struct github_comment *out, struct error *err)
{
    (void)github;
    (void)number;
    (void)marker;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_comment_put(struct github *github, int64_t number, const char *marker, const char *body,
                       struct github_comment *out, bool *created, struct error *err)
{
    (void)github;
    (void)number;
    (void)marker;
    (void)body;
    (void)out;
    (void)created;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_comment_react(struct github *github, int64_t id, const char *reaction, struct error *err)
{
    (void)github;
    (void)id;
    (void)reaction;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

void github_commit_release(struct github_commit *commit)
{
    (void)commit;
}

void github_commits_release(struct github_commits *list)
{
    (void)list;
}

int github_commits_list(struct github *github, const struct github_commit_query *query,
                        struct github_commits *out, struct error *err)
{
    (void)github;
    (void)query;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_commit_get(struct github *github, const char *rev, struct github_commit *out,
                      struct error *err)
{
    (void)github;
    (void)rev;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_resolve(struct github *github, const char *rev, char sha[GITHUB_SHA_SIZE],
                   struct error *err)
{
    (void)github;
    (void)rev;
    (void)sha;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_compare(struct github *github, const char *base, const char *head,
                   struct github_comparison *out, struct error *err)
{
    (void)github;
    (void)base;
    (void)head;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

void github_dispatched_release(struct github_dispatched *dispatched)
{
    (void)dispatched;
}

int github_dispatch_workflow(struct github *github, const struct github_dispatch *dispatch,
                             struct github_dispatched *out, struct error *err)
{
    (void)github;
    (void)dispatch;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_dispatch_repository(struct github *github, const char *event_type,
                               const struct cJSON *payload, struct error *err)
{
    (void)github;
    (void)event_type;
    (void)payload;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

void github_event_release(struct github_event *event)
{
    (void)event;
}

int github_event_read(const char *path, const char *name, struct github_event *out,
                      struct error *err)
{
    (void)path;
    (void)name;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_event_parse(const char *name, const char *json, size_t len, struct github_event *out,
                       struct error *err)
{
    (void)name;
    (void)json;
    (void)len;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

const char *github_event_input(const struct github_event *event, const char *name)
{
    (void)event;
    (void)name;
    return NULL;
}

int github_open(const struct github_options *options, struct github **out, struct error *err)
{
    (void)options;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

void github_free(struct github *github)
{
    (void)github;
}

int github_login(struct github *github, const char **out, struct error *err)
{
    (void)github;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_default_branch(struct github *github, char **out, struct error *err)
{
    (void)github;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

bool github_repository_is_valid(const char *text)
{
    (void)text;
    return false;
}

int github_send(struct github *github, const struct github_call *call, struct cJSON **out,
                struct error *err)
{
    (void)github;
    (void)call;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_each(struct github *github, const struct github_call *call, const char *key, size_t max,
                int (*item)(const struct cJSON *item, void *context, struct error *err),
                void *context, struct error *err)
{
    (void)github;
    (void)call;
    (void)key;
    (void)max;
    (void)item;
    (void)context;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

const char *github_permission_name(enum github_permission permission)
{
    (void)permission;
    return NULL;
}

int github_permission_of(struct github *github, const char *login, enum github_permission *out,
                         struct error *err)
{
    (void)github;
    (void)login;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

void github_pull_release(struct github_pull *pull)
{
    (void)pull;
}

int github_pull_get(struct github *github, int64_t number, struct github_pull *out,
                    struct error *err)
{
    (void)github;
    (void)number;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

void github_pulls_release(struct github_pulls *list)
{
    (void)list;
}

int github_pulls_list(struct github *github, size_t max, struct github_pulls *out,
                      struct error *err)
{
    (void)github;
    (void)max;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

bool workflow_is_running(void)
{
    return false;
}

void workflow_annotate(struct strbuf *out, const struct workflow_annotation *annotation)
{
    (void)out;
    (void)annotation;
}

void workflow_mask(struct strbuf *out, const char *secret)
{
    (void)out;
    (void)secret;
}

void workflow_group(struct strbuf *out, const char *title)
{
    (void)out;
    (void)title;
}

void workflow_end_group(struct strbuf *out)
{
    (void)out;
}

int workflow_fence_new(char token[WORKFLOW_FENCE_SIZE], struct error *err)
{
    (void)token;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

void workflow_fence(struct strbuf *out, const char *token)
{
    (void)out;
    (void)token;
}

void workflow_end_fence(struct strbuf *out, const char *token)
{
    (void)out;
    (void)token;
}

int workflow_output(const char *name, const char *value, struct error *err)
{
    (void)name;
    (void)value;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int workflow_record(struct strbuf *out, const char *name, const char *value, struct error *err)
{
    (void)out;
    (void)name;
    (void)value;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int workflow_summary(const char *markdown, struct error *err)
{
    (void)markdown;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

void github_run_release(struct github_run *run)
{
    (void)run;
}

void github_runs_release(struct github_runs *list)
{
    (void)list;
}

bool github_run_is_active(const struct github_run *run)
{
    (void)run;
    return false;
}

int github_runs_list(struct github *github, const struct github_run_query *query,
                     struct github_runs *out, struct error *err)
{
    (void)github;
    (void)query;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_runs_active(struct github *github, const char *workflow, struct github_runs *out,
                       struct error *err)
{
    (void)github;
    (void)workflow;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_run_get(struct github *github, int64_t id, struct github_run *out, struct error *err)
{
    (void)github;
    (void)id;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_run_cancel(struct github *github, int64_t id, struct error *err)
{
    (void)github;
    (void)id;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

int github_run_wait(struct github *github, int64_t id, const struct github_run_wait *wait,
                    struct github_run *out, struct error *err)
{
    (void)github;
    (void)id;
    (void)wait;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}

void github_jobs_release(struct github_jobs *list)
{
    (void)list;
}

int github_jobs_list(struct github *github, int64_t run_id, struct github_jobs *out,
                     struct error *err)
{
    (void)github;
    (void)run_id;
    (void)out;
    return error_set(err, ERROR_FAILURE, "the GitHub client is not there yet");
}
