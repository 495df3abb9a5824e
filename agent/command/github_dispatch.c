/* github dispatch: starting a workflow, and waiting for it. */
#include "base/alloc.h"
#include "base/log.h"
#include "command/github_common.h"
#include "command/rows.h"
#include "github/dispatch.h"
#include "github/workflow_runs.h"

#include <inttypes.h>
#include <string.h>

struct dispatch_options {
    struct github_where where;
    const char *ref, *event;
    struct strlist inputs;
    bool wait;
    double timeout, interval;
};

#define ROW(field, kind, name, value, help) \
    OPTION(struct dispatch_options, field, kind, name, value, help)

static const struct option_row rows[] = {
    ROW(ref, OPTION_STRING, "ref", "REF", "branch or tag to run (default: the default branch)"),
    ROW(inputs, OPTION_LIST, "input", "NAME=VALUE", "an input of the workflow; again for more"),
    ROW(event, OPTION_STRING, "event", "TYPE",
        "send a repository_dispatch of this type instead; inputs are its client_payload"),
    ROW(wait, OPTION_FLAG, "wait", NULL, "wait for the run's end; exit 1 unless it succeeds"),
    ROW(timeout, OPTION_DURATION, "timeout", "TIME", "wait no longer (default: 6h)"),
    ROW(interval, OPTION_DURATION, "interval", "TIME", "between two looks (default: 15s)"),
    GITHUB_WHERE_OPTIONS(struct dispatch_options),
};

static const struct dispatch_options defaults = {
    .where = GITHUB_WHERE_DEFAULTS, .timeout = 6 * 3600, .interval = 15};

/* The options' texts, split in place: names[i] owns both halves. */
static int split_inputs(const struct strlist *inputs, struct strlist *names,
                        struct http_pair *pairs, struct error *err)
{
    for (size_t i = 0; i < inputs->count; i++) {
        char *equals = strchr(inputs->items[i], '=');
        if (!equals || equals == inputs->items[i])
            return error_set(err, ERROR_USAGE, "--input takes NAME=VALUE, not '%s'",
                             inputs->items[i]);
        strlist_push_owned(names, xstrndup(inputs->items[i], (size_t)(equals - inputs->items[i])));
        pairs[i] = (struct http_pair){names->items[i], equals + 1};
    }
    return 0;
}

static int send_event(struct github *github, const struct globals *globals, const char *type,
                      const struct http_pair *pairs, size_t count, struct error *err)
{
    AUTO_JSON cJSON *payload = cJSON_CreateObject(), *said = cJSON_CreateObject();
    for (size_t i = 0; i < count; i++)
        cJSON_AddStringToObject(payload, pairs[i].name, pairs[i].value);
    int failed = github_dispatch_repository(github, type, payload, err);
    if (failed)
        return failed;
    cJSON_AddStringToObject(said, "event", type);
    command_github_object(globals, said);
    return 0;
}

static void log_state(const struct github_run *run, void *context)
{
    (void)context;
    log_progress("run %" PRId64 ": %s", run->id, run->status);
}

/* Fills `said` with how the run ended; *code is 1 unless it was a success. */
static int wait_for(struct github *github, const struct dispatch_options *o,
                    const struct github_dispatched *dispatched, cJSON *said, int *code,
                    struct error *err)
{
    AUTO_GITHUB_RUN struct github_run run = {0};
    if (!dispatched->run_id)
        return error_set(err, ERROR_FAILURE,
                         "dispatched, but GitHub did not say as which run: nothing to wait for");
    struct github_run_wait wait = {o->interval, o->timeout, log_state, NULL};
    int failed = github_run_wait(github, dispatched->run_id, &wait, &run, err);
    log_progress_clear();
    if (failed)
        return failed;
    cJSON_AddStringToObject(said, "conclusion", run.conclusion);
    *code = strcmp(run.conclusion, "success") != 0;
    return 0;
}

static int send_workflow(struct github *github, const struct globals *globals,
                         const struct dispatch_options *o, const struct github_dispatch *dispatch,
                         struct error *err)
{
    AUTO_GITHUB_DISPATCHED struct github_dispatched dispatched = {0};
    AUTO_JSON cJSON *said = cJSON_CreateObject();
    int code = 0;
    int failed = github_dispatch_workflow(github, dispatch, &dispatched, err);
    if (failed)
        return failed;
    cJSON_AddStringToObject(said, "workflow", dispatch->workflow);
    if (dispatched.run_id)
        cJSON_AddNumberToObject(said, "run_id", (double)dispatched.run_id);
    else
        cJSON_AddNullToObject(said, "run_id");
    if (dispatched.url)
        cJSON_AddStringToObject(said, "url", dispatched.url);
    if (o->wait)
        failed = wait_for(github, o, &dispatched, said, &code, err);
    if (failed)
        return failed;
    command_github_object(globals, said);
    return code;
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    const struct dispatch_options *o = raw;
    AUTO_GITHUB struct github *github = NULL;
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    AUTO_FREE struct http_pair *pairs = xcalloc(o->inputs.count + 1, sizeof(*pairs));
    if (!args->count == !o->event)
        return error_set(err, ERROR_USAGE, "github dispatch takes a WORKFLOW or --event TYPE");
    if (o->event && (o->wait || o->ref))
        return error_set(err, ERROR_USAGE, "--event goes with neither --wait nor --ref");
    int failed = split_inputs(&o->inputs, &names, pairs, err);
    if (!failed)
        failed = command_github_open(&o->where, true, &github, err);
    if (failed)
        return failed;
    if (o->event)
        return send_event(github, globals, o->event, pairs, o->inputs.count, err);
    struct github_dispatch dispatch = {args->items[0], o->ref, pairs, o->inputs.count};
    return send_workflow(github, globals, o, &dispatch, err);
}

const struct command command_github_dispatch = {
    .name = "github dispatch",
    .group = "github",
    .summary = "Start a workflow, and wait for it where wanted",
    .arguments = "WORKFLOW [--ref REF] [--input NAME=VALUE]... [--wait]",
    .description =
        "WORKFLOW is a file name, such as run-benchmarks.yml. It is sent once: where the\n"
        "connection is lost meanwhile, `github runs` says whether it has started.\n"
        "Needs the permission actions: write (with --event contents: write).",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .defaults = &defaults,
    .options_size = sizeof(defaults),
    .max_args = 1,
    .run = run,
};
