/* The bot at work: shared by the files of pipeline/bot/ and by nobody else. */
#pragma once

#include "bot/approval.h"
#include "bot/text.h"
#include "config/policy.h"
#include "decide/verdict.h"
#include "github/checks.h"
#include "github/comments.h"
#include "github/event.h"
#include "github/github.h"
#include "github/pulls.h"
#include "github/workflow_runs.h"
#include "pipeline/bot/bot.h"

#include <stdbool.h>

struct bot {
    const struct bot_options *options;
    struct bot_outcome *out;
    struct github *github;
    struct github_event event;
    struct github_run run; /* that the step is about; id 0: none */
    int64_t pull;
    struct github_comment comment; /* the bot's own, as far as it is known */
    struct bot_text text;          /* its sections, once bot_load_text() has read them */
    bool has_text;
};

/* The event and the client. */
int bot_open(struct bot *bot, const struct bot_options *options, struct bot_outcome *out,
             struct error *err) MUST_CHECK;
void bot_release(struct bot *bot);
#define AUTO_BOT __attribute__((cleanup(bot_release)))

/* The outcome, with a reason (copied) or NULL. Always 0. */
int bot_done(struct bot *bot, const char *action, const char *why);

/* The sections of the bot's comment as they are; bot_save_text() writes them back, behind it alone.
 */
int bot_load_text(struct bot *bot, struct error *err) MUST_CHECK;
int bot_save_text(struct bot *bot, struct error *err) MUST_CHECK;
/* Both, with another answer in between. */
int bot_answer(struct bot *bot, const char *markdown, struct error *err) MUST_CHECK;

/* An approval with its check run. */
struct bot_job {
    struct bot_approval approval;
    struct github_check check; /* id 0: there is none */
};
void bot_job_release(struct bot_job *job);
#define AUTO_BOT_JOB __attribute__((cleanup(bot_job_release)))

/*
 * The check run of an approval of `commit` on the bot's pull request: that of `comment` where it is
 * not 0; else that of the workflow run that the event speaks of, before one that names no run and
 * one that names another; among equals one that is not completed, else the newest. out->check.id is
 * 0 where there is none.
 */
int bot_find_job(struct bot *bot, const char *commit, int64_t comment, struct bot_job *out,
                 struct error *err) MUST_CHECK;
/* The workflow run that was dispatched for `commit` of this pull request since `since_s`; an active
 * one before a completed one. out->id is 0 where there is none. */
int bot_find_run(struct bot *bot, const char *commit, int64_t since_s, bool active_only,
                 struct github_run *out, struct error *err) MUST_CHECK;

/* What is to be said of a job: in the check run and in the comment's state. */
struct bot_report {
    const char *status, *conclusion; /* as in struct github_check_change */
    const char *title;               /* plain words of this program */
    const char *details;             /* Markdown behind it, or NULL */
    const char *run_url;             /* or NULL */
};
/* A job that was approved before the one that the comment speaks of is told in its check run alone.
 */
int bot_report(struct bot *bot, struct bot_job *job, const struct bot_report *report,
               struct error *err) MUST_CHECK;

/*
 * The policy of the pull request's base branch, never of the pull request: bot->options->config,
 * else lance-bench.json of `base_ref` on GitHub. Empty where there is none, and where it is broken:
 * *problem then says so, for the comment.
 */
int bot_base_policy(struct bot *bot, const char *base_ref, struct policy *out, char **problem,
                    struct error *err) MUST_CHECK;
/* Whether it has the label BOT_EXPECTED_LABEL. */
bool bot_is_expected(const struct github_pull *pull);

/* The results of a pull request's commit, and those of the default history beside them. */
struct bot_side_by_side {
    const char *commit, *run; /* run NULL: all of the commit */
    const char *base;         /* a commit; may be NULL */
    int64_t before_s; /* where `base` has nothing: the newest commit that is no younger; 0: none */
    const char *test_bed; /* NULL: any */
    const char *project;
    bool whole; /* everything was to be run: what the base has and the commit lacks is named */
    const struct policy *policy; /* of the base; NULL: none */
};

struct bot_findings {
    char *table; /* Markdown */
    bool judged; /* there was history enough for one benchmark at least */
    enum verdict_kind verdict;
    size_t worse;   /* benchmarks */
    size_t missing; /* that the base has, where everything was to be run */
    char *obstacle; /* what stood in the way of judging, where it is not that there is no history */
};

void bot_findings_release(struct bot_findings *findings);
#define AUTO_BOT_FINDINGS __attribute__((cleanup(bot_findings_release)))

/* The commit held against the history and set beside the base, as `report --pull-request` has it.
 * Without a base the table has one side. ERROR_NO_DATA where the commit has no results. */
int bot_find_results(const char *db, const struct bot_side_by_side *sides, struct bot_findings *out,
                     struct error *err) MUST_CHECK;

/* A fresh string: the project's name in the database. */
char *bot_project(const struct bot *bot);
