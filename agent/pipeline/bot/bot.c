#include "pipeline/bot/bot_state.h"

#include "base/alloc.h"
#include "github/comments.h"

#include <inttypes.h>
#include <string.h>

void bot_outcome_release(struct bot_outcome *outcome)
{
    free(outcome->why);
    free(outcome->commit);
    free(outcome->conclusion);
    *outcome = (struct bot_outcome){0};
}

void bot_release(struct bot *bot)
{
    github_free(bot->github);
    github_event_release(&bot->event);
    github_run_release(&bot->run);
    bot_text_release(&bot->text);
    github_comment_release(&bot->comment);
}

void bot_job_release(struct bot_job *job)
{
    github_check_release(&job->check);
}

int bot_done(struct bot *bot, const char *action, const char *why)
{
    bot->out->action = action;
    bot->out->pull = bot->pull;
    free(bot->out->why);
    bot->out->why = xstrdup(why);
    return 0;
}

int bot_open(struct bot *bot, const struct bot_options *options, struct bot_outcome *out,
             struct error *err)
{
    bot->options = options;
    bot->out = out;
    int failed = github_event_read(options->event_path, options->event_name, &bot->event, err);
    if (failed)
        return failed;
    const struct github_options github = {
        .repository = *bot->event.repository ? bot->event.repository : NULL,
        .token_file = options->token_file,
        .need_token = true,
    };
    bot->pull = bot->event.number;
    return github_open(&github, &bot->github, err);
}

int bot_load_text(struct bot *bot, struct error *err)
{
    if (bot->has_text)
        return 0;
    int failed = github_comment_find(bot->github, bot->pull, BOT_MARKER, &bot->comment, err);
    if (failed && failed != ERROR_NOT_FOUND)
        return failed;
    if (!failed)
        bot_text_parse(bot->comment.body, &bot->text);
    bot->has_text = true;
    return 0;
}

int bot_save_text(struct bot *bot, struct error *err)
{
    AUTO_STRBUF struct strbuf body = STRBUF_INIT;
    bot_text_print(&bot->text, &body);
    /* Another step may have made it meanwhile: it is looked for once more before it is made. */
    return bot->comment.id ? github_comment_replace(bot->github, bot->pull, BOT_MARKER, body.buf,
                                                    &bot->comment, err)
                           : github_comment_put(bot->github, bot->pull, BOT_MARKER, body.buf,
                                                &bot->comment, NULL, err);
}

int bot_answer(struct bot *bot, const char *markdown, struct error *err)
{
    int failed = bot_load_text(bot, err);
    if (failed)
        return failed;
    bot_text_set(&bot->text.answer, markdown);
    return bot_save_text(bot, err);
}

/* Whether the check run carries an approval of this commit on this pull request. */
static bool is_job(const struct bot *bot, const struct github_check *check, const char *commit,
                   struct bot_approval *approval)
{
    return bot_approval_parse(check->external_id, approval) && approval->pull == bot->pull &&
           !strcmp(approval->commit, commit) && !strcmp(check->head_sha, commit);
}

/* How near the check run is to the workflow run of this step: 2 names it, 1 names none, 0 another.
 */
static int nearness(const struct bot *bot, const struct github_check *check)
{
    static const char runs[] = "/actions/runs/";
    const char *at = strstr(check->details_url, runs);
    if (!bot->run.id || !at)
        return 1;
    AUTO_FREE char *id = xasprintf("%" PRId64, bot->run.id);
    at += strlen(runs);
    size_t digits = strspn(at, "0123456789");
    return digits == strlen(id) && !strncmp(at, id, digits) ? 2 : 0;
}

static bool is_better(const struct bot *bot, const struct github_check *check,
                      const struct github_check *best)
{
    int near = nearness(bot, check), best_near = nearness(bot, best);
    if (near != best_near)
        return near > best_near;
    bool open = strcmp(check->status, "completed"), best_open = strcmp(best->status, "completed");
    return open != best_open ? open : check->id > best->id;
}

