/* Artifacts of workflow runs. Permission: actions: read. */
#pragma once

#include "github/github.h"

struct github_artifact {
    int64_t id;
    char *name;
    int64_t bytes; /* of the zip, as GitHub says */
    bool expired;
    int64_t run_id; /* 0: not said */
    char *head_sha; /* of that run: the commit of the workflow, not of what it measured */
    char *digest;   /* "sha256:…"; "" where GitHub has none */
    int64_t created_s;
};

struct github_artifacts {
    struct github_artifact *items; /* newest first */
    size_t count, cap;
};

void github_artifact_release(struct github_artifact *artifact);
void github_artifacts_release(struct github_artifacts *list);
#define AUTO_GITHUB_ARTIFACT __attribute__((cleanup(github_artifact_release)))
#define AUTO_GITHUB_ARTIFACTS __attribute__((cleanup(github_artifacts_release)))

/* Of one run (0: of the repository) and of one name (NULL: all). Appends. */
int github_artifacts_list(struct github *github, int64_t run_id, const char *name,
                          struct github_artifacts *out, struct error *err) MUST_CHECK;
int github_artifact_get(struct github *github, int64_t id, struct github_artifact *out,
                        struct error *err) MUST_CHECK;
/* Writes the zip to `path`, whole or not at all. More than `max_bytes` is an ERROR_INPUT, an
 * expired artifact ERROR_NOT_FOUND; where GitHub gives a digest it is checked. The zip's content is
 * hostile input. */
int github_artifact_download(struct github *github, const struct github_artifact *artifact,
                             const char *path, size_t max_bytes, struct error *err) MUST_CHECK;
