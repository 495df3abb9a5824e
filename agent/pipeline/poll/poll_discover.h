/* Where jobs come from: branches that are watched, older commits that are missing, and pull
 * requests that somebody has approved. */
#pragma once

#include "model/poll_job.h"
#include "pipeline/poll/poll.h"

struct github;
struct database;

/* What is open already. */
struct poll_look {
    struct database *db;
    struct github *github; /* NULL: none */
};

/* What was seen before, so that a look at a branch that has not moved costs one request. */
struct poll_watch {
    struct strlist heads; /* of the branches, in their order */
    double full_look_s;   /* monotonic: when the database was last held against the branches */
};
void poll_watch_release(struct poll_watch *watch);

/* Appends what should be queued, as queue_add() takes it. A branch, or GitHub, that cannot be
 * reached does not keep the others from being looked at: the first such reason is in `err`. */
int poll_discover(const struct poll_request *request, const struct poll_look *look,
                  struct poll_watch *watch, struct poll_jobs *out, struct error *err) MUST_CHECK;
