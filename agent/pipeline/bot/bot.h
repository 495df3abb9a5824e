/*
 * The bench bot: event → decision → comment, check run, workflow run; and back, with the results.
 *
 * Three steps, each a job of its own:
 *   bot_comment()   on issue_comment: who asks, for what, of which commit; answers, and dispatches
 *                   the run of an approved commit. Has a token and no foreign code.
 *   bot_progress()  on workflow_run, requested or in progress: says so.
 *   bot_finish()    on workflow_run, completed: publishes what the run left
 * (pipeline/bot/artifact.h) for the commit of the approval, and writes the result.
 *
 * A run that was dispatched with a workflow's own token starts no workflow_run event. The last two
 * steps therefore also take the id of a run, whatever the event, and ask GitHub what it is.
 *
 * Every step finds what is there already (the check run by its external_id, the comment by its
 * mark, the workflow run by its title) and goes on from it: killed anywhere and started again, it
 * leaves one comment, one check run, one run and each result once.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define BOT_WORKFLOW "run-benchmarks.yml"
#define BOT_ARTIFACT "lance-bench-pull-request"
/* A pull request with this label is expected to be slower. GitHub lets nobody set labels who has
 * not at least triage access. */
#define BOT_EXPECTED_LABEL "perf: expected"

/* Everything is borrowed; NULL: the default. */
struct bot_options {
    const char *db;         /* URI */
    const char *mention;    /* BOT_MENTION */
    const char *workflow;   /* BOT_WORKFLOW, a file name */
    const char *ref;        /* of the workflow; NULL: the default branch */
    const char *artifact;   /* BOT_ARTIFACT, its name on GitHub */
    const char *path;       /* of the artifact, where it was downloaded already; NULL: GitHub */
    const char *project;    /* dut.name; NULL: the repository's name */
    const char *test_bed;   /* NULL: the one that there is in the default history */
    const char *event_path; /* NULL: $GITHUB_EVENT_PATH */
    const char *event_name; /* NULL: $GITHUB_EVENT_NAME */
    const char *token_file; /* NULL: the environment */
    int64_t run_id;         /* bot_progress(), bot_finish(): the run; 0: that of the event */
    const char *config;     /* the base's lance-bench.json, for its verdicts; NULL: from GitHub */
    bool only_approve; /* make the check run, and dispatch nothing: 'poll' takes it from there */
};

struct bot_outcome {
    const char *action; /* "ignored", "refused", "answered", "dispatched", "published"… */
    char *why;          /* one line, or NULL */
    int64_t pull;       /* 0: none */
    char *commit;       /* NULL: none */
    char *conclusion;   /* of the check run; NULL: not completed */
    int64_t run_id;     /* of the workflow run; 0: not known */
    uint64_t results;   /* published */
    /* "ok", "regression", "unsure", "no-data", "not-comparable", "failed", as a step of an action
     * says it (command/action_verdict.h); NULL: nothing was measured or judged */
    const char *verdict;
    size_t regressions; /* benchmarks that are worse, where there is a verdict */
};

void bot_outcome_release(struct bot_outcome *outcome);
#define AUTO_BOT_OUTCOME __attribute__((cleanup(bot_outcome_release)))

/* A comment that is not for the bot, or is refused, is 0: the outcome tells. */
int bot_comment(const struct bot_options *options, struct bot_outcome *out,
                struct error *err) MUST_CHECK;
int bot_progress(const struct bot_options *options, struct bot_outcome *out,
                 struct error *err) MUST_CHECK;
/* ERROR_INPUT: the artifact was refused, which the check run says too. */
int bot_finish(const struct bot_options *options, struct bot_outcome *out,
               struct error *err) MUST_CHECK;
