#include "command/publish_artifact.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "base/log.h"
#include "bot/approval.h"
#include "command/common.h"
#include "github/checks.h"
#include "github/commits.h"
#include "model/commit.h"
#include "pipeline/bot/artifact.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The commit of the approval that the check run carries, and when it was committed. */
static int ask_github(const struct publish_artifact *o, char **commit, int64_t *commit_time,
                      struct error *err)
{
    AUTO_GITHUB struct github *github = NULL;
    AUTO_GITHUB_CHECK struct github_check check = {0};
    AUTO_GITHUB_COMMIT struct github_commit found = {0};
    struct bot_approval approval;
    const struct github_options options = {.repository = o->repository,
                                           .token_file = o->token_file};
    int failed = github_open(&options, &github, err);
    if (!failed)
        failed = github_check_get(github, o->check_run, &check, err);
    if (failed)
        return failed;
    if (!bot_approval_parse(check.external_id, &approval) ||
        strcmp(approval.commit, check.head_sha))
        return error_set(err, ERROR_INPUT,
                         "check run %" PRId64 " is no approval of the bench bot: its external_id "
                         "names no commit that it stands at",
                         o->check_run);
    if (o->expect_commit && strcasecmp(o->expect_commit, approval.commit))
        return error_set(err, ERROR_INPUT, "check run %" PRId64 " approves %s, and not %s",
                         o->check_run, approval.commit, o->expect_commit);
    failed = github_commit_get(github, approval.commit, &found, err);
    if (failed)
        return failed;
    *commit = xstrdup(approval.commit);
    *commit_time = found.commit_s;
    return 0;
}

static int check_options(const struct publish_artifact *o, struct error *err)
{
    if (!o->expect_commit && !o->check_run)
        return error_set(err, ERROR_USAGE,
                         "--artifact needs the approved commit: --expect-commit ID, or --check-run "
                         "ID to take it from the approval");
    if (o->expect_commit && !bot_is_full_sha(o->expect_commit, strlen(o->expect_commit)))
        return error_set(err, ERROR_USAGE,
                         "--expect-commit takes the full id of 40 characters, not '%s'",
                         o->expect_commit);
    if (o->check_run < 0)
        return error_set(err, ERROR_USAGE, "--check-run takes the number of a check run");
    if (!o->testbed_name)
        return error_set(err, ERROR_USAGE,
                         "--artifact needs --testbed-name: the machine that measured is not taken "
                         "from the artifact");
    int failed = command_check_text("testbed-name", o->testbed_name, err);
    if (!failed)
        failed = command_check_text("dut-name", o->project, err);
    return failed ? failed : command_check_text("run", o->run, err);
}

static void print_json(const char *commit, const struct artifact_outcome *outcome)
{
    AUTO_STRBUF struct strbuf json = STRBUF_INIT;
    strbuf_addstr(&json, "{\"commit\": ");
    escape_json(&json, commit, strlen(commit));
    strbuf_addstr(&json, ", \"run\": ");
    escape_json(&json, outcome->run, strlen(outcome->run));
    strbuf_addf(&json, ", \"outcome\": \"%s\", \"results\": %" PRIu64 ", \"inserted\": %" PRIu64,
                outcome->outcome, outcome->found, outcome->inserted);
    strbuf_addstr(&json, ", \"problems\": [");
    for (size_t i = 0; i < outcome->problems.count; i++) {
        strbuf_addstr(&json, i ? ", " : "");
        escape_json(&json, outcome->problems.items[i], strlen(outcome->problems.items[i]));
    }
    strbuf_addstr(&json, "]}\n");
    fwrite(json.buf, 1, json.len, stdout);
}

int command_publish_artifact(const struct globals *globals, const struct publish_artifact *o,
                             struct error *err)
{
    AUTO_FREE char *commit = NULL;
    AUTO_DATABASE struct database *probe = NULL;
    AUTO_ARTIFACT_OUTCOME struct artifact_outcome outcome = {0};
    int64_t commit_time = 0;
    int failed = check_options(o, err);
    if (!failed)
        failed = command_database(globals, &probe, err);
    if (!failed && o->check_run)
        failed = ask_github(o, &commit, &commit_time, err);
    else if (!failed)
        commit = commit_id_lower(o->expect_commit);
    if (failed)
        return failed;
    const struct artifact_request request = {
        .db = globals->db,
        .path = o->path,
        .commit = commit,
        .project = o->project,
        .test_bed = o->testbed_name,
        .run = o->run,
        .commit_time = o->commit_time ? o->commit_time : commit_time,
    };
    failed = artifact_publish(&request, &outcome, err);
    for (size_t i = 0; i < outcome.problems.count; i++)
        log_warning("%s", outcome.problems.items[i]);
    if (failed)
        return failed;
    if (globals->format == FORMAT_JSON)
        print_json(commit, &outcome);
    else if (!globals->quiet)
        printf("Published %" PRIu64 " results of %s to results_pr (%" PRIu64 " new), %s\n",
               outcome.found, commit, outcome.inserted, outcome.outcome);
    return 0;
}
