#include "pipeline/run/run.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cpu_list.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "pipeline/run/cache.h"
#include "pipeline/run/run_commands.h"
#include "pipeline/run/run_host.h"
#include "pipeline/run/run_results.h"
#include "pipeline/run/run_state.h"
#include "store/records.h"

#include <stdio.h>
#include <string.h>

static void part_release(struct run_part *part)
{
    free(part->name);
    free(part->results);
    strlist_release(&part->expected);
    free(part->problem);
    free(part->evidence);
    free(part->disturbed);
}

void run_outcome_release(struct run_outcome *outcome)
{
    free(outcome->commit);
    free(outcome->version);
    free(outcome->project);
    free(outcome->run);
    free(outcome->toolchain);
    free(outcome->test_bed);
    free(outcome->config);
    free(outcome->cpus);
    free(outcome->sandbox);
    free(outcome->files);
    strlist_release(&outcome->plan);
    strlist_release(&outcome->skipped);
    for (size_t i = 0; i < outcome->part_count; i++)
        part_release(&outcome->parts[i]);
    free(outcome->parts);
    free(outcome->reason);
    *outcome = (struct run_outcome){0};
}

void run_init(struct run *run, const struct run_request *request, struct run_outcome *out)
{
    *run = (struct run){
        .request = request,
        .out = out,
        .checkout = CHECKOUT_INIT,
        .slot = {.lock = -1},
        .crates = {.lock = -1},
        .python = {.venv = {.lock = -1}, .data = {.lock = -1}},
        .started_s = clock_monotonic_s(),
        .started_at = clock_unix_s(),
        .job = {.lock = -1},
    };
    host_io_real(NULL, &run->io);
}

void run_release(struct run *run)
{
    checkout_release(&run->checkout);
    config_release(&run->config);
    slot_release(&run->slot);
    shared_dir_release(&run->crates);
    toolchain_release(&run->toolchain);
    run_host_free(run->host);
    free(run->rust_folder);
    free(run->python_folder);
    bench_targets_release(&run->targets);
    pytest_suite_release(&run->suite);
    python_release(&run->python);
    run_times_release(&run->times);
    host_io_release(&run->io);
    canary_release(&run->canary);
    free(run->machine_state);
    free(run->memory_nodes);
    job_release(&run->job);
}

struct run_part *run_add_part(struct run *run, const char *name, const char *format)
{
    struct run_outcome *out = run->out;
    ARRAY_RESERVE(out->parts, out->part_cap, out->part_count + 1);
    struct run_part *part = &out->parts[out->part_count++];
    *part = (struct run_part){.name = xstrdup(name), .format = format};
    return part;
}

struct bench_target *run_target_of(struct run *run, const struct run_part *part)
{
    for (size_t i = 0; i < run->targets.count; i++) {
        struct bench_target *target = &run->targets.items[i];
        AUTO_FREE char *name = xasprintf("%s/%s", target->package, target->bench);
        if (!strcmp(name, part->name))
            return target;
    }
    return NULL;
}

int run_part_failed(struct run *run, struct run_part *part, int failed, struct error *err)
{
    if (failed == ERROR_INTERRUPTED)
        return failed;
    free(part->problem);
    part->problem = xstrdup(err->message);
    if (!run->request->keep_going || (failed != ERROR_BUILD && failed != ERROR_NO_DATA))
        return failed;
    log_error("%s: %s", part->name, err->message);
    return 0;
}

/* Seconds that the parts from the one under way on took last time; negative when not known. */
static double estimate(const struct run *run)
{
    double left = 0;
    for (size_t i = run->part; i < run->out->part_count; i++) {
        double seconds = run_times_get(&run->times, run->out->parts[i].name);
        if (seconds < 0)
            return -1;
        left += seconds;
    }
    return left;
}

void run_show_progress(struct run *run, const char *what, double elapsed_s)
{
    char elapsed[TIME_ISO_SIZE], left[TIME_ISO_SIZE];
    duration_format(clock_monotonic_s() - run->started_s, elapsed);
    double seconds = run->measuring_since_s > 0 ? estimate(run) - elapsed_s : -1;
    if (seconds < 0) {
        log_progress("%s: %s, %s", run->stage, what, elapsed);
        return;
    }
    duration_format(seconds, left);
    log_progress("%s: %s, %s, about %s left", run->stage, what, elapsed, left);
}

