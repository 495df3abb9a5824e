#include "pipeline/run/run_tune.h"

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/log.h"
#include "runner/watcher.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FIRST_PID_NAMESPACE 0xEFFFFFFCU /* PROC_PID_INIT_INO of the kernel */

/* Whether this is the PID namespace that the kernel started with, whose number is fixed. */
static bool in_first_namespace(void)
{
    struct stat st;
    return !stat("/proc/self/ns/pid", &st) && st.st_ino == FIRST_PID_NAMESPACE;
}

bool run_tune_in_container(const struct run_host *host)
{
    AUTO_FREE char *sys = xasprintf("%s/sys", host->root);
    struct statvfs fs;
    bool marked = host_io_exists(&host->place.io, "/.dockerenv") ||
                  host_io_exists(&host->place.io, "/run/.containerenv");
    /* A virtual machine that was made from a container's image has the mark too. */
    return (marked && (*host->root || !in_first_namespace())) ||
           (!statvfs(sys, &fs) && (fs.f_flag & ST_RDONLY));
}

/* A container loses its journal with its files, so it never writes, whatever it may. */
bool run_tune_may(const struct run_host *host)
{
    AUTO_FREE char *sys = xasprintf("%s/sys", host->root);
    return (*host->root || !geteuid()) && !access(sys, W_OK) && !run_tune_in_container(host);
}

/* 0, or with --tune require the error. */
static int not_tuned(struct run *run, const struct error *reason, struct error *err)
{
    struct run_host *host = run->host;
    host->state = "refused";
    host->reason = xstrdup(reason->message);
    if (run->request->tune == RUN_TUNE_REQUIRE)
        return error_set(err, ERROR_FAILURE, "--tune require: %s", reason->message);
    log_warning("the machine is measured as it is: %s", reason->message);
    return 0;
}

static size_t count_rows(const struct tune_report *report, enum tune_outcome outcome)
{
    size_t count = 0;
    for (size_t i = 0; i < report->count; i++)
        count += report->rows[i].outcome == outcome;
    return count;
}

static struct tune_request request_of(const struct run *run)
{
    const struct run_host *host = run->host;
    return (struct tune_request){
        .profile = host->profile,
        .cpus = run->pinned ? run->out->cpus : host->conf.cpus,
        .isolate = host->isolation.wanted,
    };
}

/* What somebody else has set, or nobody. */
int run_tune_verify(struct run *run, struct error *err)
{
    struct run_host *host = run->host;
    const struct tune_request request = request_of(run);
    struct error reason = ERROR_INIT;
    int failed = host_survey(&host->place, &request, &host->report, &reason);
    if (failed)
        return not_tuned(run, &reason, err);
    host->state = "verified";
    size_t pending = count_rows(&host->report, TUNE_PENDING);
    if (host->by) {
        log_info("the machine was tuned before this run (by: %s)", host->by);
        return 0;
    }
    if (run->request->tune == RUN_TUNE_REQUIRE && pending)
        return error_set(err, ERROR_FAILURE,
                         "--tune require: this process may not tune the machine, and %zu of its "
                         "settings are not as %s wants them: 'lance-bench host show' lists them",
                         pending, tune_profile_name(host->profile));
    log_info("this process may not tune the machine: %zu settings are not as %s wants them",
             pending, tune_profile_name(host->profile));
    return 0;
}

/* Gives the machine back. What could not be restored stays in the journal. */
void run_tune_end(struct run_host *host)
{
    AUTO_TUNE_REPORT struct tune_report report = {0};
    struct error reason = ERROR_INIT;
    if (!host->begun)
        return;
    host->begun = false;
    if (host_job_end(&host->place, &host->self, &report, &reason))
        log_warning("the machine is not wholly as it was: %s: see 'lance-bench host restore'",
                    reason.message);
    for (size_t i = 0; i < report.count; i++)
        if (report.rows[i].outcome == TUNE_CHANGED)
            log_warning("%s was changed by somebody else during the run, and is left so",
                        report.rows[i].path);
    host_watcher_stop(host->watcher);
    host->watcher = 0;
}

