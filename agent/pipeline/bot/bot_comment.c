/* The bench bot: what becomes of a comment. */
#include "pipeline/bot/bot_state.h"

#include "base/alloc.h"
#include "base/log.h"
#include "bot/answer.h"
#include "bot/grammar.h"
#include "github/comments.h"
#include "github/commits.h"
#include "github/dispatch.h"
#include "github/permission.h"
#include "github/pulls.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A command with what GitHub says of it. */
struct question {
    struct bot_command command;
    struct github_comment comment;
    struct github_pull pull;
};

static void question_release(struct question *q)
{
    bot_command_release(&q->command);
    github_comment_release(&q->comment);
    github_pull_release(&q->pull);
}
#define AUTO_QUESTION __attribute__((cleanup(question_release)))

static const char *mention_of(const struct bot *bot)
{
    return bot->options->mention ? bot->options->mention : BOT_MENTION;
}

static int refuse(struct bot *bot, const char *why, struct error *err)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    bot_answer_refusal(&text, bot->event.comment_author, why);
    int failed = bot_answer(bot, text.buf, err);
    return failed ? failed : bot_done(bot, "refused", why);
}

static int answer(struct bot *bot, const char *markdown, struct error *err)
{
    int failed = bot_answer(bot, markdown, err);
    return failed ? failed : bot_done(bot, "answered", NULL);
}

/* Whether the bot has anything to do with the event; *why says why not. */
static bool is_for_bot(const struct bot *bot, const char **why)
{
    const struct github_event *event = &bot->event;
    const char *author = event->comment_author;
    size_t len = strlen(author);
    *why = strcmp(event->action, "created") ? "the comment is not new: edits are no commands"
           : !event->is_pull                ? "the comment is on an issue and no pull request"
           : len > 5 && !strcmp(author + len - 5, "[bot]") ? "a bot wrote the comment"
                                                           : NULL;
    return !*why;
}

/* The commit is the head, or one that the head was before and still stands on. One that was pushed
 * away by force is no part of the pull request any more. */
static int belongs_to_pull(struct bot *bot, const struct question *q, const char *commit, bool *out,
                           struct error *err)
{
    struct github_comparison to_head = {0}, to_base = {0};
    *out = !strcmp(commit, q->pull.head_sha);
    if (*out)
        return 0;
    int failed = github_compare(bot->github, commit, q->pull.head_sha, &to_head, err);
    if (!failed && to_head.relation == GITHUB_AHEAD)
        failed = github_compare(bot->github, q->pull.base_sha, commit, &to_base, err);
    if (failed == ERROR_NOT_FOUND || failed == ERROR_INPUT)
        return 0;
    *out = !failed && to_head.relation == GITHUB_AHEAD && to_base.ahead > 0;
    return failed;
}

static int dispatch(struct bot *bot, const struct question *q, const struct bot_job *job,
                    char **url, struct error *err)
{
    AUTO_GITHUB_DISPATCHED struct github_dispatched dispatched = {0};
    AUTO_FREE char *number = xasprintf("%" PRId64, bot->pull);
    AUTO_FREE char *crates = strlist_join(&q->command.crates, ",");
    bool rust_only = q->command.rust_only || q->command.crates.count;
    const struct http_pair inputs[] = {
        {"git_sha", job->approval.commit},
        {"pr_number", number},
        {"pr_repo", q->pull.head_repo},
        {"run_rust", q->command.python_only ? "false" : "true"},
        {"run_python", rust_only ? "false" : "true"},
        {"rust_crates", crates},
    };
    const struct github_dispatch what = {
        .workflow = bot->options->workflow,
        .ref = bot->options->ref,
        .inputs = inputs,
        .input_count = ARRAY_SIZE(inputs),
    };
    int failed = github_dispatch_workflow(bot->github, &what, &dispatched, err);
    if (failed)
        return failed;
    bot->out->run_id = dispatched.run_id;
    *url = xstrdup(dispatched.url);
    return 0;
}

/* The run of this approval, where an attempt before has dispatched it; else a new one. */
static int start_run(struct bot *bot, const struct question *q, const struct bot_job *job,
                     char **url, bool *started, struct error *err)
{
    AUTO_GITHUB_RUN struct github_run run = {0};
    int failed = bot_find_run(bot, job->approval.commit, q->comment.created_s, false, &run, err);
    if (failed)
        return failed;
    *started = !run.id;
    if (!run.id)
        return dispatch(bot, q, job, url, err);
    bot->out->run_id = run.id;
    *url = xstrdup(run.url);
    return 0;
}

