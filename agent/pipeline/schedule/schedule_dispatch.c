#include "pipeline/schedule/schedule_dispatch.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/number.h"
#include "github/dispatch.h"
#include "github/workflow_runs.h"

#include <stdlib.h>
#include <string.h>

enum {
    LOOK_AT_RUNS = 100, /* one page */
    FAILURES_IN_A_ROW = 2,
    FIND_ATTEMPTS = 20,
    FIND_WAIT_S = 3,
};

int dispatch_open(const struct dispatch_options *options, struct github **out, struct error *err)
{
    const struct github_options github = {
        .repository = options->repository,
        .token_file = options->token_file,
        .need_token = true,
    };
    return github_open(&github, out, err);
}

/* A run for a pull request stores nothing in the history. */
static bool names(const struct github_run *run, const char *commit)
{
    return run->title && strstr(run->title, commit) && !strstr(run->title, "pull request");
}

/* One page of the newest. Where most of it still waits or is under way there may be more behind it:
 * then all that GitHub lists. */
static int list_runs(struct github *github, const struct dispatch_options *options,
                     struct github_runs *out, struct error *err)
{
    struct github_runs runs = {0};
    struct github_run_query query = {.workflow = options->workflow, .max = LOOK_AT_RUNS};
    int failed = github_runs_list(github, &query, &runs, err);
    size_t active = 0;
    for (size_t i = 0; i < runs.count; i++)
        active += github_run_is_active(&runs.items[i]);
    if (!failed && runs.count == LOOK_AT_RUNS && active > LOOK_AT_RUNS / 2) {
        github_runs_release(&runs);
        query.max = 0;
        failed = github_runs_list(github, &query, &runs, err);
    }
    if (failed)
        github_runs_release(&runs);
    else
        *out = runs;
    return failed;
}

/* --- one run ---------------------------------------------------------------------------------- */

static void split_inputs(const struct strlist *inputs, const char *commit, struct strlist *texts,
                         struct http_pair *pairs, size_t *count)
{
    pairs[(*count)++] = (struct http_pair){"git_sha", commit};
    for (size_t i = 0; inputs && i < inputs->count && i < DISPATCH_INPUTS_MAX; i++) {
        const char *text = inputs->items[i], *equals = strchr(text, '=');
        strlist_push_owned(texts, xstrndup(text, (size_t)(equals - text)));
        pairs[(*count)++] = (struct http_pair){texts->items[texts->count - 1], equals + 1};
    }
}

static int start_run(struct github *github, const struct dispatch_options *options,
                     const char *commit, struct github_dispatched *out, struct error *err)
{
    AUTO_STRLIST struct strlist texts = STRLIST_INIT;
    struct http_pair pairs[DISPATCH_INPUTS_MAX + 1];
    struct github_dispatch dispatch = {
        .workflow = options->workflow, .ref = options->ref, .inputs = pairs};
    split_inputs(options->inputs, commit, &texts, pairs, &dispatch.input_count);
    return github_dispatch_workflow(github, &dispatch, out, err);
}

/* --- all that are due ------------------------------------------------------------------------- */

/* What the runs that are there say of one due commit. */
static void look_up(const struct github_runs *runs, const struct dispatch_options *options,
                    struct scheduled *item)
{
    const struct github_run *ended = NULL;
    size_t attempts = 0;
    for (size_t i = 0; i < runs->count; i++) {
        const struct github_run *run = &runs->items[i];
        if (!names(run, item->commit.id))
            continue;
        if (github_run_is_active(run)) {
            item->action = SCHEDULE_QUEUED;
            item->url = xstrdup(run->url);
            return;
        }
        ended = ended ? ended : run;
        attempts += (size_t)(run->attempt > 0 ? run->attempt : 1);
    }
    if (item->why != DUE_LOST || attempts <= options->retry_failed)
        return;
    item->action = SCHEDULE_LOST;
    item->url = xstrdup(ended->url);
    item->problem = xasprintf("its workflow run ended (%s) and left no record", ended->conclusion);
    log_warning("%.12s: %s: %s", item->commit.id, item->problem, ended->url);
}

static int look_up_all(struct github *github, const struct dispatch_options *options,
                       struct schedule *schedule, struct error *err)
{
    AUTO_GITHUB_RUNS struct github_runs runs = {0};
    int failed = list_runs(github, options, &runs, err);
    for (size_t i = 0; !failed && i < schedule->count; i++)
        if (schedule->items[i].action == SCHEDULE_DUE)
            look_up(&runs, options, &schedule->items[i]);
    return failed;
}

/* Whether it was started; the reason why not is in the item. */
static bool dispatch_one(struct github *github, const struct dispatch_options *options,
                         struct scheduled *item)
{
    AUTO_GITHUB_DISPATCHED struct github_dispatched dispatched = {0};
    struct error reason = ERROR_INIT;
    if (start_run(github, options, item->commit.id, &dispatched, &reason)) {
        item->action = SCHEDULE_BROKEN;
        item->problem = xstrdup(reason.message);
        return false;
    }
    item->action = SCHEDULE_DISPATCHED;
    item->url = take_ptr(dispatched.url);
    log_info("%.12s %s: dispatched%s%s", item->commit.id, item->commit.subject,
             item->url ? ": " : "", item->url ? item->url : "");
    return true;
}

