#include "pipeline/run_host.h"

#include "base/alloc.h"
#include "base/cpu_list.h"
#include "base/cpu_mask.h"
#include "base/json_write.h"
#include "base/log.h"
#include "pipeline/run_isolation.h"
#include "runner/conf.h"
#include "runner/jobs.h"
#include "host/topology.h"
#include "host/tune.h"
#include "runner/watcher.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LATENCY_FILE "/dev/cpu_dma_latency"
#define FIRST_PID_NAMESPACE 0xEFFFFFFCU /* PROC_PID_INIT_INO of the kernel */

struct run_host {
    char *root; /* "" for this machine */
    struct host_place place;
    struct host_conf conf;
    bool configured;
    enum tune_profile profile;
    struct host_process self;
    struct host_process job; /* this process, or the runner's worker above it */
    bool begun;              /* stands in the list of jobs by our doing */
    pid_t watcher;
    int latency; /* open descriptor of LATENCY_FILE, or -1 */
    int nice_before;
    bool niced;
    const char *state;  /* "off", "not configured", "tuned", "verified", "refused" */
    const char *by;     /* who has tuned it: "run", "job", "hook", "hand"; NULL: nobody */
    char *reason;       /* why it was not tuned, or NULL */
    const char *wakeup; /* what became of LATENCY_FILE: "held", "absent", "refused" */
    int64_t others;     /* jobs on the machine beside this one */
    bool knows_others;
    struct run_isolation isolation;
    struct tune_report report;
};

static const char *const mode_names[] = {
    [RUN_TUNE_AUTO] = "auto", [RUN_TUNE_OFF] = "off", [RUN_TUNE_REQUIRE] = "require"};

/* Whether this is the PID namespace that the kernel started with, whose number is fixed. */
static bool in_first_namespace(void)
{
    struct stat st;
    return !stat("/proc/self/ns/pid", &st) && st.st_ino == FIRST_PID_NAMESPACE;
}

static bool in_container(const struct run_host *host)
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
static bool may_tune(const struct run_host *host)
{
    AUTO_FREE char *sys = xasprintf("%s/sys", host->root);
    return (*host->root || !geteuid()) && !access(sys, W_OK) && !in_container(host);
}

static int read_conf(struct run_host *host, struct error *err)
{
    int failed = host_conf_load(host->root, &host->conf, err);
    if (failed == ERROR_NOT_FOUND)
        return 0;
    if (failed)
        return failed;
    if (!tune_profile_parse(host->conf.profile, &host->profile))
        return error_set(err, ERROR_USAGE, "%s" HOST_CONF_FILE ": there is no profile '%s'",
                         host->root, host->conf.profile);
    if (host->conf.isolate == HOST_CONF_YES && host->profile == TUNE_SHARED)
        return error_set(err, ERROR_USAGE,
                         "%s" HOST_CONF_FILE ": isolate concerns everybody on the machine: it does "
                         "not go with the profile shared",
                         host->root);
    host->configured = true;
    return 0;
}

int run_host_open(struct run *run, struct error *err)
{
    const char *root = getenv(RUN_HOST_ROOT);
    struct run_host *host = xcalloc(1, sizeof(*host));
    run->host = host;
    host->root = xstrdup(root ? root : "");
    host->latency = -1;
    host->profile = TUNE_BARE_METAL;
    AUTO_FREE char *state = xasprintf("%s" HOST_STATE_DEFAULT, host->root);
    host_place_init(host->root, state, &host->place);
    int failed = read_conf(host, err);
    if (failed)
        return failed;
    if (run->request->tune == RUN_TUNE_REQUIRE && !host->configured && !in_container(host))
        return error_set(err, ERROR_FAILURE,
                         "--tune require: this machine has no " HOST_CONF_FILE
                         ": 'lance-bench host install' writes it");
    return host_process_of(getpid(), &host->self, err);
}

int run_host_cpus(const struct run *run, cpu_set_t *out, bool *found, struct error *err)
{
    const struct run_host *host = run->host;
    if (!host->configured)
        return 0;
    if (host->conf.cpus) {
        cpu_set_t usable;
        run_host_usable_cpus(run, &usable);
        int failed = cpu_list_parse_within(host->conf.cpus, &usable, out, err);
        *found = !failed;
        return failed ? error_wrap(err, "%s" HOST_CONF_FILE, host->root) : 0;
    }
    AUTO_TOPOLOGY struct topology topology = {0};
    cpu_set_t chosen, usable;
    if (topology_read(&host->place.io, &topology, NULL) ||
        topology_choose(&topology, &chosen, NULL))
        return 0;
    run_host_usable_cpus(run, &usable);
    CPU_AND(out, &chosen, &usable);
    *found = CPU_COUNT(out) > 0;
    return 0;
}

