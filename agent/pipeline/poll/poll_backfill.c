#include "pipeline/poll/poll_backfill.h"

#include "base/alloc.h"
#include "pipeline/schedule/backfill_range.h"
#include "pipeline/schedule/backfill_values.h"
#include "pipeline/schedule/schedule_state.h"
#include "store/jobs.h"

#include <string.h>

/* So far back where nobody says since when. */
#define DEPTH ((size_t)1000)

/* What is known of the commits of a range. */
struct known {
    struct commit_list range;
    struct commit_states states;
    struct range_values values;
    struct poll_jobs jobs; /* all there are */
};

static void known_release(struct known *known)
{
    commit_list_release(&known->range);
    commit_states_release(&known->states);
    range_values_release(&known->values);
    poll_jobs_release(&known->jobs);
}
#define AUTO_KNOWN __attribute__((cleanup(known_release)))

static int read_known(const struct backfill_request *asked, struct database *db,
                      struct known *known, struct error *err)
{
    uint64_t version = 0;
    int failed = backfill_range(asked, &known->range, err);
    const struct state_request state = {asked->db, asked->test_bed, &known->range, STATE_ALL};
    if (!failed)
        failed = states_read(&state, &known->states, err);
    if (!failed && asked->order == PLAN_INFORMATION)
        failed = range_values_read(asked->db, asked->test_bed, &known->range, &known->values, err);
    if (!failed)
        failed = jobs_read(db, &known->jobs, &version, err);
    return failed;
}

/* `found`: what is queued with this look. */
static bool has_job(const struct known *known, const struct poll_jobs *found,
                    const struct poll_request *request, const char *repository, const char *commit)
{
    for (size_t i = 0; i < found->count; i++)
        if (!strcmp(found->items[i].commit, commit))
            return true;
    char id[UUID_TEXT_SIZE];
    bool several = false;
    poll_job_id(repository, commit, request->test_bed, false, id);
    return poll_jobs_find(&known->jobs, id, &several) != NULL;
}

static struct plan_point *make_points(const struct known *known, const struct poll_jobs *found,
                                      const struct poll_request *request, const char *repository)
{
    size_t count = known->range.count;
    struct plan_point *points = xcalloc(count + 1, sizeof(*points));
    for (size_t i = 0; i < count; i++) {
        bool has_values = known->values.commits && known->values.counts[i];
        bool missing = known->states.items[i].state == COMMIT_MISSING;
        bool tried = has_job(known, found, request, repository, known->range.items[i].id);
        bool open = missing && !tried && i % request->backfill_interval == 0;
        points[i] = (struct plan_point){
            .status = open         ? PLAN_OPEN
                      : has_values ? PLAN_MEASURED
                                   : PLAN_CLOSED,
            .tried = tried || !missing,
            .values = has_values ? known->values.items[i] : NULL,
            .value_count = has_values ? known->values.counts[i] : 0,
        };
    }
    return points;
}

static size_t count_waiting(const struct poll_jobs *jobs, const char *repository,
                            const char *test_bed)
{
    size_t count = 0;
    for (size_t i = 0; i < jobs->count; i++)
        count += jobs->items[i].kind == POLL_JOB_BACKFILL &&
                 jobs->items[i].state == POLL_JOB_QUEUED &&
                 !strcmp(jobs->items[i].test_bed, test_bed) &&
                 !strcmp(jobs->items[i].repository, repository);
    return count;
}

static void add_job(struct poll_jobs *out, const struct poll_request *request,
                    const char *repository, const char *commit)
{
    ARRAY_RESERVE(out->items, out->cap, out->count + 1);
    out->items[out->count++] = (struct poll_job){
        .kind = POLL_JOB_BACKFILL,
        .repository = xstrdup(repository),
        .commit = xstrdup(commit),
        .test_bed = xstrdup(request->test_bed),
    };
}

int poll_backfill(const struct poll_request *request, struct database *db, const char *repository,
                  const char *branch, struct poll_jobs *out, struct error *err)
{
    AUTO_KNOWN struct known known = {0};
    struct error reason = ERROR_INIT;
    const struct backfill_request asked = {
        .source = {request->repo, branch, request->ca_file, request->token_file},
        .db = request->db,
        .project = request->project,
        .test_bed = request->test_bed,
        .since = request->backfill_since,
        .max_commits = (DEPTH + request->backfill_interval - 1) / request->backfill_interval,
        .interval = request->backfill_interval,
        .order = request->backfill_order,
    };
    int failed = read_known(&asked, db, &known, &reason);
    if (failed && failed != ERROR_NO_DATA && err)
        *err = reason;
    if (failed)
        return failed == ERROR_NO_DATA ? 0 : failed;
    AUTO_FREE struct plan_point *points = make_points(&known, out, request, repository);
    size_t waiting = count_waiting(&known.jobs, repository, request->test_bed);
    for (; waiting < request->backfill; waiting++) {
        struct plan_choice choice;
        plan_next(points, known.range.count, request->backfill_order, &choice);
        if (choice.index == PLAN_NONE)
            return 0;
        add_job(out, request, repository, known.range.items[choice.index].id);
        points[choice.index].status = PLAN_CLOSED;
        points[choice.index].tried = true;
    }
    return 0;
}
