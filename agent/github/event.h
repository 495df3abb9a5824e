/*
 * The event that started a workflow: the JSON file $GITHUB_EVENT_PATH names, of the type
 * $GITHUB_EVENT_NAME. Its text is a stranger's (comments, titles, branch names): data, never code.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stdint.h>

#define GITHUB_EVENT_MAX ((size_t)25 << 20) /* GitHub's own limit for a payload, bytes */

enum github_event_type {
    GITHUB_EVENT_ISSUE_COMMENT,
    GITHUB_EVENT_WORKFLOW_DISPATCH,
    GITHUB_EVENT_WORKFLOW_RUN,
    GITHUB_EVENT_SCHEDULE,
    GITHUB_EVENT_PUSH,
    GITHUB_EVENT_PULL_REQUEST, /* also pull_request_target */
};

/* A field that this type of event does not have is "", 0, or an empty list; never NULL. */
struct github_event {
    enum github_event_type type;
    char *name;       /* as in $GITHUB_EVENT_NAME */
    char *action;     /* created, completed, opened, … */
    char *repository; /* "owner/name" */
    char *default_branch;
    char *sender; /* login */
    /* issue_comment */
    int64_t comment_id;
    char *comment_body, *comment_author, *comment_association, *comment_url;
    bool is_pull; /* the issue is a pull request; true for pull_request */
    /* issue_comment and pull_request */
    int64_t number;
    char *title, *author;
    /* push, workflow_run, pull_request: the commit it is about */
    char *head_sha, *head_ref, *head_repo;
    char *base_sha, *base_ref; /* pull_request; push: what was there before */
    /* workflow_run */
    int64_t run_id, run_attempt;
    char *run_name, *run_title, *run_path, *run_event, *run_status, *run_conclusion;
    /* workflow_dispatch */
    struct strlist input_names, input_values; /* side by side */
    char *ref;                                /* workflow_dispatch and push */
    char *schedule;                           /* the cron line */
    struct strlist labels;                    /* of the issue or pull request */
};

void github_event_release(struct github_event *event);
#define AUTO_GITHUB_EVENT __attribute__((cleanup(github_event_release)))

/* From a file of the given type; NULL: from the environment. ERROR_USAGE: not in a workflow, or a
 * type that is none of the above. ERROR_INPUT: a payload of another type or no JSON. */
int github_event_read(const char *path, const char *name, struct github_event *out,
                      struct error *err) MUST_CHECK;
/* The same from memory. */
int github_event_parse(const char *name, const char *json, size_t len, struct github_event *out,
                       struct error *err) MUST_CHECK;
/* The value of an input, or NULL when it was not given. */
const char *github_event_input(const struct github_event *event, const char *name);