static int make_check(struct bot *bot, struct bot_job *job, struct error *err)
{
    char id[BOT_APPROVAL_MAX + 1];
    bot_approval_print(&job->approval, id);
    const struct github_check_change change = {
        .name = BOT_CHECK_NAME,
        .head_sha = job->approval.commit,
        .external_id = id,
        .status = "queued",
        .title = "Approved",
        .summary = "A maintainer has named this commit to be measured.",
    };
    return github_check_create(bot->github, &change, &job->check, err);
}

/* What could not be started is over: the check run and the comment say why, and so does the exit
 * code. */
static int not_started(struct bot *bot, struct bot_job *job, int failed, struct error *err)
{
    AUTO_STRBUF struct strbuf why = STRBUF_INIT;
    struct error ignored = ERROR_INIT;
    bot_code(&why, err->message);
    const struct bot_report report = {
        .conclusion = "failure", .title = "Could not be started", .details = why.buf};
    if (bot_report(bot, job, &report, &ignored))
        log_warning("%s", ignored.message);
    return failed;
}

static int run_job(struct bot *bot, const struct question *q, struct bot_job *job,
                   struct error *err)
{
    AUTO_FREE char *url = NULL;
    AUTO_STRBUF struct strbuf details = STRBUF_INIT;
    bool started = false;
    strbuf_addstr(&details, "Approved by ");
    bot_code(&details, bot->event.comment_author);
    const struct bot_report approved = {
        .status = "queued", .title = "Approved", .details = details.buf};
    int failed = bot_load_text(bot, err);
    if (failed)
        return failed;
    bot_text_set(&bot->text.answer, NULL);
    failed = bot_report(bot, job, &approved, err);
    if (!failed && bot->options->only_approve)
        return bot_done(bot, "approved", NULL);
    if (!failed)
        failed = start_run(bot, q, job, &url, &started, err);
    if (failed)
        return failed == ERROR_INTERRUPTED ? failed : not_started(bot, job, failed, err);
    const struct bot_report queued = {
        .status = "queued", .title = "Queued", .details = details.buf, .run_url = url};
    failed = bot_report(bot, job, &queued, err);
    return failed ? failed : bot_done(bot, started ? "dispatched" : "found", NULL);
}

/* Another approval of the same commit that is still at work: it is not measured twice at a time. */
static int is_under_way(struct bot *bot, const char *commit, bool *out, struct error *err)
{
    AUTO_BOT_JOB struct bot_job other = {0};
    AUTO_GITHUB_RUN struct github_run run = {0};
    AUTO_GITHUB_CHECK struct github_check closed = {0};
    *out = false;
    int failed = bot_find_job(bot, commit, 0, &other, err);
    if (failed || !other.check.id || !strcmp(other.check.status, "completed"))
        return failed;
    failed = bot->options->only_approve ? 0 : bot_find_run(bot, commit, 0, true, &run, err);
    if (failed)
        return failed;
    *out = run.id != 0 || bot->options->only_approve;
    if (*out)
        return 0;
    /* Approved, and never started or lost: the new approval takes its place. */
    const struct github_check_change over = {
        .conclusion = "cancelled", .title = "Superseded", .summary = "Approved once more."};
    return github_check_update(bot->github, other.check.id, &over, &closed, err);
}

static int approve(struct bot *bot, const struct question *q, const char *commit, struct error *err)
{
    AUTO_BOT_JOB struct bot_job job = {0};
    bool busy = false;
    int failed = bot_find_job(bot, commit, bot->event.comment_id, &job, err);
    if (!failed && job.check.id && !strcmp(job.check.status, "completed"))
        return bot_done(bot, "ignored", "this comment was answered already");
    if (!failed && !job.check.id) {
        failed = is_under_way(bot, commit, &busy, err);
        if (!failed && busy)
            return refuse(bot, "that commit is being measured already; 'status' says where it is",
                          err);
        job.approval = (struct bot_approval){
            .pull = bot->pull,
            .comment = bot->event.comment_id,
            .whole = !q->command.crates.count && !q->command.rust_only && !q->command.python_only,
        };
        memcpy(job.approval.commit, commit, BOT_SHA_SIZE);
        if (!failed)
            failed = make_check(bot, &job, err);
    }
    return failed ? failed : run_job(bot, q, &job, err);
}

