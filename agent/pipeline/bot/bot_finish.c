/* The bench bot: what becomes of a workflow run. */
#include "pipeline/bot/bot_state.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "github/artifacts.h"
#include "github/commits.h"
#include "github/pulls.h"
#include "pipeline/bot/artifact.h"
#include "store/records.h"
#include "store/results.h"
#include "store/test_beds.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARTIFACT_BYTES_MAX ((size_t)512 << 20)

/* A run that measures, with its approval. */
struct measuring {
    char commit[BOT_SHA_SIZE];
    struct bot_job job;
    char *url;                  /* of the run */
    char base[GITHUB_SHA_SIZE]; /* where the branch left its base; "" where nothing says */
    int64_t base_s;             /* its time */
    struct policy policy;       /* of the base branch */
    char *policy_problem;       /* why that is empty, where it should not be; else NULL */
    bool expected;              /* somebody who may label has said that it is slower */
};

static void measuring_release(struct measuring *m)
{
    bot_job_release(&m->job);
    policy_release(&m->policy);
    free(m->policy_problem);
    free(m->url);
}
#define AUTO_MEASURING __attribute__((cleanup(measuring_release)))

/* The end of a run comes a moment after its last job has told us. */
enum { RUN_POLL_S = 5, RUN_END_S = 900 };

/* The run that a workflow_run event speaks of: its action says more than its status, which may be
 * that of a moment before. */
static int run_of_event(struct bot *bot, struct error *err)
{
    const struct github_event *event = &bot->event;
    if (event->type != GITHUB_EVENT_WORKFLOW_RUN)
        return error_set(err, ERROR_USAGE,
                         "this takes a workflow_run event or --run-id, and this is %s",
                         event->name);
    bot->run = (struct github_run){
        .id = event->run_id,
        .attempt = event->run_attempt,
        .title = xstrdup(event->run_title),
        .path = xstrdup(event->run_path),
        .event = xstrdup(event->run_event),
        .status = xstrdup(event->action),
        .conclusion = xstrdup(event->run_conclusion),
        .head_repo = xstrdup(event->head_repo),
    };
    return 0;
}

static int find_run(struct bot *bot, bool ended, struct error *err)
{
    const struct github_run_wait wait = {.poll_s = RUN_POLL_S, .timeout_s = RUN_END_S};
    int64_t id = bot->options->run_id;
    if (!id)
        return run_of_event(bot, err);
    return ended ? github_run_wait(bot->github, id, &wait, &bot->run, err)
                 : github_run_get(bot->github, id, &bot->run, err);
}

/* Whether the run is of our workflow, dispatched in this repository: a fork's workflow of the same
 * name triggers the same event, with a title of the stranger's choice. */
static bool is_ours(const struct bot *bot, const char **why)
{
    const struct github_run *run = &bot->run;
    const char *file = path_basename(run->path);
    size_t len = strcspn(file, "@");
    *why = strcmp(run->event, "workflow_dispatch") ? "the run was not dispatched"
           : strcasecmp(run->head_repo, bot->github->repository)
               ? "the run is of another repository"
           : strlen(bot->options->workflow) != len || strncmp(file, bot->options->workflow, len)
               ? "the run is of another workflow"
               : NULL;
    return !*why;
}

/* $GITHUB_SERVER_URL names another GitHub than github.com. */
static char *url_of_run(const struct bot *bot)
{
    const char *server = getenv("GITHUB_SERVER_URL");
    bool named = server && !strncmp(server, "https://", 8);
    return xasprintf("%s/%s/actions/runs/%" PRId64, named ? server : "https://github.com",
                     bot->github->repository, bot->run.id);
}

/* The approval of the commit that the run's title names. m->job.check.id stays 0 where there is
 * nothing to do, and the outcome says why. */
static int find_measuring(struct bot *bot, struct measuring *m, struct error *err)
{
    const char *why = NULL;
    if (!is_ours(bot, &why))
        return bot_done(bot, "ignored", why);
    if (!bot_run_title_parse(bot->run.title, &bot->pull, m->commit))
        return bot_done(bot, "ignored", "the run's title names no commit of a pull request");
    bot->out->run_id = bot->run.id;
    int failed = bot_find_job(bot, m->commit, 0, &m->job, err);
    if (failed)
        return failed;
    if (!m->job.check.id)
        return error_set(err, ERROR_NOT_FOUND,
                         "nobody has approved commit %s of #%" PRId64
                         ": it has no check run of the bench bot, and nothing is published",
                         m->commit, bot->pull);
    m->url = url_of_run(bot);
    return 0;
}

