#include "pipeline/run/run_host.h"

#include "base/alloc.h"
#include "base/cpu_list.h"
#include "base/cpu_mask.h"
#include "base/json_write.h"
#include "base/log.h"
#include "host/topology.h"
#include "pipeline/run/run_isolation.h"
#include "pipeline/run/run_tune.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LATENCY_FILE "/dev/cpu_dma_latency"

static const char *const mode_names[] = {
    [RUN_TUNE_AUTO] = "auto", [RUN_TUNE_OFF] = "off", [RUN_TUNE_REQUIRE] = "require"};

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
    if (run->request->tune == RUN_TUNE_REQUIRE && !host->configured && !run_tune_in_container(host))
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

static int set_up(struct run *run, struct error *err)
{
    struct run_host *host = run->host;
    if (run->request->tune == RUN_TUNE_OFF) {
        host->state = "off";
        return 0;
    }
    if (!host->configured && !run_tune_in_container(host)) {
        host->state = "not configured";
        log_info("the machine is measured as it is: it has no " HOST_CONF_FILE
                 "; 'lance-bench host show' says what tuning would change");
        return 0;
    }
    if (!run_tune_find(host) && host->profile != TUNE_CONTAINER && run_tune_may(host)) {
        int failed = run_tune_set(run, err);
        if (failed)
            return failed;
    } else {
        int failed = run_tune_verify(run, err);
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
    run_tune_sweep(run->host);
    int failed = set_up(run, err);
    return failed ? failed : settle_isolation(run, err);
}

void run_host_end(struct run *run)
{
    struct run_host *host = run->host;
    run_tune_count_others(host);
    if (host->niced)
        (void)setpriority(PRIO_PROCESS, 0, host->nice_before);
    if (host->latency >= 0)
        close(take_fd(&host->latency));
    if (run->placement.group)
        close(run->placement.group);
    run->placement.group = 0;
    run_tune_end(host);
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
    run_tune_write_rows(&json, &host->report);
    strbuf_addch(&json, '}');
    return strbuf_detach(&json);
}

void run_host_free(struct run_host *host)
{
    if (!host)
        return;
    run_tune_end(host);
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
