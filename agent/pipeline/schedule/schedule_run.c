#include "pipeline/schedule/schedule_run.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "config/config.h"
#include "host/machine.h"
#include "pipeline/schedule/schedule_state.h"
#include "store/commits.h"
#include "store/records.h"

#include <inttypes.h>
#include <string.h>

#define LOCK_WAIT_S 0.5

enum { FAILURES_IN_A_ROW = 2, KEY_LENGTH = 16 };

/* Of two schedulers, say a cron job that has not ended when the next one begins, one waits. */
static int lock_project(const struct local_commit *local, const char *db, int *fd,
                        struct error *err)
{
    AUTO_FREE char *folder = NULL;
    char key[SHA256_HEX_SIZE];
    int failed = cache_dir(&folder, err);
    if (!failed)
        failed = dir_make(folder, err);
    if (failed)
        return failed;
    AUTO_FREE char *text = xasprintf("%s\n%s", db, local->project);
    sha256_hex_of(text, strlen(text), key);
    AUTO_FREE char *path = xasprintf("%s/measure-%.*s.lock", folder, KEY_LENGTH, key);
    struct error busy = ERROR_INIT;
    failed = lock_acquire(path, 0, fd, &busy);
    if (failed == ERROR_CONFLICT)
        log_info("waiting for another one that measures %s: %s", local->project, busy.message);
    while (failed == ERROR_CONFLICT) {
        int stop = interrupt_check(err);
        if (stop)
            return stop;
        failed = lock_acquire(path, LOCK_WAIT_S, fd, &busy);
    }
    return failed ? error_set(err, failed, "%s", busy.message) : 0;
}

static int look_again(const struct local_commit *local, const char *db, struct commit_states *out,
                      struct error *err)
{
    struct commit commit = *local->commit; /* borrows its strings */
    const struct commit_list list = {.items = &commit, .count = 1};
    const struct state_request request = {db, local->test_bed, &list, STATE_ALL};
    return states_read(&request, out, err);
}

static int take_back(const struct local_commit *local, const struct strlist *runs,
                     const struct run_request *request, const char *test_bed, struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    int failed = runs->count ? database_open(request->db, &db, err) : 0;
    for (size_t i = 0; !failed && i < runs->count; i++) {
        int64_t count = 0;
        failed = runs_invalidate(db, runs->items[i], test_bed,
                                 "it ended while its results were being stored", &count, err);
        if (count)
            log_info("%.12s: run %s ended while its results were being stored: it is taken back",
                     local->commit->id, runs->items[i]);
    }
    return failed;
}

/* Whether it is the commit that is at fault, and not the machine or the command line. */
static bool is_commits_fault(int failed, const struct run_request *request,
                             const struct error *reason)
{
    bool config = failed == ERROR_USAGE && !request->config && strstr(reason->message, CONFIG_FILE);
    return config || failed == ERROR_NO_DATA || failed == ERROR_BUILD || failed == ERROR_INPUT;
}

static int record_failure(const struct local_commit *local, const struct run_request *request,
                          const char *test_bed, const char *reason, struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    int64_t now = clock_unix_s();
    AUTO_FREE char *name = request->run
                               ? xstrdup(request->run)
                               : xasprintf("attempt-%.12s-%" PRId64, local->commit->id, now);
    struct run_record run = {
        .run = name,
        .harness = "run",
        .project = request->project ? request->project : local->project,
        .commit = local->commit->id,
        .test_bed = test_bed,
        .outcome = RUN_FAILED,
        .reason = reason,
        .started_at = now,
        .ended_at = now,
    };
    char id[UUID_TEXT_SIZE];
    run_record_id(&run, NULL, id);
    run.id = id;
    int failed = database_open(request->db, &db, err);
    return failed ? failed : run_put(db, &run, err);
}

/* `run` checks a bare id out, and knows no branch. */
static void note_branch(const struct local_commit *local, const struct run_request *request,
                        const char *project)
{
    AUTO_DATABASE struct database *db = NULL;
    struct error reason = ERROR_INIT;
    int failed = database_open(request->db, &db, &reason);
    if (!failed)
        failed = commits_put(db, project, local->commit, 1, &reason);
    if (failed)
        log_debug("the branch of %.12s is not noted: %s", local->commit->id, reason.message);
}