void run_host_usable_cpus(const struct run *run, cpu_set_t *out)
{
    bench_group_usable_cpus(&run->host->place, out);
}

int run_host_check_isolation(struct run *run, struct error *err)
{
    struct run_host *host = run->host;
    bool required = run->request->isolate == RUN_ISOLATE_REQUIRE;
    AUTO_BENCH_GROUP struct bench_group group = {0};
    bool by_conf = host->configured && host_conf_isolates(&host->conf);
    host->isolation.wanted =
        run->pinned && run->request->isolate != RUN_ISOLATE_OFF && (required || by_conf);
    if (!required || bench_group_find(&host->place, &group))
        return 0;
    if (!run->pinned)
        return error_set(err, ERROR_USAGE,
                         "--isolate require: benchmarks that may run everywhere have no CPUs to "
                         "themselves: give --cpus");
    if (!host->configured || run->request->tune == RUN_TUNE_OFF)
        return error_set(err, ERROR_FAILURE,
                         "--isolate require: nobody has isolated CPU %s, and run does so only "
                         "where it tunes: with " HOST_CONF_FILE " and without --tune off",
                         run->out->cpus);
    if (host->profile == TUNE_SHARED)
        return error_set(err, ERROR_USAGE,
                         "--isolate require: it concerns everybody on the machine: it does not go "
                         "with the profile shared");
    return 0;
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
static int verify(struct run *run, struct error *err)
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
static void end_job(struct run_host *host)
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

static int tune(struct run *run, struct error *err)
{
    struct run_host *host = run->host;
    struct tune_request request = request_of(run);
    struct error reason = ERROR_INIT;
    bool tuned = false;
    int failed = begin_job(host, &request, &tuned, &reason);
    if (!failed && tuned && isolated_in_vain(run, &request)) {
        end_job(host);
        free(take_ptr(host->isolation.group));
        request.isolate = false;
        failed = begin_job(host, &request, &tuned, &reason);
    }
    if (failed)
        return not_tuned(run, &reason, err);
    host->knows_others = true;
    if (!tuned) {
        host->by = "job";
        return verify(run, err);
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
static bool find_tuned(struct run_host *host)
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

/* Deep idle states make the first instructions after a wait slow; this lasts while it is open. */
static void hold_latency(struct run_host *host)
{
    static const int32_t microseconds = 0;
    AUTO_FREE char *path = xasprintf("%s" LATENCY_FILE, host->root);
    host->latency = open(path, O_WRONLY | O_CLOEXEC);
    host->wakeup = host->latency >= 0 ? "held" : errno == ENOENT ? "absent" : "refused";
    if (host->latency >= 0 &&
        write(host->latency, &microseconds, sizeof(microseconds)) != sizeof(microseconds))
        host->wakeup = "refused";
}

/* Benchmarks inherit it; the agent sleeps meanwhile. */
static void raise_priority(struct run_host *host)
{
    errno = 0;
    int before = getpriority(PRIO_PROCESS, 0);
    if (before == -1 && errno)
        return;
    host->nice_before = before;
    host->niced = !setpriority(PRIO_PROCESS, 0, RUN_HOST_NICE);
}

/* A run that died with its watcher may have been the last one that was to tune. */
static void sweep(const struct run_host *host)
{
    struct error reason = ERROR_INIT;
    if (may_tune(host) && host_jobs_sweep(&host->place, &reason))
        log_warning("%s", reason.message);
}

static int set_up(struct run *run, struct error *err)
{
    struct run_host *host = run->host;
    if (run->request->tune == RUN_TUNE_OFF) {
        host->state = "off";
        return 0;
    }
    if (!host->configured && !in_container(host)) {
        host->state = "not configured";
        log_info("the machine is measured as it is: it has no " HOST_CONF_FILE
                 "; 'lance-bench host show' says what tuning would change");
        return 0;
    }
    if (!find_tuned(host) && host->profile != TUNE_CONTAINER && may_tune(host)) {
        int failed = tune(run, err);
        if (failed)
            return failed;
    } else {
        int failed = verify(run, err);
        if (failed)
            return failed;
    }
    /* Both would be at the cost of neighbours. */
    if (host->profile == TUNE_BARE_METAL) {
        hold_latency(host);
        raise_priority(host);
    }
    return 0;
}

/* Why a machine that was to be isolated is not. */
static void note_refused(struct run_host *host)
{
    struct run_isolation *isolation = &host->isolation;
    run_isolation_note(isolation, &host->report);
    if (isolation->state)
        return;
    isolation->state = "refused";
    isolation->reason =
        host->by && strcmp(host->by, "run")
            ? xasprintf("the machine was tuned without it (by: %s)", host->by)
            : xstrdup(host->reason ? host->reason : "this process may not set the machine up");
}

/* Whether benchmarks can be pinned without entering a group. */
static bool reaches_cpus(const struct run *run)
{
    cpu_set_t own, missing;
    if (!run->pinned || sched_getaffinity(0, sizeof(own), &own))
        return true;
    cpu_mask_without(&run->cpus, &own, &missing);
    return !CPU_COUNT(&missing);
}

static int settle_isolation(struct run *run, struct error *err)
{
    struct run_host *host = run->host;
    struct run_isolation *isolation = &host->isolation;
    if (run->placement.group ||
        (!isolation->state && run_isolation_enter(isolation, &host->place, &run->placement))) {
        log_info("the benchmarks have CPU %s to themselves (%s)", run->out->cpus, isolation->kind);
        return 0;
    }
    if (isolation->wanted)
        note_refused(host);
    bool stuck = isolation->group && !reaches_cpus(run);
    if (stuck)
        return error_set(
            err, ERROR_FAILURE,
            "CPU %s is in the control group %s, and no benchmark can be put there: %s; "
            "give other --cpus, or 'lance-bench host restore'",
            run->out->cpus, isolation->group, isolation->reason);
    bool apart = isolation->state && !strcmp(isolation->state, "boot");
    if (run->request->isolate == RUN_ISOLATE_REQUIRE && !apart)
        return error_set(err, ERROR_FAILURE, "--isolate require: %s", isolation->reason);
    if (isolation->wanted && !apart)
        log_info("the benchmark CPUs are not isolated: %s", isolation->reason);
    return 0;
}

int run_host_begin(struct run *run, struct error *err)
{
    sweep(run->host);
    int failed = set_up(run, err);
    return failed ? failed : settle_isolation(run, err);
}

/* How many other jobs there were, as long as the entry of this one is there. */
static void count_others(struct run_host *host)
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

void run_host_end(struct run *run)
{
    struct run_host *host = run->host;
    count_others(host);
    if (host->niced)
        (void)setpriority(PRIO_PROCESS, 0, host->nice_before);
    if (host->latency >= 0)
        close(take_fd(&host->latency));
    if (run->placement.group)
        close(run->placement.group);
    run->placement.group = 0;
    end_job(host);
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

static void add_rows(struct strbuf *out, const struct tune_report *report)
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

char *run_host_json(const struct run *run)
{
    const struct run_host *host = run->host;
    if (!host || !host->state)
        return NULL;
    struct strbuf json = STRBUF_INIT;
    strbuf_addch(&json, '{');
    json_text(&json, "mode", mode_names[run->request->tune]);
    json_text(&json, "state", host->state);
    json_text(&json, "by", host->by);
    json_text(&json, "reason", host->reason);
    json_text(&json, "profile", host->configured ? tune_profile_name(host->profile) : NULL);
    json_text(&json, "cpu_dma_latency", host->wakeup);
    json_key(&json, "isolation");
    run_isolation_write(&host->isolation, &json);
    if (host->niced)
        json_integer(&json, "nice", RUN_HOST_NICE);
    else
        json_raw(&json, "nice", NULL);
    if (host->knows_others)
        json_integer(&json, "other_jobs", host->others);
    else
        json_raw(&json, "other_jobs", NULL);
    json_list(&json, "warnings", &host->report.warnings);
    add_rows(&json, &host->report);
    strbuf_addch(&json, '}');
    return strbuf_detach(&json);
}

void run_host_free(struct run_host *host)
{
    if (!host)
        return;
    end_job(host);
    if (host->latency >= 0)
        close(host->latency);
    host_place_release(&host->place);
    host_conf_release(&host->conf);
    tune_report_release(&host->report);
    run_isolation_release(&host->isolation);
    free(host->reason);
    free(host->root);
    free(host);
}
