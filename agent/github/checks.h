/* Check runs of a commit. Permission: checks: write; only an app's token (a workflow's
 * GITHUB_TOKEN is one) may write them, a personal token never. */
#pragma once

#include "github/github.h"

struct github_check {
    int64_t id;
    char *name, *head_sha, *external_id;
    char *status;     /* queued, in_progress, completed */
    char *conclusion; /* success, failure, neutral, cancelled, timed_out, action_required, skipped;
                         "" until completed */
    char *app;        /* slug of the app that made it */
    char *url;
    char *details_url; /* as its maker has set it; GitHub's own page where he has not */
    int64_t started_s, completed_s;
};

struct github_checks {
    struct github_check *items;
    size_t count, cap;
};

void github_check_release(struct github_check *check);
void github_checks_release(struct github_checks *list);
#define AUTO_GITHUB_CHECK __attribute__((cleanup(github_check_release)))
#define AUTO_GITHUB_CHECKS __attribute__((cleanup(github_checks_release)))

/* What is to be said; NULL fields are left as they are. */
struct github_check_change {
    const char *name;        /* needed to create */
    const char *head_sha;    /* needed to create: 40 hex */
    const char *external_id; /* at most 255 characters */
    const char *status;
    const char *conclusion; /* makes the status "completed" */
    const char *details_url;
    const char *title, *summary, *text; /* Markdown; cut to GitHub's 65,535 bytes with a note */
};

int github_check_create(struct github *github, const struct github_check_change *change,
                        struct github_check *out, struct error *err) MUST_CHECK;
int github_check_update(struct github *github, int64_t id, const struct github_check_change *change,
                        struct github_check *out, struct error *err) MUST_CHECK;
int github_check_get(struct github *github, int64_t id, struct github_check *out,
                     struct error *err) MUST_CHECK;
/* The check runs of a commit, branch or tag; `name` NULL: all. Appends. */
int github_checks_list(struct github *github, const char *ref, const char *name,
                       struct github_checks *out, struct error *err) MUST_CHECK;
