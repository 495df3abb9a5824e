#include "pipeline/poll/poll_fence.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/number.h"
#include "base/strlist.h"
#include "jobs/lease.h"
#include "store/jobs.h"

#include <inttypes.h>
#include <string.h>

enum { WAIT_FIRST_S = 2, WAIT_MOST_S = 60 };

char *poll_fence_text(const char *job, int64_t token, int64_t lease_s)
{
    return xasprintf("%s:%" PRId64 ":%" PRId64, job, token, lease_s);
}

int poll_fence_parse(const char *text, const char *db, struct poll_fence *out, struct error *err)
{
    AUTO_STRLIST struct strlist parts = STRLIST_INIT;
    struct poll_fence fence = {.db = db};
    strlist_split(&parts, text, ':');
    if (parts.count != 3 || !parse_int64(parts.items[1], &fence.token) ||
        !parse_int64(parts.items[2], &fence.lease_s) || fence.lease_s < 1)
        return error_set(err, ERROR_USAGE, "--job takes what 'lance-bench poll' gives it, not '%s'",
                         text);
    fence.job = xstrdup(parts.items[0]);
    *out = fence;
    return 0;
}

void poll_fence_release(struct poll_fence *fence)
{
    free(fence->job);
    *fence = (struct poll_fence){0};
}

static int begin_publishing(void *context, struct poll_jobs *jobs, struct error *err)
{
    const struct poll_fence *fence = context;
    struct lease_terms terms = LEASE_TERMS_DEFAULT;
    terms.duration_s = fence->lease_s;
    bool several = false;
    struct poll_job *job = poll_jobs_find(jobs, fence->job, &several);
    if (!job)
        return error_set(err, ERROR_CONFLICT, "there is no job %.8s any more", fence->job);
    int failed = lease_publish(job, fence->token, &terms, clock_unix_s(), err);
    return failed ? failed : 1;
}

static int try_once(const struct poll_fence *fence, struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    int failed = database_open(fence->db, &db, err);
    if (failed)
        return failed;
    failed = jobs_update(db, begin_publishing, (void *)(uintptr_t)fence, err);
    return failed < 0 ? failed : 0;
}

int poll_fence_pass(void *context, struct error *err)
{
    const struct poll_fence *fence = context;
    for (double wait_s = WAIT_FIRST_S;;) {
        struct error reason = ERROR_INIT;
        int failed = interrupt_check(&reason);
        if (!failed)
            failed = try_once(fence, &reason);
        if (failed == ERROR_CONFLICT)
            error_wrap(&reason, "nothing is stored");
        if (failed && failed != ERROR_UNREACHABLE && err)
            *err = reason;
        if (failed != ERROR_UNREACHABLE)
            return failed;
        log_warning("what was measured waits for the database: %s", reason.message);
        clock_sleep_s(wait_s);
        wait_s = wait_s * 2 < WAIT_MOST_S ? wait_s * 2 : WAIT_MOST_S;
    }
}