/* Without a check run there is none. `ended`: waits for the end of a run that is named. */
static int open_measuring(bool ended, struct bot *bot, struct measuring *m, struct error *err)
{
    int failed = find_run(bot, ended, err);
    return failed ? failed : find_measuring(bot, m, err);
}

int bot_progress(const struct bot_options *options, struct bot_outcome *out, struct error *err)
{
    AUTO_BOT struct bot bot = {0};
    AUTO_MEASURING struct measuring m = {0};
    int failed = bot_open(&bot, options, out, err);
    if (!failed)
        failed = open_measuring(false, &bot, &m, err);
    if (failed || !m.job.check.id)
        return failed;
    if (!strcmp(m.job.check.status, "completed"))
        return bot_done(&bot, "ignored", "the run is over already");
    bool running = !strcmp(bot.run.status, "in_progress");
    const struct bot_report report = {
        .status = running ? "in_progress" : "queued",
        .title = running ? "Running" : "Queued",
        .run_url = m.url,
    };
    failed = bot_report(&bot, &m.job, &report, err);
    return failed ? failed : bot_done(&bot, "answered", NULL);
}

/* An attempt that left nothing is not to be answered with what the one before it has left. An event
 * does not tell when it began. */
static int is_of_attempt(struct bot *bot, const struct github_artifact *artifact, bool *out,
                         struct error *err)
{
    AUTO_GITHUB_RUN struct github_run run = {0};
    bool again = bot->run.attempt > 1;
    int64_t started_s = bot->run.started_s;
    *out = true;
    if (again && !started_s) {
        int failed = github_run_get(bot->github, bot->run.id, &run, err);
        if (failed)
            return failed;
        started_s = run.started_s;
    }
    *out = !again || artifact->created_s >= started_s;
    return 0;
}

static int download(struct bot *bot, const char *path, bool *found, struct error *err)
{
    AUTO_GITHUB_ARTIFACTS struct github_artifacts list = {0};
    int failed =
        github_artifacts_list(bot->github, bot->run.id, bot->options->artifact, &list, err);
    *found = false;
    if (!failed && list.count)
        failed = is_of_attempt(bot, &list.items[0], found, err);
    return *found ? github_artifact_download(bot->github, &list.items[0], path, ARTIFACT_BYTES_MAX,
                                             err)
                  : failed;
}

/* The one test bed of the default history, where it has no second one. */
static int choose_bed(const struct bot *bot, char **out, struct error *err)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    AUTO_DATABASE struct database *db = NULL;
    if (bot->options->test_bed) {
        *out = xstrdup(bot->options->test_bed);
        return 0;
    }
    int failed = database_open(bot->options->db, &db, err);
    if (!failed)
        failed = test_beds_list(db, &names, err);
    if (failed)
        return failed;
    if (names.count != 1)
        return error_set(err, ERROR_USAGE,
                         "which machine measured it? %zu test beds have results; name it with "
                         "--testbed-name or $LANCE_BENCH_TESTBED",
                         names.count);
    *out = xstrdup(names.items[0]);
    return 0;
}

/* Where the branch left its base. Histories without a common commit have no such place. */
static int find_base(struct bot *bot, struct measuring *m, struct error *err)
{
    AUTO_GITHUB_PULL struct github_pull pull = {0};
    AUTO_GITHUB_COMMIT struct github_commit base = {0};
    struct github_comparison fork = {0};
    int failed = github_pull_get(bot->github, bot->pull, &pull, err);
    if (!failed)
        failed = bot_base_policy(bot, pull.base_ref, &m->policy, &m->policy_problem, err);
    if (failed)
        return failed == ERROR_NOT_FOUND ? 0 : failed;
    m->expected = bot_is_expected(&pull);
    failed = github_compare(bot->github, pull.base_sha, m->job.approval.commit, &fork, err);
    if (!failed)
        failed = github_commit_get(bot->github, fork.merge_base, &base, err);
    if (failed == ERROR_NOT_FOUND)
        return 0;
    if (failed)
        return failed;
    memcpy(m->base, base.sha, sizeof(m->base));
    m->base_s = base.commit_s;
    return 0;
}

/* The commit's time decides which history it is held against, and its author has written it: it is
 * taken to lie between the base and now. */
