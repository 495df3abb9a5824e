/* bot comment, progress, finish: the bench bot's steps in a workflow. */
#include "base/alloc.h"
#include "base/escape.h"
#include "base/strbuf.h"
#include "bot/grammar.h"
#include "command/common.h"
#include "command/rows.h"
#include "pipeline/bot/bot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct bot_command_options {
    const char *mention, *workflow, *ref, *artifact_name, *artifact, *project, *test_bed;
    const char *event, *event_name, *token_file;
    int64_t run_id;
    bool no_dispatch;
};

#define ROW(field, name, value, help) \
    OPTION(struct bot_command_options, field, OPTION_STRING, name, value, help)

#define SHARED_ROWS                                                                              \
    ROW(workflow, "workflow", "FILE", "the workflow that measures (default: " BOT_WORKFLOW ")"), \
        ROW(event, "event", "FILE", "the event (default: $GITHUB_EVENT_PATH)"),                  \
        ROW(event_name, "event-name", "NAME", "its type (default: $GITHUB_EVENT_NAME)"),         \
        ROW(token_file, "token-file", "FILE",                                                    \
            "a file with GitHub's token (default: $GITHUB_TOKEN, $GH_TOKEN)")

static const struct option_row comment_rows[] = {
    SHARED_ROWS,
    ROW(mention, "mention", "@NAME", "what the bot is called (default: " BOT_MENTION ")"),
    ROW(ref, "ref", "BRANCH", "of the workflow (default: the default branch)"),
    ROW(project, "dut-name", "NAME", "the project (default: the repository's name)"),
    OPTION(struct bot_command_options, no_dispatch, OPTION_FLAG, "no-dispatch", NULL,
           "approve only: a machine that runs 'lance-bench poll' takes it from there"),
};

#define RUN_ROW                                                                \
    OPTION(struct bot_command_options, run_id, OPTION_INTEGER, "run-id", "ID", \
           "the workflow run, whatever the event; finish waits for its end")

static const struct option_row progress_rows[] = {SHARED_ROWS, RUN_ROW};

static const struct option_row finish_rows[] = {
    SHARED_ROWS,
    RUN_ROW,
    ROW(artifact_name, "artifact-name", "NAME",
        "what the run's artifact is called (default: " BOT_ARTIFACT ")"),
    ROW(artifact, "artifact", "ZIP|DIR", "the artifact itself, where it was downloaded already"),
    ROW(project, "dut-name", "NAME", "the project (default: the repository's name)"),
    ROW(test_bed, "testbed-name", "NAME",
        "the machine that measured (default: $LANCE_BENCH_TESTBED, else the only one that is "
        "known)"),
};

static const struct bot_command_options defaults = {
    .mention = BOT_MENTION,
    .workflow = BOT_WORKFLOW,
    .artifact_name = BOT_ARTIFACT,
};

static int check_options(const struct bot_command_options *o, struct error *err)
{
    if (o->mention && (o->mention[0] != '@' || !bot_is_login(o->mention + 1)))
        return error_set(err, ERROR_USAGE, "--mention takes @ and a login, not '%s'", o->mention);
    if (o->run_id < 0)
        return error_set(err, ERROR_USAGE, "--run-id takes the id of a workflow run, not %" PRId64,
                         o->run_id);
    int failed = command_check_text("dut-name", o->project, err);
    if (!failed)
        failed = command_check_text("workflow", o->workflow, err);
    return failed ? failed : command_check_text("testbed-name", o->test_bed, err);
}

static void json_text(struct strbuf *out, const char *key, const char *value)
{
    strbuf_addf(out, ", \"%s\": ", key);
    if (value)
        escape_json(out, value, strlen(value));
    else
        strbuf_addstr(out, "null");
}

