#include "model/poll_job.h"

#include "base/alloc.h"
#include "base/strbuf.h"

#include <inttypes.h>
#include <string.h>

static const char *const kinds[] = {
    [POLL_JOB_BACKFILL] = "backfill",
    [POLL_JOB_COMMIT] = "commit",
    [POLL_JOB_PULL_REQUEST] = "pull_request",
};
static const char *const states[] = {
    [POLL_JOB_QUEUED] = "queued",         [POLL_JOB_LEASED] = "leased",
    [POLL_JOB_PUBLISHING] = "publishing", [POLL_JOB_DONE] = "done",
    [POLL_JOB_FAILED] = "failed",         [POLL_JOB_CANCELLED] = "cancelled",
};

const char *poll_job_kind_name(enum poll_job_kind kind)
{
    return kinds[kind];
}

const char *poll_job_state_name(enum poll_job_state state)
{
    return states[state];
}

static bool find_word(const char *const *words, size_t count, const char *text, int *out)
{
    for (size_t i = 0; text && i < count; i++)
        if (!strcmp(words[i], text)) {
            *out = (int)i;
            return true;
        }
    return false;
}

bool poll_job_kind_parse(const char *text, enum poll_job_kind *out)
{
    int found = 0;
    if (!find_word(kinds, ARRAY_SIZE(kinds), text, &found))
        return false;
    *out = (enum poll_job_kind)found;
    return true;
}

bool poll_job_state_parse(const char *text, enum poll_job_state *out)
{
    int found = 0;
    if (!find_word(states, ARRAY_SIZE(states), text, &found))
        return false;
    *out = (enum poll_job_state)found;
    return true;
}

int64_t poll_job_kind_priority(enum poll_job_kind kind)
{
    return ((int64_t)kind + 1) * 100;
}

void poll_job_release(struct poll_job *job)
{
    free(job->id);
    free(job->repository);
    free(job->commit);
    free(job->test_bed);
    free(job->arguments);
    free(job->owner);
    free(job->reason);
    *job = (struct poll_job){0};
}

void poll_jobs_release(struct poll_jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++)
        poll_job_release(&jobs->items[i]);
    free(jobs->items);
    *jobs = (struct poll_jobs){0};
}

struct poll_job poll_job_copy(const struct poll_job *job)
{
    struct poll_job copy = *job;
    copy.id = xstrdup(job->id);
    copy.repository = xstrdup(job->repository);
    copy.commit = xstrdup(job->commit);
    copy.test_bed = xstrdup(job->test_bed);
    copy.arguments = xstrdup(job->arguments);
    copy.owner = xstrdup(job->owner);
    copy.reason = xstrdup(job->reason);
    return copy;
}

void poll_job_id(const char *repository, const char *commit, const char *test_bed,
                 bool pull_request, char out[UUID_TEXT_SIZE])
{
    AUTO_STRBUF struct strbuf name = STRBUF_INIT;
    strbuf_addf(&name, "job\x1f%s\x1f%s\x1f%s\x1f%s", repository, test_bed, commit,
                pull_request ? "pull_request" : "");
    uuid5_text(name.buf, name.len, out);
}

char *poll_job_run(const struct poll_job *job)
{
    return job->round ? xasprintf("job-%s-%" PRId64, job->id, job->round)
                      : xasprintf("job-%s", job->id);
}

struct poll_job *poll_jobs_find(const struct poll_jobs *jobs, const char *id, bool *several)
{
    struct poll_job *found = NULL;
    size_t len = strlen(id);
    *several = false;
    for (size_t i = 0; i < jobs->count && len >= 4; i++) {
        if (strncmp(jobs->items[i].id, id, len))
            continue;
        *several = found != NULL;
        if (*several)
            return NULL;
        found = &jobs->items[i];
    }
    return found;
}