/* Whether the bot's comment offers the line that approves this commit. A quote names it only then:
 * who quotes a stranger's words has perhaps not seen the id that a link in them has. */
static int is_offered(struct bot *bot, const char *commit, bool *out, struct error *err)
{
    int failed = bot_load_text(bot, err);
    if (failed)
        return failed;
    AUTO_FREE char *line = xasprintf("\n%s benchmark %s", mention_of(bot), commit);
    *out = bot->text.answer && strstr(bot->text.answer, line);
    return 0;
}

static int on_benchmark(struct bot *bot, const struct question *q, struct error *err)
{
    const struct bot_command *command = &q->command;
    const char *commit = *command->commit ? command->commit : command->quoted;
    bool belongs = false, offered = true;
    if (strcmp(q->pull.state, "open"))
        return refuse(bot, "the pull request is closed", err);
    if (!bot_is_repository(q->pull.head_repo))
        return refuse(bot, "the repository of the pull request's branch is gone", err);
    int failed = *command->quoted ? is_offered(bot, command->quoted, &offered, err) : 0;
    if (failed)
        return failed;
    if (!*commit || !offered) {
        AUTO_STRBUF struct strbuf text = STRBUF_INIT;
        bot_answer_which(&text, mention_of(bot), q->pull.head_sha, command);
        return answer(bot, text.buf, err);
    }
    failed = belongs_to_pull(bot, q, commit, &belongs, err);
    if (failed)
        return failed;
    AUTO_FREE char *why =
        xasprintf("%s is no commit of this pull request; its head is %s", commit, q->pull.head_sha);
    return belongs ? approve(bot, q, commit, err) : refuse(bot, why, err);
}

/* The job that the comment speaks of, with its check run as it is now. */
static int last_job(struct bot *bot, struct bot_job *out, struct error *err)
{
    struct bot_approval approval;
    int failed = bot_load_text(bot, err);
    if (failed || !bot->text.job || !bot_approval_parse(bot->text.job, &approval))
        return failed;
    return bot_find_job(bot, approval.commit, approval.comment, out, err);
}

static int on_status(struct bot *bot, struct error *err)
{
    AUTO_BOT_JOB struct bot_job job = {0};
    AUTO_GITHUB_RUN struct github_run run = {0};
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    int failed = last_job(bot, &job, err);
    if (!failed && job.check.id)
        failed = bot_find_run(bot, job.approval.commit, 0, false, &run, err);
    if (failed)
        return failed;
    if (!job.check.id)
        return answer(bot, "No commit of this pull request was approved yet.", err);
    strbuf_addf(&text, "Commit `%s`: the check is %s", job.approval.commit, job.check.status);
    if (*job.check.conclusion)
        strbuf_addf(&text, " (%s)", job.check.conclusion);
    if (run.id)
        strbuf_addf(&text, "; the [run](%s) is %s%s%s", run.url, run.status,
                    *run.conclusion ? ", " : "", run.conclusion);
    strbuf_addstr(&text, ".");
    return answer(bot, text.buf, err);
}

/* Every active run of this pull request. */
static int cancel_runs(struct bot *bot, size_t *count, struct error *err)
{
    AUTO_GITHUB_RUNS struct github_runs runs = {0};
    int failed = github_runs_active(bot->github, bot->options->workflow, &runs, err);
    for (size_t i = 0; !failed && i < runs.count; i++) {
        int64_t pull = 0;
        char commit[BOT_SHA_SIZE];
        if (!bot_run_title_parse(runs.items[i].title, &pull, commit) || pull != bot->pull)
            continue;
        failed = github_run_cancel(bot->github, runs.items[i].id, err);
        /* Completed meanwhile. */
        failed = failed == ERROR_CONFLICT ? 0 : failed;
        *count += !failed;
    }
    return failed;
}

static int on_cancel(struct bot *bot, struct error *err)
{
    AUTO_BOT_JOB struct bot_job job = {0};
    size_t count = 0;
    int failed = cancel_runs(bot, &count, err);
    if (!failed)
        failed = last_job(bot, &job, err);
    const struct bot_report report = {.conclusion = "cancelled", .title = "Cancelled"};
    bool open = !failed && job.check.id && strcmp(job.check.status, "completed");
    if (open)
        failed = bot_report(bot, &job, &report, err);
    AUTO_FREE char *text = xasprintf("%zu run%s stopped.", count, count == 1 ? " was" : "s were");
    return failed          ? failed
           : count || open ? answer(bot, text, err)
                           : answer(bot, "There was nothing to cancel.", err);
}

