/* poll: one job, from its lease to its end. */
#include "pipeline/poll/poll_state.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "pipeline/poll/poll_check.h"
#include "pipeline/poll/poll_execute.h"
#include "pipeline/poll/poll_fence.h"
#include "pipeline/schedule/schedule_source.h"
#include "pipeline/publish/spool.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <string.h>

#define STOPPED "the machine was stopped"

enum { RETRY_S = 10, EXIT_NO_DATA = 3, EXIT_SPOOLED = 6, EXIT_USAGE = 129 };

/* One execution under way. */
struct under_way {
    struct poller *poller;
    const struct poll_job *job;
    bool lost;         /* somebody else has it, or it was cancelled */
    int64_t check_run; /* on GitHub; 0: none */
};

static bool watch(void *context)
{
    struct under_way *way = context;
    struct error reason = ERROR_INIT;
    bool held = true;
    /* A database that is away for a while is no reason to stop measuring. */
    if (poll_table_hold(way->poller, way->job, &held, &reason))
        log_debug("job %.8s: %s", way->job->id, reason.message);
    way->lost = !held;
    return held;
}

/* What a row of the database may ask of `run`: which benchmarks, and nothing of how foreign code is
 * held. */
static bool is_allowed(const char *word)
{
    static const char *const allowed[] = {"--rust-only", "--python-only",
                                          "--crate=", "--bench=", "--filter="};
    for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
        size_t len = strlen(allowed[i]);
        bool takes_value = allowed[i][len - 1] == '=';
        if (takes_value ? !strncmp(word, allowed[i], len) : !strcmp(word, allowed[i]))
            return true;
    }
    return false;
}

static int add_arguments(const struct poll_job *job, struct strlist *argv, struct error *err)
{
    cJSON *list = job->arguments ? cJSON_Parse(job->arguments) : NULL;
    bool fine = !job->arguments || cJSON_IsArray(list);
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        fine = fine && cJSON_IsString(item) && is_allowed(item->valuestring);
        if (fine)
            strlist_push(argv, item->valuestring);
    }
    cJSON_Delete(list);
    return fine ? 0
                : error_set(err, ERROR_INPUT, "its arguments are none of run's for a job: %s",
                            job->arguments);
}

static int check_commit(const char *commit, struct error *err)
{
    size_t digits = 0;
    while (isxdigit((unsigned char)commit[digits]))
        digits++;
    return digits == 40 && !commit[digits]
               ? 0
               : error_set(err, ERROR_INPUT, "its commit is no full commit id");
}

static int arguments_of(const struct poller *poller, const struct poll_job *job,
                        struct strlist *argv, struct error *err)
{
    const struct poll_request *request = poller->request;
    AUTO_FREE char *remote = source_remote(request->repo);
    AUTO_FREE char *name = poll_job_run(job);
    AUTO_FREE char *fence = poll_fence_text(job->id, job->token, request->terms.duration_s);
    int failed = check_commit(job->commit, err);
    strlist_push(argv, "--db");
    strlist_push(argv, request->db);
    for (size_t i = 0; i < request->globals->count; i++)
        strlist_push(argv, request->globals->items[i]);
    const char *const words[] = {"run", remote,  "--rev", job->commit,      "--run",
                                 name,  "--job", fence,   "--testbed-name", job->test_bed};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        strlist_push(argv, words[i]);
    if (request->project)
        strlist_pushf(argv, "--dut-name=%s", request->project);
    for (size_t i = 0; i < request->run_words->count; i++)
        strlist_push(argv, request->run_words->items[i]);
    /* Behind the others: the last one counts. */
    if (job->kind == POLL_JOB_PULL_REQUEST)
        strlist_push(argv, "--pull-request");
    return failed ? failed : add_arguments(job, argv, err);
}

/* The job is still to be given back; the next signal does not wait for that. */
static void note_stop(struct poller *poller)
{
    if (!interrupted())
        return;
    poller->stopping = true;
    interrupt_clear();
}

/* The results are in the spool: they belong to this job until the database has them. */
static void empty_spool(struct poller *poller)
{
    for (;;) {
        struct spool_counts counts = {0};
        struct error reason = ERROR_INIT;
        int failed = spool_publish(&counts, &reason);
        if ((!failed && !counts.waiting) || poller->stopping)
            return;
        poll_warn(poller, reason.message);
        clock_sleep_s(RETRY_S);
        note_stop(poller);
    }
}