static void print_outcome(const struct globals *globals, const struct bot_outcome *out)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (globals->format == FORMAT_JSON) {
        strbuf_addf(&text, "{\"action\": \"%s\", \"pull_request\": %" PRId64, out->action,
                    out->pull);
        json_text(&text, "commit", out->commit);
        json_text(&text, "conclusion", out->conclusion);
        json_text(&text, "why", out->why);
        json_text(&text, "verdict", out->verdict);
        if (out->verdict)
            strbuf_addf(&text, ", \"regressions\": %zu", out->regressions);
        strbuf_addf(&text, ", \"workflow_run\": %" PRId64 ", \"results\": %" PRIu64 "}\n",
                    out->run_id, out->results);
    } else if (!globals->quiet) {
        strbuf_addf(&text, "%s", out->action);
        if (out->pull)
            strbuf_addf(&text, " #%" PRId64, out->pull);
        if (out->commit)
            strbuf_addf(&text, " %s", out->commit);
        if (out->why)
            strbuf_addstr(&text, ": ");
        if (out->why)
            escape_terminal(&text, out->why, strlen(out->why));
        strbuf_addch(&text, '\n');
    }
    fwrite(text.buf, 1, text.len, stdout);
}

typedef int bot_step(const struct bot_options *options, struct bot_outcome *out, struct error *err);

static int run_step(bot_step *step, const struct globals *globals, const void *raw,
                    struct error *err)
{
    const struct bot_command_options *o = raw;
    const char *bed = getenv("LANCE_BENCH_TESTBED");
    AUTO_DATABASE struct database *probe = NULL;
    AUTO_BOT_OUTCOME struct bot_outcome out = {0};
    const struct bot_options options = {
        .db = globals->db,
        .mention = o->mention,
        .workflow = o->workflow,
        .ref = o->ref,
        .artifact = o->artifact_name,
        .path = o->artifact,
        .project = o->project,
        .test_bed = o->test_bed   ? o->test_bed
                    : bed && *bed ? bed
                                  : NULL,
        .event_path = o->event,
        .event_name = o->event_name,
        .token_file = o->token_file,
        .run_id = o->run_id,
        .only_approve = o->no_dispatch,
        .config = globals->config,
    };
    int failed = check_options(o, err);
    if (!failed)
        failed = command_database(globals, &probe, err);
    if (!failed)
        failed = step(&options, &out, err);
    if (!failed)
        print_outcome(globals, &out);
    return failed;
}

static int run_comment(const struct globals *globals, const void *raw, const struct strlist *args,
                       struct error *err)
{
    (void)args;
    return run_step(bot_comment, globals, raw, err);
}

static int run_progress(const struct globals *globals, const void *raw, const struct strlist *args,
                        struct error *err)
{
    (void)args;
    return run_step(bot_progress, globals, raw, err);
}

static int run_finish(const struct globals *globals, const void *raw, const struct strlist *args,
                      struct error *err)
{
    (void)args;
    return run_step(bot_finish, globals, raw, err);
}

static const char description[] =
    "A step of a workflow: it reads the event and keeps one comment and one check run up to date. "
    "A\n"
    "comment that is not for the bot, or is refused, is exit code 0. See docs/pull-requests.md.";

#define BOT_COMMAND(ident, word, what, option_rows, func)   \
    const struct command ident = {                          \
        .name = "bot " word,                                \
        .group = "github",                                  \
        .summary = what,                                    \
        .arguments = "",                                    \
        .description = description,                         \
        .options = option_rows,                             \
        .option_count = ARRAY_SIZE(option_rows),            \
        .defaults = &defaults,                              \
        .options_size = sizeof(struct bot_command_options), \
        .run = func,                                        \
    }

BOT_COMMAND(command_bot_comment, "comment", "Answer a comment, and dispatch the run it approves",
            comment_rows, run_comment);
BOT_COMMAND(command_bot_progress, "progress", "Say that a pull request's run has begun",
            progress_rows, run_progress);
BOT_COMMAND(command_bot_finish, "finish", "Publish what a pull request's run left, and say so",
            finish_rows, run_finish);
