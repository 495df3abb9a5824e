/* Starting workflows. Permission: actions: write (a workflow), contents: write
 * (repository_dispatch).
 */
#pragma once

#include "github/github.h"

struct github_dispatch {
    const char *workflow;           /* file name ("run-benchmarks.yml") or numeric id */
    const char *ref;                /* branch or tag that holds it; NULL: the default branch */
    const struct http_pair *inputs; /* a NULL value leaves the input out; at most 25 */
    size_t input_count;
};

struct github_dispatched {
    int64_t run_id; /* 0: GitHub did not say (204) */
    char *url;      /* of the run for people; NULL when not said */
};

void github_dispatched_release(struct github_dispatched *dispatched);
#define AUTO_GITHUB_DISPATCHED __attribute__((cleanup(github_dispatched_release)))

/*
 * workflow_dispatch. It is never sent twice unless GitHub refused the first one unheard, so a lost
 * connection is an ERROR_UNREACHABLE whose run may exist. A workflow that is not on the default
 * branch, or has no workflow_dispatch trigger, and an input that it does not have, are errors of
 * their own.
 */
int github_dispatch_workflow(struct github *github, const struct github_dispatch *dispatch,
                             struct github_dispatched *out, struct error *err) MUST_CHECK;
/* repository_dispatch with `payload` (an object with at most 10 keys; NULL: none) as
 * client_payload.
 */
int github_dispatch_repository(struct github *github, const char *event_type,
                               const struct cJSON *payload, struct error *err) MUST_CHECK;
