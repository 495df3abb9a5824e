#include "github/workflow_runs.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "github/field.h"
#include "net/url.h"

#include <inttypes.h>
#include <string.h>

enum { RUNS_MAX = 1000 };

void github_run_release(struct github_run *run)
{
    char *owned[] = {run->name,      run->title,      run->path,     run->event,
                     run->status,    run->conclusion, run->head_sha, run->head_branch,
                     run->head_repo, run->actor,      run->url};
    for (size_t i = 0; i < ARRAY_SIZE(owned); i++)
        free(owned[i]);
    *run = (struct github_run){0};
}

void github_runs_release(struct github_runs *list)
{
    for (size_t i = 0; i < list->count; i++)
        github_run_release(&list->items[i]);
    free(list->items);
    *list = (struct github_runs){0};
}

void github_jobs_release(struct github_jobs *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct github_job *job = &list->items[i];
        char *owned[] = {job->name, job->status, job->conclusion, job->runner, job->url};
        for (size_t k = 0; k < ARRAY_SIZE(owned); k++)
            free(owned[k]);
    }
    free(list->items);
    *list = (struct github_jobs){0};
}

bool github_run_is_active(const struct github_run *run)
{
    return strcmp(run->status, "completed") != 0;
}

static int read_run(const cJSON *json, struct github_run *out, struct error *err)
{
    int64_t id = field_integer(json, "id");
    if (!id || !*field_view(json, "status"))
        return error_set(err, ERROR_INPUT, "GitHub's answer has a run without an id or a status");
    *out = (struct github_run){
        .id = id,
        .attempt = field_integer(json, "run_attempt"),
        .number = field_integer(json, "run_number"),
        .name = field_text(json, "name"),
        .title = field_text(json, "display_title"),
        .path = field_text(json, "path"),
        .event = field_text(json, "event"),
        .status = field_text(json, "status"),
        .conclusion = field_text(json, "conclusion"),
        .head_sha = field_text(json, "head_sha"),
        .head_branch = field_text(json, "head_branch"),
        .head_repo = field_text(json, "head_repository.full_name"),
        .actor = field_text(json, "actor.login"),
        .url = field_text(json, "html_url"),
        .created_s = field_time(json, "created_at"),
        .started_s = field_time(json, "run_started_at"),
        .updated_s = field_time(json, "updated_at"),
    };
    return 0;
}

static bool has_run(const struct github_runs *list, int64_t id)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].id == id)
            return true;
    return false;
}

/* A run that starts while the pages are read is on two of them. */
static int on_run(const struct cJSON *json, void *context, struct error *err)
{
    struct github_runs *list = context;
    struct github_run run;
    int failed = read_run(json, &run, err);
    if (failed)
        return failed;
    if (has_run(list, run.id)) {
        github_run_release(&run);
        return GITHUB_PAGE_GO_ON;
    }
    ARRAY_RESERVE(list->items, list->cap, list->count + 1);
    list->items[list->count++] = run;
    return GITHUB_PAGE_GO_ON;
}

int github_runs_list(struct github *github, const struct github_run_query *query,
                     struct github_runs *out, struct error *err)
{
    char when[TIME_ISO_SIZE];
    AUTO_FREE char *created = NULL;
    AUTO_STRBUF struct strbuf path = STRBUF_INIT;
    if (query->created_since_s) {
        time_format_iso(query->created_since_s, when);
        created = xasprintf(">=%s", when);
    }
    strbuf_addstr(&path, "actions/");
    if (query->workflow) {
        strbuf_addstr(&path, "workflows/");
        url_escape(&path, query->workflow);
        strbuf_addch(&path, '/');
    }
    strbuf_addstr(&path, "runs");
    struct http_pair pairs[] = {
        {"status", query->status}, {"event", query->event},       {"branch", query->branch},
        {"created", created},      {"head_sha", query->head_sha},
    };
    AUTO_FREE char *doing =
        query->workflow ? xasprintf("list the runs of %s, which has to lie on the default branch",
                                    query->workflow)
                        : xstrdup("list runs");
    struct github_call call = {
        .path = path.buf,
        .query = pairs,
        .query_count = ARRAY_SIZE(pairs),
        .doing = doing,
        .permission = "actions: read",
    };
    return github_each(github, &call, "workflow_runs", query->max ? query->max : RUNS_MAX, on_run,
                       out, err);
}