static int commit_time(struct bot *bot, const struct measuring *m, int64_t *out, struct error *err)
{
    AUTO_GITHUB_COMMIT struct github_commit commit = {0};
    int64_t now = clock_unix_s();
    int failed = github_commit_get(bot->github, m->job.approval.commit, &commit, err);
    if (!failed)
        *out = commit.commit_s < m->base_s ? m->base_s
               : commit.commit_s > now     ? now
                                           : commit.commit_s;
    return failed;
}

/* Publishes what the run left. */
static int publish(struct bot *bot, struct measuring *m, const char *path, const char *bed,
                   struct artifact_outcome *outcome, struct error *err)
{
    AUTO_FREE char *project = bot_project(bot);
    AUTO_FREE char *run = xasprintf("%" PRId64 "-%" PRId64, bot->run.id, bot->run.attempt);
    int64_t time = 0;
    int failed = find_base(bot, m, err);
    if (!failed)
        failed = commit_time(bot, m, &time, err);
    if (failed)
        return failed == ERROR_INPUT ? ERROR_FAILURE : failed;
    const struct artifact_request request = {
        .db = bot->options->db,
        .path = path,
        .commit = m->job.approval.commit,
        .project = project,
        .test_bed = bed,
        .run = run,
        .commit_time = time,
    };
    return artifact_publish(&request, outcome, err);
}

static int find_results(struct bot *bot, const struct measuring *m, const char *bed,
                        const struct artifact_outcome *outcome, struct bot_findings *out,
                        struct error *err)
{
    AUTO_FREE char *project = bot_project(bot);
    const struct bot_side_by_side sides = {
        .commit = m->job.approval.commit,
        .run = outcome->run,
        .base = *m->base ? m->base : NULL,
        .before_s = m->base_s,
        .test_bed = bed,
        .project = project,
        .whole = m->job.approval.whole,
        .policy = &m->policy,
    };
    return bot_find_results(bot->options->db, &sides, out, err);
}

static void print_problems(struct strbuf *out, const struct artifact_outcome *outcome)
{
    enum { SHOWN = 20 };
    for (size_t i = 0; i < outcome->problems.count && i < SHOWN; i++) {
        strbuf_addstr(out, i ? "\n- " : "- ");
        bot_code(out, outcome->problems.items[i]);
    }
    if (outcome->problems.count > SHOWN)
        strbuf_addf(out, "\n- and %zu more", outcome->problems.count - SHOWN);
    if (!outcome->problems.count && outcome->reason)
        bot_code(out, outcome->reason);
}

/* What the check run concludes: an unsure verdict is neither. */
static void conclude(const struct artifact_outcome *outcome, const struct bot_findings *findings,
                     bool expected, struct bot_report *out)
{
    bool complete = !strcmp(outcome->outcome, RUN_COMPLETE) && !findings->missing;
    enum verdict_kind kind = findings->judged ? findings->verdict : VERDICT_NO_HISTORY;
    if (kind == VERDICT_WORSE && complete && expected) {
        out->conclusion = "neutral";
        out->title = "Worse, as expected";
    } else if (kind == VERDICT_WORSE) {
        out->conclusion = "failure";
        out->title = complete ? "Worse" : "Worse, and measured in part";
    } else if (!complete) {
        out->conclusion = "failure";
        out->title = "Measured in part";
    } else if (kind == VERDICT_UNSURE || (!findings->judged && findings->obstacle)) {
        out->conclusion = "neutral";
        out->title = findings->judged ? "Measured: unsure" : "Measured: cannot be compared";
    } else {
        out->conclusion = "success";
        out->title = kind == VERDICT_BETTER ? "Better"
                     : kind == VERDICT_SAME ? "Same"
                                            : "Measured: no verdict";
    }
}

static const char *verdict_word(const struct bot_findings *findings)
{
    if (!findings->judged)
        return findings->obstacle ? "not-comparable" : "no-data";
    return findings->verdict == VERDICT_WORSE    ? "regression"
           : findings->verdict == VERDICT_UNSURE ? "unsure"
                                                 : "ok";
}