/* What the end of its process means for the job; *reason is a fresh string, NULL for a good end. */
static enum poll_ending judge(struct poller *poller, const struct poll_job *job,
                              const struct execution_result *result, char **reason)
{
    bool stored = false;
    if (result->code == EXIT_SPOOLED)
        empty_spool(poller);
    if (result->code == EXIT_SPOOLED && poll_table_is_stored(poller, job, &stored, NULL))
        stored = false;
    if (!result->code || stored)
        return POLL_ENDED_WELL;
    if (poller->stopping) {
        *reason = xstrdup(STOPPED);
        return POLL_GIVEN_BACK;
    }
    *reason = result->error ? xstrdup(result->error)
                            : xasprintf("its run ended with exit code %d", result->code);
    return result->code == EXIT_USAGE || result->code == EXIT_NO_DATA ? POLL_ENDED_FOR_GOOD
                                                                      : POLL_ENDED_BADLY;
}

/* The table has to be told; only somebody who does not want to wait comes before that. */
static int tell(struct poller *poller, const struct poll_job *job, enum poll_ending ending,
                const char *reason, enum poll_job_state *state, struct error *err)
{
    for (;;) {
        struct error problem = ERROR_INIT;
        int failed = poll_table_end(poller, job, ending, reason, state, &problem);
        if (failed != ERROR_UNREACHABLE || interrupted()) {
            if (failed && err)
                *err = problem;
            return failed;
        }
        poll_warn(poller, problem.message);
        clock_sleep_s(RETRY_S);
    }
}

/* Runs it, and says how that ended. */
static int execute_job(struct poller *poller, const struct poll_job *job, struct under_way *way,
                       enum poll_ending *ending, char **reason)
{
    AUTO_STRLIST struct strlist argv = STRLIST_INIT;
    AUTO_EXECUTION_RESULT struct execution_result result = {0};
    struct error problem = ERROR_INIT;
    const struct execution execution = {
        .argv = &argv,
        .tick_s = poller->request->interval_s,
        .watch = watch,
        .context = way,
    };
    int failed = arguments_of(poller, job, &argv, &problem);
    if (!failed)
        failed = poll_check_approval(poller->github, job, &problem);
    if (failed) {
        bool again = failed != ERROR_INPUT && failed != ERROR_CONFLICT;
        *ending = again ? POLL_ENDED_BADLY : POLL_ENDED_FOR_GOOD;
        *reason = xstrdup(problem.message);
        return failed;
    }
    poll_check_begin(poller->github, job, &way->check_run);
    failed = execute(&execution, &result, &problem);
    note_stop(poller);
    if (failed) {
        *ending = POLL_ENDED_BADLY;
        *reason = xstrdup(problem.message);
        return failed;
    }
    *ending = judge(poller, job, &result, reason);
    return 0;
}

static void report(struct poller *poller, const struct poll_job *job, const char *state,
                   const char *reason, double seconds)
{
    if (!strcmp(state, poll_job_state_name(POLL_JOB_DONE)))
        poller->counts->done++;
    else
        poller->counts->failed++;
    if (poller->request->on_job)
        poller->request->on_job(poller->request->context, job, state, reason, seconds);
}

int poll_job_run_one(struct poller *poller, const struct poll_job *job, struct error *err)
{
    struct under_way way = {.poller = poller, .job = job};
    enum poll_ending ending = POLL_ENDED_WELL;
    enum poll_job_state state = POLL_JOB_DONE;
    AUTO_FREE char *reason = NULL;
    bool stored = false;
    double started_s = clock_monotonic_s();
    log_info("job %.8s: %s %.12s, try %lld", job->id, poll_job_kind_name(job->kind), job->commit,
             (long long)job->attempts);
    int failed = job->attempts > 1 ? poll_table_is_stored(poller, job, &stored, err) : 0;
    if (failed)
        return failed;
    if (stored)
        poll_check_begin(poller->github, job, &way.check_run);
    else if (execute_job(poller, job, &way, &ending, &reason))
        log_warning("job %.8s: %s", job->id, reason);
    double seconds = clock_monotonic_s() - started_s;
    if (!way.lost)
        failed = tell(poller, job, ending, reason, &state, err);
    if (way.lost || failed == ERROR_CONFLICT) {
        log_warning("job %.8s was cancelled, or another machine has it: nothing of it is stored "
                    "from here",
                    job->id);
        report(poller, job, "lost", "cancelled, or another machine has it", seconds);
        return 0;
    }
    if (failed)
        return failed;
    poll_check_end(poller->github, job, way.check_run, reason, state == POLL_JOB_QUEUED);
    report(poller, job, poll_job_state_name(state), reason, seconds);
    return 0;
}