int github_runs_active(struct github *github, const char *workflow, struct github_runs *out,
                       struct error *err)
{
    /* In the order in which a run goes through them, so that none is missed. */
    static const char *const states[] = {"requested", "pending", "waiting", "queued",
                                         "in_progress"};
    for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
        struct github_run_query query = {.workflow = workflow, .status = states[i]};
        int failed = github_runs_list(github, &query, out, err);
        if (failed)
            return failed;
    }
    return 0;
}

static int run_call(struct github *github, enum http_method method, int64_t id, const char *what,
                    cJSON **out, struct error *err)
{
    bool cancels = method == HTTP_POST;
    AUTO_FREE char *path = xasprintf("actions/runs/%" PRId64 "%s", id, cancels ? "/cancel" : "");
    AUTO_FREE char *doing = xasprintf("%s run %" PRId64, what, id);
    struct github_call call = {
        .method = method,
        .path = path,
        .doing = doing,
        .permission = cancels ? "actions: write" : "actions: read",
        .repeatable = true,
    };
    return github_send(github, &call, out, err);
}

int github_run_get(struct github *github, int64_t id, struct github_run *out, struct error *err)
{
    AUTO_JSON cJSON *answer = NULL;
    int failed = run_call(github, HTTP_GET, id, "read", &answer, err);
    return failed ? failed : read_run(answer, out, err);
}

int github_run_cancel(struct github *github, int64_t id, struct error *err)
{
    return run_call(github, HTTP_POST, id, "cancel", NULL, err);
}

int github_run_wait(struct github *github, int64_t id, const struct github_run_wait *wait,
                    struct github_run *out, struct error *err)
{
    double poll_s = wait->poll_s > 0 ? wait->poll_s : 15, waited_s = 0;
    for (;;) {
        AUTO_GITHUB_RUN struct github_run run = {0};
        int failed = github_run_get(github, id, &run, err);
        if (failed)
            return failed;
        if (wait->seen)
            wait->seen(&run, wait->context);
        if (!github_run_is_active(&run)) {
            *out = run;
            run = (struct github_run){0};
            return 0;
        }
        if (wait->timeout_s > 0 && waited_s + poll_s > wait->timeout_s)
            return error_set(err, ERROR_UNREACHABLE, "%s: run %" PRId64 " is still %s after %.0f s",
                             github->repository, id, run.status, waited_s);
        failed = http_client_sleep(github->client, poll_s, err);
        if (failed)
            return failed;
        waited_s += poll_s;
    }
}

static int on_job(const struct cJSON *json, void *context, struct error *err)
{
    (void)err;
    struct github_jobs *list = context;
    ARRAY_RESERVE(list->items, list->cap, list->count + 1);
    list->items[list->count++] = (struct github_job){
        .id = field_integer(json, "id"),
        .name = field_text(json, "name"),
        .status = field_text(json, "status"),
        .conclusion = field_text(json, "conclusion"),
        .runner = field_text(json, "runner_name"),
        .url = field_text(json, "html_url"),
        .started_s = field_time(json, "started_at"),
        .completed_s = field_time(json, "completed_at"),
    };
    return GITHUB_PAGE_GO_ON;
}

int github_jobs_list(struct github *github, int64_t run_id, struct github_jobs *out,
                     struct error *err)
{
    AUTO_FREE char *path = xasprintf("actions/runs/%" PRId64 "/jobs", run_id);
    AUTO_FREE char *doing = xasprintf("list the jobs of run %" PRId64, run_id);
    struct github_call call = {.path = path, .doing = doing, .permission = "actions: read"};
    return github_each(github, &call, "jobs", 0, on_job, out, err);
}