static int dispatch_all(struct github *github, const struct dispatch_options *options,
                        struct schedule *schedule, struct error *err)
{
    int in_a_row = 0;
    for (size_t i = schedule->count; i-- > 0;) {
        struct scheduled *item = &schedule->items[i];
        if (item->action != SCHEDULE_DUE)
            continue;
        int failed = interrupt_check(err);
        if (failed)
            return failed;
        if (in_a_row == FAILURES_IN_A_ROW)
            item->action = SCHEDULE_LATER;
        else
            in_a_row = dispatch_one(github, options, item) ? 0 : in_a_row + 1;
    }
    return 0;
}

int schedule_dispatch(struct schedule *schedule, const struct dispatch_options *options,
                      const char *db, struct error *err)
{
    AUTO_GITHUB struct github *github = NULL;
    struct error reason = ERROR_INIT;
    if (!schedule_count(schedule, SCHEDULE_DUE))
        return 0;
    int failed = dispatch_open(options, &github, err);
    if (!failed)
        failed = look_up_all(github, options, schedule, err);
    if (failed)
        return failed;
    /* Without this a run that dies is dispatched again all the same, as long as nothing newer is
     * measured. */
    if (schedule_note(db, schedule, &reason))
        log_warning("what is due is not noted: %s", reason.message);
    schedule_limit(schedule, options->max);
    return dispatch_all(github, options, schedule, err);
}

/* --- one, and waiting for it ------------------------------------------------------------------ */

void dispatched_run_release(struct dispatched_run *run)
{
    free(run->url);
    free(run->conclusion);
    *run = (struct dispatched_run){0};
}

int dispatch_find_active(struct github *github, const struct dispatch_options *options,
                         const char *commit, struct dispatch_seen *out, struct error *err)
{
    AUTO_GITHUB_RUNS struct github_runs runs = {0};
    struct dispatch_seen seen = {0};
    int failed = list_runs(github, options, &runs, err);
    if (failed)
        return failed;
    for (size_t i = 0; i < runs.count; i++) {
        const struct github_run *run = &runs.items[i];
        if (!seen.active && names(run, commit) && github_run_is_active(run))
            seen.active = run->id;
        if (run->id > seen.newest)
            seen.newest = run->id;
    }
    *out = seen;
    return 0;
}

/* Where GitHub did not say which run it started: one that names the commit and was not there
 * before. Ids grow; clocks differ. */
static int find_started(struct github *github, const struct dispatch_options *options,
                        const char *commit, const struct dispatch_seen *seen, int64_t *id,
                        struct error *err)
{
    const struct github_run_query query = {
        .workflow = options->workflow, .event = "workflow_dispatch", .max = LOOK_AT_RUNS};
    for (int attempt = 0; attempt < FIND_ATTEMPTS; attempt++) {
        AUTO_GITHUB_RUNS struct github_runs runs = {0};
        int failed = github_runs_list(github, &query, &runs, err);
        if (!failed)
            failed = interrupt_check(err);
        if (failed)
            return failed;
        for (size_t i = 0; i < runs.count; i++)
            if (runs.items[i].id > seen->newest && names(&runs.items[i], commit)) {
                *id = runs.items[i].id;
                return 0;
            }
        clock_sleep_s(FIND_WAIT_S);
    }
    return error_set(err, ERROR_FAILURE,
                     "%s of %s was dispatched, and no run of it names the commit: put git_sha into "
                     "its run-name",
                     options->workflow, options->repository);
}

static void show(const struct github_run *run, void *context)
{
    log_progress("%.12s: %s %s", (const char *)context, run->status, run->url ? run->url : "");
}

/* Mostly for tests: a poll of a stand-in on this machine need not take a quarter of a minute. */
static double poll_s(void)
{
    double seconds = 0;
    const char *set = getenv("LANCE_BENCH_POLL_INTERVAL");
    return set && parse_duration(set, &seconds) && seconds > 0 ? seconds : 0;
}

int dispatch_and_wait(struct github *github, const struct dispatch_options *options,
                      const char *commit, const struct dispatch_seen *seen,
                      struct dispatched_run *out, struct error *err)
{
    AUTO_GITHUB_DISPATCHED struct github_dispatched dispatched = {0};
    AUTO_GITHUB_RUN struct github_run run = {0};
    int64_t id = seen->active;
    int failed = 0;
    if (!id) {
        failed = start_run(github, options, commit, &dispatched, err);
        id = dispatched.run_id;
        if (!failed && !id)
            failed = find_started(github, options, commit, seen, &id, err);
    }
    if (failed)
        return failed;
    const struct github_run_wait wait = {
        .poll_s = poll_s(), .seen = show, .context = (void *)commit};
    failed = github_run_wait(github, id, &wait, &run, err);
    log_progress_clear();
    if (failed)
        return failed;
    dispatched_run_release(out);
    *out = (struct dispatched_run){run.id, xstrdup(run.url), xstrdup(run.conclusion)};
    if (run.conclusion && !strcmp(run.conclusion, "success"))
        return 0;
    return error_set(err, ERROR_BUILD, "its workflow run ended with %s: %s", run.conclusion,
                     run.url);
}