int bot_find_job(struct bot *bot, const char *commit, int64_t comment, struct bot_job *out,
                 struct error *err)
{
    AUTO_GITHUB_CHECKS struct github_checks checks = {0};
    struct github_check *best = NULL;
    struct bot_approval approval, found = {0};
    int failed = github_checks_list(bot->github, commit, BOT_CHECK_NAME, &checks, err);
    if (failed)
        return failed;
    for (size_t i = 0; i < checks.count; i++) {
        struct github_check *check = &checks.items[i];
        if (!is_job(bot, check, commit, &approval) || (comment && approval.comment != comment))
            continue;
        if (!best || is_better(bot, check, best)) {
            best = check;
            found = approval;
        }
    }
    *out = (struct bot_job){.approval = found};
    if (best) {
        out->check = *best;
        *best = (struct github_check){0};
    }
    return 0;
}

int bot_find_run(struct bot *bot, const char *commit, int64_t since_s, bool active_only,
                 struct github_run *out, struct error *err)
{
    AUTO_GITHUB_RUNS struct github_runs runs = {0};
    struct github_run *best = NULL;
    const struct github_run_query query = {
        .workflow = bot->options->workflow,
        .event = "workflow_dispatch",
        .created_since_s = since_s,
    };
    int failed = active_only ? github_runs_active(bot->github, bot->options->workflow, &runs, err)
                             : github_runs_list(bot->github, &query, &runs, err);
    if (failed)
        return failed;
    for (size_t i = 0; i < runs.count; i++) {
        struct github_run *run = &runs.items[i];
        int64_t pull = 0;
        char id[BOT_SHA_SIZE];
        /* A pull request that changes the workflow's file can give its own runs such a title. */
        if (strcmp(run->event, "workflow_dispatch") ||
            !bot_run_title_parse(run->title, &pull, id) || pull != bot->pull ||
            (commit && strcmp(id, commit)))
            continue;
        if (!best || (github_run_is_active(run) && !github_run_is_active(best)))
            best = run;
    }
    *out = (struct github_run){0};
    if (best) {
        *out = *best;
        *best = (struct github_run){0};
    }
    return 0;
}

/* "**Queued**: commit `…` ([run](…))" and the details. */
static void print_state(struct strbuf *out, const struct bot_job *job,
                        const struct bot_report *report)
{
    strbuf_addf(out, "**%s**: commit `%s`", report->title, job->approval.commit);
    if (report->run_url && *report->run_url)
        strbuf_addf(out, " ([run](%s))", report->run_url);
    if (report->details)
        strbuf_addf(out, "\n\n%s", report->details);
}

/* A run that ends late must not speak over the one that was approved after it. */
static bool is_past(const struct bot *bot, const struct bot_job *job)
{
    struct bot_approval last;
    return bot->text.job && bot_approval_parse(bot->text.job, &last) &&
           last.comment > job->approval.comment;
}

int bot_report(struct bot *bot, struct bot_job *job, const struct bot_report *report,
               struct error *err)
{
    AUTO_GITHUB_CHECK struct github_check updated = {0};
    AUTO_STRBUF struct strbuf state = STRBUF_INIT;
    char id[BOT_APPROVAL_MAX + 1];
    print_state(&state, job, report);
    const struct github_check_change change = {
        .status = report->status,
        .conclusion = report->conclusion,
        .details_url = report->run_url && *report->run_url ? report->run_url : NULL,
        .title = report->title,
        .summary = state.buf,
    };
    int failed = bot_load_text(bot, err);
    if (failed)
        return failed;
    bool past = is_past(bot, job);
    bot_approval_print(&job->approval, id);
    bot_text_set(&bot->text.job, id);
    bot_text_set(&bot->text.state, state.buf);
    int unsaid = past ? 0 : bot_save_text(bot, err);
    /* Where the conversation is locked, a check run that is required must come to its end all the
     * same. */
    if (!unsaid || (report->conclusion && unsaid == ERROR_FAILURE))
        failed =
            github_check_update(bot->github, job->check.id, &change, &updated, unsaid ? NULL : err);
    failed = unsaid ? unsaid : failed;
    if (failed)
        return failed;
    free(bot->out->commit);
    bot->out->commit = xstrdup(job->approval.commit);
    free(bot->out->conclusion);
    bot->out->conclusion = xstrdup(report->conclusion);
    return 0;
}

char *bot_project(const struct bot *bot)
{
    const char *name = strchr(bot->github->repository, '/');
    return xstrdup(bot->options->project ? bot->options->project : name + 1);
}
