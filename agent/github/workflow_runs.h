/*
 * Runs of workflows and their jobs. Permission: actions: read; actions: write to cancel.
 *
 * GitHub does not tell with which inputs a run was dispatched. A workflow that wants to be found
 * again puts them into its `run-name`, which is `title` here.
 */
#pragma once

#include "github/github.h"

struct github_run {
    int64_t id;
    int64_t attempt, number;
    char *name;       /* of the workflow */
    char *title;      /* display_title: its run-name */
    char *path;       /* ".github/workflows/run-benchmarks.yml" */
    char *event;      /* workflow_dispatch, schedule, … */
    char *status;     /* queued, in_progress, completed, waiting, requested, pending */
    char *conclusion; /* success, failure, cancelled, … ; "" until it is completed */
    char *head_sha, *head_branch, *head_repo /* "owner/name" */, *actor, *url;
    int64_t created_s, started_s, updated_s;
};

struct github_runs {
    struct github_run *items; /* newest first */
    size_t count, cap;
};

void github_run_release(struct github_run *run);
void github_runs_release(struct github_runs *list);
#define AUTO_GITHUB_RUN __attribute__((cleanup(github_run_release)))
#define AUTO_GITHUB_RUNS __attribute__((cleanup(github_runs_release)))

/* Not completed, and not waiting for anything but a runner or an approval. */
bool github_run_is_active(const struct github_run *run);

struct github_run_query {
    const char *workflow;                  /* file name or id; NULL: all workflows */
    const char *status;                    /* a status or conclusion; NULL: all */
    const char *event, *branch, *head_sha; /* NULL: all */
    int64_t created_since_s;               /* 0: no bound */
    size_t max;                            /* 0: 1,000, which is all that GitHub lists */
};

/* Appends to `out`. */
int github_runs_list(struct github *github, const struct github_run_query *query,
                     struct github_runs *out, struct error *err) MUST_CHECK;
/* Appends the runs of a workflow that are queued, waiting or in progress, each once. */
int github_runs_active(struct github *github, const char *workflow, struct github_runs *out,
                       struct error *err) MUST_CHECK;
int github_run_get(struct github *github, int64_t id, struct github_run *out,
                   struct error *err) MUST_CHECK;
/* ERROR_CONFLICT when it is completed already. */
int github_run_cancel(struct github *github, int64_t id, struct error *err) MUST_CHECK;

struct github_run_wait {
    double poll_s;    /* between two questions; 0: 15 */
    double timeout_s; /* 0: for ever */
    /* Called with each state that was read; may be NULL. */
    void (*seen)(const struct github_run *run, void *context);
    void *context;
};
/* Until it is completed. ERROR_UNREACHABLE after the timeout. */
int github_run_wait(struct github *github, int64_t id, const struct github_run_wait *wait,
                    struct github_run *out, struct error *err) MUST_CHECK;

struct github_job {
    int64_t id;
    char *name, *status, *conclusion, *runner, *url;
    int64_t started_s, completed_s; /* 0: not yet */
};
struct github_jobs {
    struct github_job *items;
    size_t count, cap;
};
void github_jobs_release(struct github_jobs *list);
#define AUTO_GITHUB_JOBS __attribute__((cleanup(github_jobs_release)))

/* Jobs of the run's latest attempt. Appends to `out`. */
int github_jobs_list(struct github *github, int64_t run_id, struct github_jobs *out,
                     struct error *err) MUST_CHECK;