int run_local_commit(const struct local_commit *local, const struct run_request *base, bool *others,
                     struct error *err)
{
    AUTO_CLOSE int lock = -1;
    AUTO_COMMIT_STATES struct commit_states states = {0};
    AUTO_RUN_OUTCOME struct run_outcome out = {0};
    AUTO_FREE char *remote = source_remote(local->repo);
    struct test_bed bed = {0};
    struct run_request request = *base;
    struct error reason = ERROR_INIT;
    request.remote = remote;
    request.revision = local->commit->id;
    int failed = lock_project(local, request.db, &lock, err);
    if (!failed)
        failed = look_again(local, request.db, &states, err);
    if (failed)
        return failed;
    const struct coverage *now = states.items;
    *others = now->settled && now->runs > local->coverage->runs;
    if (*others) {
        log_info("%.12s was measured by somebody else meanwhile", local->commit->id);
        return 0;
    }
    failed = machine_test_bed(request.testbed_name, &bed, err);
    if (failed)
        return failed;
    AUTO_FREE char *test_bed = xstrdup(bed.name);
    test_bed_release(&bed);
    failed = take_back(local, &now->cut_off, &request, test_bed, err);
    if (failed)
        return failed;
    failed = run_commit(&request, &out, &reason);
    if (out.files)
        log_info("the logs of %.12s are in %s", local->commit->id, out.files);
    if (out.outcome && failed != ERROR_SPOOLED)
        note_branch(local, &request, out.project);
    if (failed && !out.outcome && is_commits_fault(failed, &request, &reason)) {
        struct error unrecorded = ERROR_INIT;
        if (record_failure(local, &request, test_bed, reason.message, &unrecorded))
            log_warning("%.12s: %s", local->commit->id, unrecorded.message);
    }
    if (failed && err)
        *err = reason;
    return failed;
}

/* Whether what stopped this commit may well stop the next one too. */
static bool is_general(int failed)
{
    return failed != ERROR_BUILD && failed != ERROR_NO_DATA && failed != ERROR_INPUT &&
           failed != ERROR_SPOOLED;
}

int schedule_run(struct schedule *schedule, const char *repo, const struct run_request *request,
                 size_t max, struct error *err)
{
    struct error unnoted = ERROR_INIT;
    int in_a_row = 0;
    size_t count = schedule_count(schedule, SCHEDULE_DUE), at = 0;
    if (count && schedule_note(request->db, schedule, &unnoted))
        log_warning("what is due is not noted: %s", unnoted.message);
    schedule_limit(schedule, max);
    count = schedule_count(schedule, SCHEDULE_DUE);
    for (size_t i = schedule->count; i-- > 0;) {
        struct scheduled *item = &schedule->items[i];
        struct error reason = ERROR_INIT;
        if (item->action != SCHEDULE_DUE)
            continue;
        int failed = interrupt_check(err);
        if (failed)
            return failed;
        if (in_a_row == FAILURES_IN_A_ROW) {
            item->action = SCHEDULE_LATER;
            continue;
        }
        log_info("[%zu/%zu] %.12s %s", ++at, count, item->commit.id, item->commit.subject);
        const struct local_commit local = {repo, schedule->project, schedule->test_bed,
                                           &item->commit, &item->coverage};
        bool others = false;
        failed = run_local_commit(&local, request, &others, &reason);
        item->action = failed ? SCHEDULE_BROKEN : SCHEDULE_MEASURED;
        item->problem = failed ? xstrdup(reason.message) : NULL;
        if (failed == ERROR_INTERRUPTED) {
            if (err)
                *err = reason;
            return failed;
        }
        if (failed)
            log_error("%.12s: %s", item->commit.id, reason.message);
        in_a_row = failed && is_general(failed) ? in_a_row + 1 : 0;
    }
    return 0;
}