/* --crate: those of the configuration that are named, else plain ones. */
static void select_crates(struct run *run)
{
    const struct strlist *names = &run->request->crates;
    struct rust_config *rust = &run->config.rust;
    if (!names->count)
        return;
    struct crate_config *chosen = xcalloc(names->count, sizeof(*chosen));
    for (size_t i = 0; i < names->count; i++) {
        chosen[i] =
            (struct crate_config){.name = xstrdup(names->items[i]), .default_features = true};
        for (size_t j = 0; j < rust->crate_count; j++)
            if (!strcmp(rust->crates[j].name, names->items[i])) {
                /* Swapped, so that both lists own what they hold. */
                struct crate_config known = rust->crates[j];
                rust->crates[j] = chosen[i];
                chosen[i] = known;
                break;
            }
    }
    struct rust_config old = {.crates = rust->crates, .crate_count = rust->crate_count};
    rust->crates = chosen;
    rust->crate_count = names->count;
    config_release(&(struct config){.rust = old});
}

static int override_wheel(struct run *run, struct error *err)
{
    struct python_config *python = &run->config.python;
    const char *version = run->request->wheel;
    if (!version)
        return 0;
    if (!python->present || !python->package)
        return error_set(err, ERROR_USAGE,
                         "--wheel %s: the configuration does not name the wheel: python.package",
                         version);
    python->build = PYTHON_WHEEL;
    free(python->version);
    python->version = xstrdup(version);
    return 0;
}

static void override_filters(struct run *run)
{
    const struct run_request *request = run->request;
    for (size_t i = 0; i < run->config.rust.crate_count; i++) {
        struct crate_config *crate = &run->config.rust.crates[i];
        for (size_t j = 0; j < request->features.count; j++)
            strlist_push(&crate->features, request->features.items[j]);
        /* Which of them are run is decided when it is known what there is. */
        if (request->benches.count)
            strlist_clear(&crate->benches);
    }
    if (request->filter) {
        free(run->config.python.filter);
        run->config.python.filter = xstrdup(request->filter);
    }
}

/* What the command line says wins over the configuration. */
static int apply_request(struct run *run, struct error *err)
{
    const struct run_request *request = run->request;
    bool commands = request->commands_only;
    if (commands || request->rust_only || request->crates.count || request->benches.count)
        run->config.python.present = false;
    if (commands || request->python_only || (request->wheel && !request->crates.count))
        run->config.rust.present = false;
    int unknown = run_commands_choose(run, err);
    if (unknown)
        return unknown;
    select_crates(run);
    if (request->features.count && !run->config.rust.crate_count)
        return error_set(err, ERROR_USAGE, "--features: of which crate? give --crate NAME");
    int failed = override_wheel(run, err);
    if (failed)
        return failed;
    override_filters(run);
    if (!run->config.rust.present && !run->config.python.present && !run->config.command_count)
        return error_set(err, ERROR_NO_DATA, "nothing is left to run of what %s describes",
                         run->config.source);
    return 0;
}

static int choose_cpus(struct run *run, struct error *err)
{
    const char *text = run->request->cpus;
    int failed = 0;
    if (!text)
        failed = run_host_cpus(run, &run->cpus, &run->pinned, err);
    if (!text && !run->pinned)
        text = run->config.cpus;
    if (failed || (!text && run->pinned)) {
        /* The machine's own configuration knows its CPUs better than the target's. */
    } else if (text && strcmp(text, "all")) {
        cpu_set_t usable;
        run_host_usable_cpus(run, &usable);
        failed = cpu_list_parse_within(text, &usable, &run->cpus, err);
        run->pinned = true;
    } else if (!text) {
        run->pinned = cpu_list_default(&run->cpus);
    }
    if (failed)
        return failed;
    run->out->cpus = run->pinned ? cpu_list_text(&run->cpus) : xstrdup("all");
    run->placement.cpus = run->pinned ? &run->cpus : NULL;
    return run_host_check_isolation(run, err);
}

