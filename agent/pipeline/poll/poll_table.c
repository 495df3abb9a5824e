/* poll: what is done to the table of jobs. */
#include "pipeline/poll/poll_state.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "store/jobs.h"
#include "store/records.h"

#include <string.h>

static struct queue_view view_of(const struct poller *poller)
{
    return (struct queue_view){
        .self = &poller->self,
        .repository = poller->repository,
        .test_bed = poller->request->test_bed,
        .pull_requests = poller->request->pull_requests,
        .terms = poller->request->terms,
        .now = clock_unix_s(),
        .look = owner_look,
    };
}

struct adding {
    const struct poll_jobs *found;
    size_t added;
};

static int add_found(void *context, struct poll_jobs *jobs, struct error *err)
{
    (void)err;
    struct adding *adding = context;
    int64_t now = clock_unix_s();
    adding->added = 0;
    for (size_t i = 0; i < adding->found->count; i++) {
        const struct poll_job *job = &adding->found->items[i];
        adding->added += queue_add(jobs, job, now) != QUEUE_UNCHANGED;
    }
    if (!adding->added)
        return 0;
    queue_prune(jobs, now, QUEUE_KEEP_S);
    return 1;
}

int poll_table_add(struct poller *poller, const struct poll_jobs *found, size_t *added,
                   struct error *err)
{
    struct adding adding = {.found = found};
    int changed = jobs_update(poller->db, add_found, &adding, err);
    if (changed >= 0)
        *added = adding.added;
    return changed < 0 ? changed : 0;
}

struct taking {
    struct poller *poller;
    struct poll_job job; /* a copy */
    bool took;
};

static int take_next(void *context, struct poll_jobs *jobs, struct error *err)
{
    (void)err;
    struct taking *taking = context;
    struct queue_view view = view_of(taking->poller);
    poll_job_release(&taking->job);
    size_t lost = queue_give_up(jobs, &view);
    struct poll_job *job = queue_next(jobs, &view);
    taking->took = job != NULL;
    if (job) {
        int64_t token = 0;
        lease_take(job, taking->poller->owner, &view.terms, view.now, &token);
        taking->job = poll_job_copy(job);
    }
    if (!lost && !job)
        return 0;
    queue_prune(jobs, view.now, QUEUE_KEEP_S);
    return 1;
}

int poll_table_take(struct poller *poller, struct poll_job *out, bool *took, struct error *err)
{
    struct taking taking = {.poller = poller};
    int changed = jobs_update(poller->db, take_next, &taking, err);
    if (changed < 0) {
        poll_job_release(&taking.job);
        return changed;
    }
    *out = taking.job;
    *took = taking.took;
    return 0;
}

struct holding {
    const struct poller *poller;
    const struct poll_job *job;
    bool held;
};

static int hold(void *context, struct poll_jobs *jobs, struct error *err)
{
    (void)err;
    struct holding *holding = context;
    const struct lease_terms *terms = &holding->poller->request->terms;
    int64_t now = clock_unix_s();
    bool several = false;
    struct poll_job *job = poll_jobs_find(jobs, holding->job->id, &several);
    holding->held = job && lease_is_held(job) && job->token == holding->job->token;
    if (!holding->held || !lease_is_due(job, terms, now))
        return 0;
    holding->held = !lease_renew(job, holding->job->token, terms, now, NULL);
    return holding->held;
}

int poll_table_hold(struct poller *poller, const struct poll_job *job, bool *held,
                    struct error *err)
{
    struct holding holding = {.poller = poller, .job = job};
    int changed = jobs_update(poller->db, hold, &holding, err);
    if (changed < 0)
        return changed;
    *held = holding.held;
    return 0;
}

struct ending {
    const struct poller *poller;
    const struct poll_job *job;
    enum poll_ending how;
    const char *reason;
    enum poll_job_state state;
};

static int end(void *context, struct poll_jobs *jobs, struct error *err)
{
    struct ending *ending = context;
    const struct lease_terms *terms = &ending->poller->request->terms;
    int64_t now = clock_unix_s(), token = ending->job->token;
    bool several = false;
    struct poll_job *job = poll_jobs_find(jobs, ending->job->id, &several);
    int failed = 0;
    if (!job)
        return error_set(err, ERROR_CONFLICT, "there is no job %.8s any more", ending->job->id);
    switch (ending->how) {
    case POLL_ENDED_WELL:
        failed = lease_finish(job, token, now, err);
        break;
    case POLL_ENDED_BADLY:
        failed = lease_fail(job, token, ending->reason, terms, now, err);
        break;
    case POLL_ENDED_FOR_GOOD:
        failed = lease_refuse(job, token, ending->reason, now, err);
        break;
    case POLL_GIVEN_BACK:
        failed = lease_give_back(job, token, ending->reason, err);
        break;
    }
    if (failed)
        return failed;
    ending->state = job->state;
    queue_prune(jobs, now, QUEUE_KEEP_S);
    return 1;
}

int poll_table_end(struct poller *poller, const struct poll_job *job, enum poll_ending how,
                   const char *reason, enum poll_job_state *state, struct error *err)
{
    struct ending ending = {.poller = poller, .job = job, .how = how, .reason = reason};
    int changed = jobs_update(poller->db, end, &ending, err);
    if (changed < 0)
        return changed;
    *state = ending.state;
    return 0;
}

int poll_table_is_stored(struct poller *poller, const struct poll_job *job, bool *out,
                         struct error *err)
{
    AUTO_STORED_RUNS struct stored_runs runs = {0};
    AUTO_FREE char *name = poll_job_run(job);
    int failed = runs_read(poller->db, job->commit, &runs, err);
    bool found = false;
    for (size_t i = 0; !failed && i < runs.count; i++) {
        const struct stored_run *run = &runs.items[i];
        found |= run->run && !strcmp(run->run, name) && run->harness &&
                 !strcmp(run->harness, "run") && run->outcome &&
                 !strcmp(run->outcome, RUN_COMPLETE);
    }
    if (!failed)
        *out = found;
    return failed;
}