static int on_compare(struct bot *bot, const struct question *q, struct error *err)
{
    AUTO_BOT_JOB struct bot_job job = {0};
    AUTO_BOT_FINDINGS struct bot_findings findings = {0};
    AUTO_FREE char *project = bot_project(bot);
    char base[GITHUB_SHA_SIZE];
    int failed = last_job(bot, &job, err);
    if (failed)
        return failed;
    if (!job.check.id)
        return refuse(bot, "no commit of this pull request was measured yet", err);
    failed = github_resolve(bot->github, q->command.base, base, err);
    if (failed == ERROR_NOT_FOUND || failed == ERROR_INPUT)
        return refuse(bot, "there is no such commit, branch or tag", err);
    AUTO_GITHUB_PULL struct github_pull pull = {0};
    AUTO_POLICY struct policy policy = {0};
    AUTO_FREE char *problem = NULL;
    if (!failed)
        failed = github_pull_get(bot->github, bot->pull, &pull, err);
    if (!failed)
        failed = bot_base_policy(bot, pull.base_ref, &policy, &problem, err);
    const struct bot_side_by_side sides = {
        .commit = job.approval.commit, .base = base, .project = project, .policy = &policy};
    if (!failed)
        failed = bot_find_results(bot->options->db, &sides, &findings, err);
    if (failed == ERROR_NO_DATA)
        return refuse(bot, err->message, err);
    return failed ? failed : answer(bot, findings.table, err);
}

static int on_help(struct bot *bot, struct error *err)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    bot_answer_help(&text, mention_of(bot));
    return answer(bot, text.buf, err);
}

static int do_command(struct bot *bot, const struct question *q, struct error *err)
{
    switch (q->command.verb) {
    case BOT_BENCHMARK:
        return on_benchmark(bot, q, err);
    case BOT_COMPARE:
        return on_compare(bot, q, err);
    case BOT_STATUS:
        return on_status(bot, err);
    case BOT_CANCEL:
        return on_cancel(bot, err);
    default:
        return on_help(bot, err);
    }
}

/* Write access decides, and nothing else: not who opened the pull request, nor what GitHub calls
 * the author's association. */
static int may_command(struct bot *bot, bool *out, struct error *err)
{
    enum github_permission permission = GITHUB_PERMISSION_NONE;
    const char *login = bot->event.comment_author;
    if (!bot_is_login(login)) {
        *out = false;
        return 0;
    }
    int failed = github_permission_of(bot->github, login, &permission, err);
    if (!failed)
        *out = permission >= GITHUB_PERMISSION_WRITE;
    return failed;
}

int bot_comment(const struct bot_options *options, struct bot_outcome *out, struct error *err)
{
    AUTO_BOT struct bot bot = {0};
    AUTO_QUESTION struct question q = {0};
    struct error grammar = ERROR_INIT;
    const char *why = NULL;
    bool may = false;
    int failed = bot_open(&bot, options, out, err);
    if (failed)
        return failed;
    if (bot.event.type != GITHUB_EVENT_ISSUE_COMMENT)
        return error_set(err, ERROR_USAGE,
                         "bot comment answers issue_comment events, and this is %s",
                         bot.event.name);
    if (!is_for_bot(&bot, &why))
        return bot_done(&bot, "ignored", why);
    const char *body = bot.event.comment_body;
    int wrong = bot_command_parse(body, strlen(body), mention_of(&bot), &q.command, &grammar);
    if (!wrong && q.command.verb == BOT_NOTHING)
        return bot_done(&bot, "ignored", "the comment has no command for the bot");
    failed = may_command(&bot, &may, err);
    if (failed)
        return failed;
    if (!may)
        return refuse(&bot, "that takes write access to this repository", err);
    if (wrong)
        return refuse(&bot, grammar.message, err);
    failed = github_comment_get(bot.github, bot.event.comment_id, &q.comment, err);
    if (failed == ERROR_NOT_FOUND)
        return bot_done(&bot, "ignored", "the comment is gone");
    if (!failed)
        failed = github_pull_get(bot.github, bot.pull, &q.pull, err);
    return failed ? failed : do_command(&bot, &q, err);
}
