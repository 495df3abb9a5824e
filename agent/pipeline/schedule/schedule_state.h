/* What the database says of the commits of a branch. */
#pragma once

#include "pipeline/run/run.h"
#include "pipeline/schedule/schedule_source.h"
#include "plan/coverage.h"
#include "store/commits.h"

enum state_depth {
    STATE_ALL,
    /* Down to the newest settled commit, and of the older ones those that were begun and not
     * ended. The others read as complete or missing without a look at their results. */
    STATE_RECENT,
};

struct state_request {
    const char *db;
    const char *test_bed; /* NULL: all */
    const struct commit_list *commits;
    enum state_depth depth;
};

struct commit_states {
    struct coverage *items; /* as many as there are commits, in their order */
    bool *lost;             /* known as due, and there is no trace of a run on any machine */
    size_t count;
    struct stored_commits known; /* the table `commits` */
};

void commit_states_release(struct commit_states *states);
#define AUTO_COMMIT_STATES __attribute__((cleanup(commit_states_release)))

/* A database that is not there yet has nothing. Where it cannot be reached it is tried three times,
 * 2 and 4 seconds apart. Replaces what is in `out`. */
int states_read(const struct state_request *request, struct commit_states *out,
                struct error *err) MUST_CHECK;

/* A measured commit that is not among `commits`: the newest on this branch, as far as the database
 * knows. */
struct departed_commit {
    char *id;    /* NULL: there is none */
    bool others; /* there are measured commits that are not of this branch, or not known to be */
    size_t base; /* index of the nearest of its ancestors that is; DUE_NOWHERE: none is known */
};
int states_find_departed(const struct state_request *request, const char *project,
                         const struct commit_states *states, struct departed_commit *out,
                         struct error *err) MUST_CHECK;

/* Whether the table `commits` has it. */
bool states_know(const struct commit_states *states, const char *id);
/* The word of the table `runs` for an outcome, read. */
enum recorded_outcome recorded_outcome_of(const char *word);
