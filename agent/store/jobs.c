#include "store/jobs.h"

#include "base/alloc.h"
#include "store/state_table.h"

static const char *kind_word(int value)
{
    return poll_job_kind_name((enum poll_job_kind)value);
}

static bool kind_parse(const char *word, int *out)
{
    enum poll_job_kind kind = POLL_JOB_COMMIT;
    bool known = poll_job_kind_parse(word, &kind);
    *out = (int)kind;
    return known;
}

static const char *state_word(int value)
{
    return poll_job_state_name((enum poll_job_state)value);
}

static bool state_parse(const char *word, int *out)
{
    enum poll_job_state state = POLL_JOB_QUEUED;
    bool known = poll_job_state_parse(word, &state);
    *out = (int)state;
    return known;
}

#define TEXT(member)                                                       \
    {                                                                      \
#member, STATE_TEXT, offsetof(struct poll_job, member), NULL, NULL \
    }
#define INTEGER(member)                                                       \
    {                                                                         \
#member, STATE_INTEGER, offsetof(struct poll_job, member), NULL, NULL \
    }

static const struct state_field fields[] = {
    TEXT(id),
    {"kind", STATE_WORD, offsetof(struct poll_job, kind), kind_word, kind_parse},
    {"state", STATE_WORD, offsetof(struct poll_job, state), state_word, state_parse},
    TEXT(repository),
    TEXT(commit),
    TEXT(test_bed),
    TEXT(arguments),
    TEXT(owner),
    TEXT(reason),
    INTEGER(pull_request),
    INTEGER(priority),
    INTEGER(attempts),
    INTEGER(round),
    INTEGER(token),
    INTEGER(check_run),
    INTEGER(added_at),
    INTEGER(not_before),
    INTEGER(leased_at),
    INTEGER(lease_until),
    INTEGER(ended_at),
};

static bool is_complete(const void *item)
{
    const struct poll_job *job = item;
    return job->id && job->repository && job->commit && job->test_bed;
}

static void release(void *item)
{
    poll_job_release(item);
}

static const struct state_table jobs_table = {
    .name = JOBS_TABLE,
    .fields = fields,
    .field_count = ARRAY_SIZE(fields),
    .item_size = sizeof(struct poll_job),
    .is_complete = is_complete,
    .release = release,
};

int jobs_read(struct database *db, struct poll_jobs *out, uint64_t *version, struct error *err)
{
    struct state_rows rows = {0};
    int failed = state_table_read(db, &jobs_table, &rows, version, err);
    if (!failed)
        *out = (struct poll_jobs){rows.items, rows.count, rows.cap};
    return failed;
}

int jobs_write(struct database *db, const struct poll_jobs *jobs, uint64_t version,
               struct error *err)
{
    const struct state_rows rows = {jobs->items, jobs->count, jobs->cap};
    return state_table_write(db, &jobs_table, &rows, version, err);
}

struct change {
    jobs_change *change;
    void *context;
};

static int change_rows(void *context, struct state_rows *rows, struct error *err)
{
    const struct change *change = context;
    struct poll_jobs jobs = {rows->items, rows->count, rows->cap};
    int changed = change->change(change->context, &jobs, err);
    *rows = (struct state_rows){jobs.items, jobs.count, jobs.cap};
    return changed;
}

int jobs_update(struct database *db, jobs_change *change, void *context, struct error *err)
{
    struct change with = {change, context};
    return state_table_update(db, &jobs_table, change_rows, &with, err);
}