/* *tuned: by this call, and not by another job before it. */
static int begin_job(struct run_host *host, const struct tune_request *request, bool *tuned,
                     struct error *err)
{
    const struct host_job job = {.process = host->self, .kind = HOST_JOB_RUN};
    tune_report_release(&host->report);
    /* Before the first write: from then on a SIGKILL of this process is noticed. */
    int failed = host_watcher_start(&host->place, &host->self, &host->watcher, err);
    if (!failed)
        failed = host_job_begin(&host->place, &job, request, &host->report, tuned, err);
    if (failed) {
        host_watcher_stop(host->watcher);
        host->watcher = 0;
    }
    host->begun = !failed;
    return failed;
}

/* CPUs in a group that benchmarks cannot enter are worse than CPUs that others may use too. */
static bool isolated_in_vain(struct run *run, const struct tune_request *request)
{
    struct run_isolation *isolation = &run->host->isolation;
    return request->isolate &&
           !run_isolation_enter(isolation, &run->host->place, &run->placement) && isolation->group;
}

int run_tune_set(struct run *run, struct error *err)
{
    struct run_host *host = run->host;
    struct tune_request request = request_of(run);
    struct error reason = ERROR_INIT;
    bool tuned = false;
    int failed = begin_job(host, &request, &tuned, &reason);
    if (!failed && tuned && isolated_in_vain(run, &request)) {
        run_tune_end(host);
        free(take_ptr(host->isolation.group));
        request.isolate = false;
        failed = begin_job(host, &request, &tuned, &reason);
    }
    if (failed)
        return not_tuned(run, &reason, err);
    host->knows_others = true;
    if (!tuned) {
        host->by = "job";
        return run_tune_verify(run, err);
    }
    host->state = "tuned";
    host->by = "run";
    log_info("the machine is tuned (%s): %zu settings changed, %zu refused",
             tune_profile_name(host->profile), count_rows(&host->report, TUNE_SET),
             count_rows(&host->report, TUNE_REFUSED));
    for (size_t i = 0; i < host->report.warnings.count; i++)
        log_warning("%s", host->report.warnings.items[i]);
    return 0;
}

/* Whether the hooks of a runner, or somebody by hand, have tuned it already. */
bool run_tune_find(struct run_host *host)
{
    AUTO_HOST_JOBS struct host_jobs jobs = {0};
    if (host_jobs_read(&host->place, &jobs, NULL))
        return false;
    host->job = host->self;
    struct host_process worker;
    if (!host_worker_find(&worker, NULL) && host_jobs_find(&jobs, &worker)) {
        host->job = worker;
        host->knows_others = true;
    }
    const struct host_job *job = host_jobs_find(&jobs, &host->job);
    if (job && !job->done)
        host->by = "hook";
    else if (jobs.tuned_by == HOST_TUNED_BY_HAND ||
             (jobs.tuned_by == HOST_TUNED_BY_NOBODY && host_is_tuned(&host->place)))
        host->by = "hand";
    return host->by;
}

/* A run that died with its watcher may have been the last one that was to tune. */
void run_tune_sweep(const struct run_host *host)
{
    struct error reason = ERROR_INIT;
    if (run_tune_may(host) && host_jobs_sweep(&host->place, &reason))
        log_warning("%s", reason.message);
}

/* How many other jobs there were, as long as the entry of this one is there. */
void run_tune_count_others(struct run_host *host)
{
    AUTO_HOST_JOBS struct host_jobs jobs = {0};
    if (!host->knows_others || host_jobs_read(&host->place, &jobs, NULL))
        return;
    const struct host_job *job = host_jobs_find(&jobs, host->begun ? &host->self : &host->job);
    if (!job || !job->others)
        return;
    host->others = job->others;
    log_warning("%" PRId64 " other jobs were on this machine at the same time", host->others);
}

static void add_row(struct strbuf *out, const struct tune_row *row)
{
    strbuf_addch(out, '{');
    json_text(out, "knob", row->knob);
    json_text(out, "path", row->path);
    json_text(out, "before", row->before);
    json_text(out, "after", row->after);
    json_text(out, "outcome", tune_outcome_name(row->outcome));
    json_text(out, "reason", row->reason);
    strbuf_addch(out, '}');
}

void run_tune_write_rows(struct strbuf *out, const struct tune_report *report)
{
    const char *between = "";
    json_key(out, "knobs");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < report->count; i++) {
        if (report->rows[i].outcome == TUNE_ABSENT)
            continue;
        strbuf_addstr(out, between);
        add_row(out, &report->rows[i]);
        between = ",";
    }
    strbuf_addch(out, ']');
}
