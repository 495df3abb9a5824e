#include "pipeline/poll/poll_check.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "base/log.h"
#include "bot/approval.h"
#include "github/checks.h"

#include <string.h>

static char *check_name(const struct poll_job *job)
{
    return job->kind == POLL_JOB_PULL_REQUEST ? xstrdup(BOT_CHECK_NAME)
                                              : xasprintf("%s/%s", BOT_CHECK_NAME, job->test_bed);
}

/* The external id of an approval is the bot's; ours is the job's. */
static int64_t find(struct github *github, const struct poll_job *job, const char *name,
                    struct error *err)
{
    AUTO_GITHUB_CHECKS struct github_checks list = {0};
    int failed = github_checks_list(github, job->commit, name, &list, err);
    for (size_t i = 0; !failed && i < list.count; i++)
        if (list.items[i].external_id && !strcmp(list.items[i].external_id, job->id))
            return list.items[i].id;
    return failed;
}

int poll_check_approval(struct github *github, const struct poll_job *job, struct error *err)
{
    AUTO_GITHUB_CHECK struct github_check check = {0};
    if (job->kind != POLL_JOB_PULL_REQUEST)
        return 0;
    if (!github || !job->check_run)
        return error_set(err, ERROR_CONFLICT, "no check run says that its commit is approved");
    int failed = github_check_get(github, job->check_run, &check, err);
    if (failed)
        return error_wrap(err, "whether its commit is still approved is not known");
    struct bot_approval approval;
    if (!bot_approval_parse(check.external_id, &approval) || strcmp(approval.commit, job->commit) ||
        strcmp(check.head_sha, job->commit))
        return error_set(err, ERROR_CONFLICT, "its check run is no approval of this commit");
    if (!strcmp(check.status, "completed"))
        return error_set(err, ERROR_CONFLICT, "its approval was taken back: the check run is %s",
                         check.conclusion);
    return 0;
}

void poll_check_begin(struct github *github, const struct poll_job *job, int64_t *check_run)
{
    struct error reason = ERROR_INIT;
    AUTO_GITHUB_CHECK struct github_check made = {0};
    AUTO_FREE char *name = check_name(job);
    *check_run = job->check_run;
    if (!github)
        return;
    if (!*check_run && job->token > 1)
        *check_run = find(github, job, name, &reason);
    AUTO_STRBUF struct strbuf summary = STRBUF_INIT;
    strbuf_addstr(&summary, "Measured on ");
    escape_markdown(&summary, job->test_bed, strlen(job->test_bed));
    strbuf_addf(&summary, ", job `%s`.", job->id);
    const struct github_check_change change = {
        .name = name,
        .head_sha = job->commit,
        .external_id = job->kind == POLL_JOB_PULL_REQUEST && *check_run ? NULL : job->id,
        .status = "in_progress",
        .title = "being measured",
        .summary = summary.buf,
    };
    int failed = *check_run < 0 ? (int)*check_run : 0;
    if (!failed)
        failed = *check_run ? github_check_update(github, *check_run, &change, &made, &reason)
                            : github_check_create(github, &change, &made, &reason);
    *check_run = failed ? 0 : made.id;
    if (failed)
        log_warning("job %.8s has no check run: %s", job->id, reason.message);
}

void poll_check_end(struct github *github, const struct poll_job *job, int64_t check_run,
                    const char *reason, bool again)
{
    if (!github || !check_run)
        return;
    struct error problem = ERROR_INIT;
    AUTO_GITHUB_CHECK struct github_check changed = {0};
    AUTO_STRBUF struct strbuf summary = STRBUF_INIT;
    if (reason)
        escape_markdown(&summary, reason, strlen(reason));
    else
        strbuf_addf(&summary, "The results are stored, run `%s`.", job->id);
    const struct github_check_change change = {
        .status = again ? "queued" : NULL,
        .conclusion = again    ? NULL
                      : reason ? "failure"
                               : "success",
        .title = again    ? "waits for another try"
                 : reason ? "not measured"
                          : "measured",
        .summary = summary.buf,
    };
    if (github_check_update(github, check_run, &change, &changed, &problem))
        log_warning("the check run of job %.8s is not up to date: %s", job->id, problem.message);
}
