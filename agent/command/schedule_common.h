/* What `schedule` and `backfill` share: where commits come from, and who measures them. */
#pragma once

#include "command/command.h"
#include "command/run_options.h"
#include "pipeline/schedule/schedule_dispatch.h"
#include "plan/next.h"
#include "report/table.h"

struct target_options {
    const char *repo, *branch, *project, *test_bed;
    const char *dispatch_repo, *workflow, *ref, *token_file;
    struct strlist inputs;
};

#define TARGET_DEFAULTS                               \
    {                                                 \
        .workflow = DISPATCH_WORKFLOW, .ref = "main", \
    }

/* The rows of these options, in a struct with a member of that type. */
#define TARGET_ROWS(type, member)                                                        \
    OPTION(type, member.repo, OPTION_STRING, "repo", "REPO",                             \
           "the repository: a folder, a URL or github:OWNER/NAME"),                      \
        OPTION(type, member.branch, OPTION_STRING, "branch", "NAME",                     \
               "its branch (default: the remote's own)"),                                \
        OPTION(type, member.project, OPTION_STRING, "dut-name", "NAME",                  \
               "the project's name in the database (default: the repository's)"),        \
        OPTION(type, member.test_bed, OPTION_STRING, "test-bed", "NAME",                 \
               "only what this machine measured counts"),                                \
        OPTION(type, member.dispatch_repo, OPTION_STRING, "dispatch-repo", "OWNER/NAME", \
               "start workflow runs in this repository (default: $LANCE_BENCH_REPO)"),   \
        OPTION(type, member.workflow, OPTION_STRING, "workflow", "FILE",                 \
               "the workflow that measures a commit (default: " DISPATCH_WORKFLOW ")"),  \
        OPTION(type, member.ref, OPTION_STRING, "ref", "NAME",                           \
               "the branch that has the workflow (default: main)"),                      \
        OPTION(type, member.inputs, OPTION_LIST, "input", "NAME=VALUE",                  \
               "a further input of the workflow"),                                       \
        OPTION(type, member.token_file, OPTION_STRING, "token-file", "FILE",             \
               "holds the GitHub token (default: $GITHUB_TOKEN, $GH_TOKEN, "             \
               "$SCHEDULER_GITHUB_TOKEN)")

/* Checks them and fills in where commits are read. ERROR_USAGE. */
int target_check(const struct target_options *options, struct source_request *out,
                 struct error *err) MUST_CHECK;
/* Where runs are started; repository is NULL where nobody says. */
int target_dispatch(const struct target_options *options, struct dispatch_options *out,
                    struct error *err) MUST_CHECK;
/* How commits are measured here: the words behind "--", and what else says it. */
int target_run_words(const struct globals *globals, const struct target_options *options,
                     const struct strlist *args, struct run_words *out,
                     struct error *err) MUST_CHECK;
/* A cell with a JSON list of names. */
void command_names(struct table *table, const struct strlist *names);
/* The order that an option of older commits names. ERROR_USAGE. */
int command_read_order(const char *option, const char *text, enum plan_order *out,
                       struct error *err) MUST_CHECK;
