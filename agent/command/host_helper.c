/* host helper: what the hooks of a GitHub runner may have done as root. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "command/rows.h"
#include "runner/conf.h"
#include "runner/jobs.h"
#include "runner/runner.h"
#include "runner/trust.h"
#include "runner/watcher.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All of it comes from root's own files. */
struct helper {
    struct host_place place;
    struct host_conf conf;
    struct host_process worker;
};

static void helper_release(struct helper *helper)
{
    host_place_release(&helper->place);
    host_conf_release(&helper->conf);
}
#define AUTO_HELPER __attribute__((cleanup(helper_release)))

/* The worker's account has to be one that the configuration names. */
static int check_worker(const struct helper *helper, struct error *err)
{
    for (size_t i = 0; i < helper->conf.users.count; i++) {
        AUTO_HOST_ACCOUNT struct host_account account = {0};
        if (!host_account_by_name("", helper->conf.users.items[i], &account, NULL) &&
            account.uid == helper->worker.uid)
            return 0;
    }
    return error_set(err, ERROR_FAILURE,
                     "user %u runs this job, and " HOST_CONF_FILE
                     " does not name that account: run 'lance-bench host install' for it",
                     helper->worker.uid);
}

static int open_helper(struct helper *helper, struct error *err)
{
    if (geteuid())
        return error_set(err, ERROR_FAILURE,
                         "the helper works for root alone: the job hooks call it with sudo");
    umask(022);
    host_place_init(NULL, NULL, &helper->place);
    int failed = trust_check("", HOST_CONF_FILE, err);
    if (!failed)
        failed = dir_make(helper->place.state, err);
    if (!failed)
        failed = trust_check("", helper->place.state, err);
    if (!failed)
        failed = host_conf_load("", &helper->conf, err);
    if (!failed)
        failed = host_worker_find(&helper->worker, err);
    return failed ? failed : check_worker(helper, err);
}

static void log_rows(const struct tune_report *report)
{
    for (size_t i = 0; i < report->warnings.count; i++)
        log_warning("%s", report->warnings.items[i]);
    for (size_t i = 0; i < report->count; i++) {
        const struct tune_row *row = &report->rows[i];
        if (row->outcome == TUNE_ABSENT || row->outcome == TUNE_OBSERVED ||
            row->outcome == TUNE_ALREADY)
            continue;
        log_info("%s: %s%s%s%s%s", row->knob, tune_outcome_name(row->outcome),
                 row->after ? " " : "", row->after ? row->after : "", row->reason ? ": " : "",
                 row->reason ? row->reason : "");
    }
}

static int begin(const struct helper *helper, struct error *err)
{
    struct tune_request request = {.cpus = helper->conf.cpus};
    if (!tune_profile_parse(helper->conf.profile, &request.profile))
        return error_set(err, ERROR_USAGE, "%s: there is no profile '%s'", HOST_CONF_FILE,
                         helper->conf.profile);
    const struct host_job job = {.process = helper->worker, .kind = HOST_JOB_WORKER};
    AUTO_TUNE_REPORT struct tune_report report = {0};
    bool tuned = false;
    pid_t watcher;
    int failed = host_job_begin(&helper->place, &job, &request, &report, &tuned, err);
    if (failed)
        return failed;
    log_rows(&report);
    log_info(tuned ? "the machine is tuned for this job" : "the machine was tuned already");
    failed = host_watcher_start(&helper->place, &helper->worker, &watcher, err);
    if (!failed)
        return 0;
    AUTO_TUNE_REPORT struct tune_report undone = {0};
    if (host_job_end(&helper->place, &helper->worker, &undone, NULL))
        log_warning("the machine could not be restored: run 'lance-bench host restore'");
    return failed;
}

static int end(const struct helper *helper, struct error *err)
{
    AUTO_TUNE_REPORT struct tune_report report = {0};
    int failed = host_job_end(&helper->place, &helper->worker, &report, err);
    log_rows(&report);
    if (!failed)
        log_info(host_is_tuned(&helper->place) ? "the machine stays tuned for another job"
                                               : "the machine is as it was");
    return failed;
}

static int run_helper(const struct globals *globals, const void *options,
                      const struct strlist *args, struct error *err)
{
    (void)globals;
    (void)options;
    AUTO_HELPER struct helper helper = {0};
    bool started = !strcmp(args->items[0], "started");
    if (!started && strcmp(args->items[0], "completed"))
        return error_set(err, ERROR_USAGE, "host helper takes 'started' or 'completed', not '%s'",
                         args->items[0]);
    int failed = open_helper(&helper, err);
    if (failed)
        return failed;
    return started ? begin(&helper, err) : end(&helper, err);
}

static const char description[] =
    "The hooks that 'host install' gives to a GitHub runner call this with sudo. It takes nothing "
    "but\n"
    "its verb: the CPUs and the profile come from /etc/lance-bench/host.conf, and the job is the\n"
    "runner's worker that is its ancestor. A job begins once and ends once; the machine is tuned "
    "by\n"
    "the first of several jobs and restored after the last.";

const struct command command_host_helper = {
    .name = "host helper",
    .group = "machine",
    .summary = "Tune and restore for the job hooks of a GitHub runner",
    .arguments = "started|completed",
    .description = description,
    .min_args = 1,
    .max_args = 1,
    .run = run_helper,
};
