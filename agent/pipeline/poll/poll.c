#include "pipeline/poll/poll.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "github/github.h"
#include "pipeline/poll/poll_state.h"
#include "sandbox/sandbox.h"

#include <poll.h>
#include <string.h>

/* Benchmarks do not wait for news of them. */
#define GITHUB_WAIT_S 30.0
#define REOPEN_S 3600.0

static void poller_release(struct poller *poller)
{
    database_free(poller->db);
    github_free(poller->github);
    poll_watch_release(&poller->watch);
    free(poller->repository);
    free(poller->owner);
    free(poller->said);
}
#define AUTO_POLLER __attribute__((cleanup(poller_release)))

void poll_warn(struct poller *poller, const char *message)
{
    if (poller->said && !strcmp(poller->said, message))
        return;
    log_warning("%s", message);
    free(poller->said);
    poller->said = xstrdup(message);
}

/* Before any job: a machine that would refuse every one of them should not take one. */
static int check_sandbox(const struct poll_request *request, struct error *err)
{
    struct sandbox_report report = {0};
    if (!request->pull_requests)
        return 0;
    int failed = sandbox_probe(SANDBOX_AUTO, &report, err);
    if (!failed && !sandbox_fit_for_strangers(&report)) {
        AUTO_FREE char *missing = strlist_join(&report.missing, "; ");
        failed = error_set(err, ERROR_FAILURE,
                           "pull requests are foreign code, and this machine cannot hold it: %s",
                           missing);
    }
    sandbox_report_release(&report);
    return failed;
}

static int open_poller(struct poller *poller, struct error *err)
{
    const struct poll_request *request = poller->request;
    const struct github_options options = {
        .repository = request->github,
        .token_file = request->token_file,
        .need_token = true,
        .max_wait_s = GITHUB_WAIT_S,
    };
    sandbox_protect_agent();
    int failed = owner_self(&poller->self, err);
    if (!failed)
        failed = check_sandbox(request, err);
    if (!failed)
        failed = poll_repository(request->repo, &poller->repository, err);
    if (!failed)
        failed = database_open(request->db, &poller->db, err);
    if (!failed && request->github)
        failed = github_open(&options, &poller->github, err);
    if (!failed)
        poller->owner = owner_text(&poller->self);
    poller->opened_s = clock_monotonic_s();
    return failed;
}

/* Looks for work, where it is time to. */
static int discover(struct poller *poller, struct error *err)
{
    double now_s = clock_monotonic_s();
    if (poller->next_look_s && (poller->request->once || now_s < poller->next_look_s))
        return 0;
    AUTO_POLL_JOBS struct poll_jobs found = {0};
    struct error reason = ERROR_INIT;
    size_t added = 0;
    const struct poll_look look = {poller->db, poller->github};
    int unseen = poll_discover(poller->request, &look, &poller->watch, &found, &reason);
    poller->next_look_s = clock_monotonic_s() + poller->request->interval_s;
    int failed = found.count ? poll_table_add(poller, &found, &added, err) : 0;
    if (failed) {
        /* What was seen is not queued: the branches count as not looked at. */
        poll_watch_release(&poller->watch);
        poller->watch = (struct poll_watch){0};
        return failed;
    }
    if (added)
        log_info("%zu %s queued", added, added == 1 ? "job is" : "jobs are");
    if (unseen && err)
        *err = reason;
    return unseen;
}

/* Other machines queue jobs too, and leases end: the list is read as often as the branches. */
static void wait_for_work(const struct poller *poller)
{
    double left_s = poller->next_look_s - clock_monotonic_s();
    struct pollfd fd = {.fd = interrupt_fd(), .events = POLLIN};
    log_progress("waiting for work");
    (void)poll(&fd, 1, left_s > 0 ? (int)(left_s * 1000) + 1 : 1);
    log_progress_clear();
}

/* What was reached once and is away now comes back. */
static bool passes(const struct poller *poller, int failed)
{
    return !poller->request->once && failed != ERROR_USAGE &&
           (poller->worked || failed == ERROR_UNREACHABLE || failed == ERROR_CONFLICT);
}

/* The core keeps what it has read of each version at hand, and a service runs for months. */
static int open_again(struct poller *poller, struct error *err)
{
    double now_s = clock_monotonic_s();
    struct database *fresh = NULL;
    if (now_s < poller->opened_s + REOPEN_S)
        return 0;
    int failed = database_open(poller->request->db, &fresh, err);
    if (failed)
        return failed;
    database_free(poller->db);
    poller->db = fresh;
    poller->opened_s = now_s;
    return 0;
}

/* One look, and one job where there is one. *worked: there was. */
static int step(struct poller *poller, bool *worked, struct error *err)
{
    struct error reason = ERROR_INIT;
    struct poll_job job = {0};
    bool took = false;
    int failed = open_again(poller, err);
    if (failed)
        return failed;
    failed = discover(poller, &reason);
    if (failed && (failed == ERROR_INTERRUPTED || !passes(poller, failed))) {
        *err = reason;
        return failed;
    }
    if (failed)
        poll_warn(poller, reason.message);
    poller->worked |= !failed;
    failed = poll_table_take(poller, &job, &took, err);
    if (!failed && took)
        failed = poll_job_run_one(poller, &job, err);
    /* Those that wait are topped up. */
    if (took && job.kind == POLL_JOB_BACKFILL)
        poller->watch.full_look_s = 0;
    poll_job_release(&job);
    *worked = took;
    return failed;
}

static int work(struct poller *poller, struct error *err)
{
    for (;;) {
        struct error reason = ERROR_INIT;
        bool worked = false;
        if (poller->stopping || interrupted())
            return poller->request->once ? error_set(err, ERROR_INTERRUPTED, "interrupted") : 0;
        int failed = step(poller, &worked, &reason);
        if (failed == ERROR_INTERRUPTED)
            continue;
        if (failed && !passes(poller, failed)) {
            if (err)
                *err = reason;
            return failed;
        }
        if (failed)
            poll_warn(poller, reason.message);
        if (!worked && poller->request->once)
            return 0;
        if (!worked || failed)
            wait_for_work(poller);
    }
}

int poll_run(const struct poll_request *request, struct poll_counts *out, struct error *err)
{
    AUTO_POLLER struct poller poller = {.request = request, .counts = out};
    int failed = open_poller(&poller, err);
    return failed ? failed : work(&poller, err);
}