/* The end of a run that left results. */
static int report_results(struct bot *bot, struct measuring *m, const char *bed,
                          const struct artifact_outcome *outcome, struct error *err)
{
    AUTO_BOT_FINDINGS struct bot_findings findings = {0};
    AUTO_STRBUF struct strbuf details = STRBUF_INIT, result = STRBUF_INIT;
    int failed = find_results(bot, m, bed, outcome, &findings, err);
    if (!failed)
        failed = bot_load_text(bot, err);
    if (failed)
        return failed;
    print_problems(&details, outcome);
    if (m->policy_problem) {
        strbuf_addstr(&details, details.len ? "\n\n" : "");
        bot_code(&details, m->policy_problem);
    }
    strbuf_addf(&result, "#### Results of `%s`\n\n%s", m->job.approval.commit, findings.table);
    bot_text_set(&bot->text.result, result.buf);
    struct bot_report report = {
        .details = details.len ? details.buf : NULL,
        .run_url = m->url,
    };
    conclude(outcome, &findings, m->expected, &report);
    bot->out->verdict = verdict_word(&findings);
    bot->out->regressions = findings.worse;
    failed = bot_report(bot, &m->job, &report, err);
    bot->out->results = outcome->found;
    return failed ? failed : bot_done(bot, "published", outcome->reason);
}

/* The end of a run that left nothing that may be published. */
static int report_nothing(struct bot *bot, struct measuring *m, const char *title, const char *why,
                          const char *conclusion, struct error *err)
{
    AUTO_STRBUF struct strbuf details = STRBUF_INIT;
    if (why)
        bot_code(&details, why);
    const struct bot_report report = {
        .conclusion = conclusion,
        .title = title,
        .details = why ? details.buf : NULL,
        .run_url = m->url,
    };
    int failed = bot_report(bot, &m->job, &report, err);
    bot->out->verdict = "failed";
    return failed ? failed : bot_done(bot, "failed", why);
}

/* `failed` is how publishing went. What is wrong with the artifact is the pull request's, and is
 * told; what is wrong with the database or with GitHub is ours, and the job can be run again. */
static int tell(struct bot *bot, struct measuring *m, const char *bed,
                const struct artifact_outcome *outcome, int failed, struct error *err)
{
    if (!failed)
        return report_results(bot, m, bed, outcome, err);
    if (failed == ERROR_NO_DATA)
        return report_nothing(bot, m, "Nothing was measured",
                              outcome->reason ? outcome->reason : err->message, "failure", err);
    if (failed != ERROR_INPUT)
        return failed;
    struct error refusal = *err;
    int lost = report_nothing(bot, m, "The results were refused", refusal.message, "failure", err);
    if (lost)
        return lost;
    *err = refusal;
    return failed;
}

static int finish_in(struct bot *bot, struct measuring *m, const char *folder, struct error *err)
{
    AUTO_ARTIFACT_OUTCOME struct artifact_outcome outcome = {0};
    AUTO_FREE char *zip = path_join(folder, "results.zip"), *bed = NULL;
    const char *path = bot->options->path ? bot->options->path : zip;
    bool found = bot->options->path != NULL;
    int failed = found ? 0 : download(bot, zip, &found, err);
    if (failed == ERROR_INPUT || failed == ERROR_NOT_FOUND)
        return tell(bot, m, bed, &outcome, ERROR_INPUT, err);
    if (failed)
        return failed;
    if (!found)
        return report_nothing(bot, m, "Nothing was measured",
                              "the run left no results; its log says why", "failure", err);
    failed = choose_bed(bot, &bed, err);
    if (failed)
        return failed;
    return tell(bot, m, bed, &outcome, publish(bot, m, path, bed, &outcome, err), err);
}

int bot_finish(const struct bot_options *options, struct bot_outcome *out, struct error *err)
{
    AUTO_BOT struct bot bot = {0};
    AUTO_MEASURING struct measuring m = {0};
    int failed = bot_open(&bot, options, out, err);
    if (!failed)
        failed = open_measuring(true, &bot, &m, err);
    if (failed || !m.job.check.id)
        return failed;
    if (strcmp(bot.run.status, "completed"))
        return bot_done(&bot, "ignored", "the run is not over yet");
    if (!strcmp(bot.run.conclusion, "cancelled"))
        return report_nothing(&bot, &m, "Cancelled", NULL, "cancelled", err);
    const char *temporary = getenv("TMPDIR");
    AUTO_FREE char *folder =
        xasprintf("%s/lance-bench-bot-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(folder))
        return error_errno(err, ERROR_FAILURE, errno, "cannot make %s", folder);
    failed = finish_in(&bot, &m, folder, err);
    (void)!tree_remove(folder, NULL);
    return failed;
}