static void choose_clock(struct run *run)
{
    enum run_clock asked = run->request->clock;
    run->cpu_clock = asked == RUN_CLOCK_CPU ||
                     (asked == RUN_CLOCK_CONFIGURED && run->config.clock == CONFIG_CLOCK_CPU);
    run->out->clock = run->cpu_clock ? "cpu" : "wall";
}

static int check_out(struct run *run, struct error *err)
{
    run->stage = "checkout";
    const struct checkout_request request = {
        .remote = run->request->remote,
        .revision = run->request->revision,
        .ca_file = run->request->ca_file,
    };
    int failed = checkout_commit(&request, &run->checkout, err);
    if (failed)
        return failed;
    failed = config_load(run->request->config, run->checkout.path, &run->config, err);
    if (failed)
        return failed;
    struct run_outcome *out = run->out;
    const char *project = run->request->project ? run->request->project
                          : run->config.project ? run->config.project
                                                : run->checkout.project;
    out->project = xstrdup(project);
    out->commit = xstrdup(run->checkout.commit.id);
    out->config = xstrdup(run->config.source);
    choose_clock(run);
    failed = apply_request(run, err);
    if (!failed)
        failed = choose_cpus(run, err);
    if (failed)
        return failed;
    const struct python_config *python = &run->config.python;
    out->version =
        python->present && python->build == PYTHON_WHEEL && python->version
            ? xasprintf("%s+%.*s", python->version, COMMIT_SHORT_LEN, run->checkout.commit.id)
            : xstrdup(run->checkout.version);
    log_info("%s %s, commit %.12s", out->project, out->version, out->commit);
    return 0;
}

static int probe_sandbox(struct run *run, struct sandbox_report *report, struct error *err)
{
    if (run->request->pull_request && run->request->sandbox == SANDBOX_OFF)
        return error_set(err, ERROR_USAGE,
                         "a pull request is foreign code: it is never run with --sandbox off");
    int failed = sandbox_probe(run->request->sandbox, report, err);
    if (failed)
        return failed;
    run->out->sandbox = sandbox_report_text(report);
    if (run->request->pull_request && !sandbox_fit_for_strangers(report)) {
        AUTO_FREE char *missing = strlist_join(&report->missing, "; ");
        sandbox_report_release(report);
        return error_set(err, ERROR_FAILURE,
                         "a pull request is foreign code, and this machine cannot hold it: %s",
                         missing);
    }
    for (size_t i = 0; i < report->missing.count; i++)
        log_warning("the sandbox lacks %s", report->missing.items[i]);
    return 0;
}

static int find_toolchain(struct run *run, struct error *err)
{
    bool for_python = run->config.python.present && run->config.python.build == PYTHON_MATURIN;
    if (!run->config.rust.present && !for_python)
        return 0;
    const char *folder =
        run->config.rust.present ? run->config.rust.folder : run->config.python.folder;
    AUTO_FREE char *path = path_join(run->checkout.path, folder ? folder : ".");
    const char *override =
        run->request->toolchain ? run->request->toolchain : run->config.rust.toolchain;
    int failed = toolchain_find(run->checkout.path, path, override, &run->toolchain, err);
    if (failed)
        return failed;
    run->out->toolchain = xstrdup(run->toolchain.name);
    if (run->toolchain.asked && override && strcmp(run->toolchain.asked, override))
        log_warning("building with Rust %s, although the target asks for %s", run->toolchain.name,
                    run->toolchain.asked);
    return 0;
}

int run_build(struct run *run, struct error *err)
{
    run->stage = "build";
    int failed = run->config.rust.present ? run_build_rust(run, err) : 0;
    if (!failed && run->config.python.present)
        failed = run_build_python(run, err);
    if (!failed)
        failed = run_commands_build(run, err);
    if (!failed && !run->out->part_count)
        failed = error_set(err, ERROR_NO_DATA, "there is no benchmark to run");
    return failed ? failed : run_list_parts(run, err);
}

static int run_stages(struct run *run, struct error *err)
{
    int failed = run_build(run, err);
    if (failed || run->request->mode != RUN_MEASURE)
        return failed;
    failed = run_host_begin(run, err);
    if (!failed)
        failed = run_measure(run, err);
    run_host_end(run);
    return failed;
}

