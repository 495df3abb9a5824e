/* publish --artifact: what the job of a pull request has left, for the commit that was approved. */
#pragma once

#include "command/command.h"

struct publish_artifact {
    const char *path;
    const char *expect_commit; /* either this … */
    int64_t check_run;         /* … or the check run of the approval */
    const char *repository;    /* NULL: $GITHUB_REPOSITORY */
    const char *token_file;
    const char *project, *testbed_name, *run;
    int64_t commit_time; /* 0: as GitHub or else the artifact says */
};

int command_publish_artifact(const struct globals *globals, const struct publish_artifact *options,
                             struct error *err) MUST_CHECK;