/* Whether every part was measured, or why not. */
static int verdict(const struct run *run, struct error *err)
{
    size_t broken = 0;
    const struct run_part *first = NULL;
    for (size_t i = 0; i < run->out->part_count; i++)
        if (run->out->parts[i].problem) {
            first = first ? first : &run->out->parts[i];
            broken++;
        }
    if (!first)
        return 0;
    AUTO_FREE char *more = broken > 1 ? xasprintf(" (and %zu more)", broken - 1) : xstrdup("");
    return error_set(err, ERROR_BUILD, "%s: %s%s", first->name, first->problem, more);
}

/* A build folder that foreign code has filled is no cache. */
static void drop_full_slot(struct run *run)
{
    uint64_t available = 0;
    if (!run->slot.source || disk_free_bytes(run->job.path, &available, NULL) ||
        available >= run->job.disk_floor)
        return;
    log_warning("the disk is full: the build folder %s is removed", run->slot.path);
    if (tree_retire(run->slot.source, NULL) || tree_retire(run->slot.target, NULL))
        log_warning("%s could not be removed", run->slot.path);
}

void run_close(struct run *run, int failed)
{
    log_progress_clear();
    if (!run->job.path)
        return;
    bool keep_logs = failed && failed != ERROR_INTERRUPTED;
    AUTO_FREE char *keep = path_join(run->job.path, CACHE_KEEP);
    if (run->request->keep_files && file_write_atomic(keep, "", 0, NULL))
        log_warning("the job's files may not be kept: %s cannot be written", keep);
    else if (keep_logs && !run->request->keep_files)
        job_keep_logs(run->job.path);
    drop_full_slot(run);
    if (keep_logs || run->request->keep_files) {
        run->out->files = xstrdup(run->job.path);
        return;
    }
    /* Closed first: both may lie in the job's folder. */
    slot_release(&run->slot);
    shared_dir_release(&run->crates);
    job_remove(&run->job);
}

/* `failed` is how the run went. Whoever gets the job next measures all of it. */
static int pass_fence(const struct run *run, int failed, struct error *err)
{
    const struct run_fence *fence = run->request->fence;
    if (!fence)
        return 0;
    return failed == ERROR_INTERRUPTED ? failed : fence->pass(fence->context, err);
}

static int run_in_job(struct run *run, struct error *err)
{
    int failed = run_stages(run, err);
    if (!failed)
        failed = verdict(run, err);
    if (run->request->mode == RUN_MEASURE) {
        struct error refusal = failed ? *err : (struct error)ERROR_INIT;
        int refused = pass_fence(run, failed, &refusal);
        if (refused) {
            *err = refusal;
            return refused;
        }
        /* What was measured before Ctrl-C is still to be stored. */
        if (failed == ERROR_INTERRUPTED)
            interrupt_clear();
        struct error reason = ERROR_INIT;
        int unstored = run_store(run, failed, failed ? err : NULL, &reason);
        if (unstored && (!failed || unstored == ERROR_INTERRUPTED)) {
            failed = unstored;
            *err = reason;
        } else if (unstored) {
            log_error("%s", reason.message);
        }
    }
    return failed;
}

int run_open(struct run *run, struct error *err)
{
    struct sandbox_report report = {0};
    sandbox_protect_agent();
    int failed = probe_sandbox(run, &report, err);
    if (!failed)
        failed = run_host_open(run, err);
    if (!failed)
        failed = check_out(run, err);
    if (!failed)
        failed = find_toolchain(run, err);
    if (failed || run->request->mode == RUN_DRY) {
        sandbox_report_release(&report);
        return failed;
    }
    run_times_load(&run->times, run->out->project);
    cache_sweep_jobs();
    return run_open_job(run, &report, err);
}

int run_commit(const struct run_request *request, struct run_outcome *out, struct error *err)
{
    AUTO_RUN struct run run = {0};
    run_init(&run, request, out);
    int failed = request->results_dir ? run_results_check(request->results_dir, err) : 0;
    if (!failed)
        failed = run_open(&run, err);
    if (!failed && request->mode == RUN_DRY)
        run_plan(&run);
    else if (!failed)
        failed = run_in_job(&run, err);
    run_close(&run, failed);
    return failed;
}
