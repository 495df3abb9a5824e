/* run: listing and measuring. */
#include "pipeline/run/run_state.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cpu_mask.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "pipeline/run/pytest_results.h"
#include "pipeline/run/run_clock.h"
#include "pipeline/run/run_commands.h"
#include "pipeline/run/run_evidence.h"
#include "pipeline/run/run_memory.h"
#include "run/criterion.h"
#include "run/libtest.h"
#include "run/pytest.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

static void show_benchmark(void *context, size_t done, double elapsed_s)
{
    struct run *run = context;
    const struct run_part *part = &run->out->parts[run->part];
    size_t total = 0;
    for (size_t i = 0; i < run->out->part_count; i++)
        total += run->out->parts[i].expected.count;
    size_t at = run->names_before + done + 1;
    AUTO_FREE char *what = at <= total && part->expected.count
                               ? xasprintf("%s, benchmark %zu of %zu", part->name, at, total)
                               : xasprintf("%s, %zu benchmarks done", part->name, done);
    run_show_progress(run, what, elapsed_s);
}

static void environment_of(struct run *run, const struct bench_target *target, struct strlist *env)
{
    if (!target)
        return;
    const struct cargo cargo = {
        .slot = &run->slot, .toolchain = &run->toolchain, .home = run->crates.tree};
    cargo_bench_env(&cargo, target, env);
}

static struct harness harness_of(struct run *run, const struct run_part *part,
                                 const struct strlist *env)
{
    const struct command_config *command = run_command_of(run, part);
    double configured = command                           ? command->timeout_s
                        : !strcmp(part->format, "pytest") ? run->config.python.timeout_s
                                                          : run->config.rust.timeout_s;
    return (struct harness){
        .job = &run->job,
        .env = env,
        .placement = run->placement,
        .timeout_s = run->request->timeout_s > 0 ? run->request->timeout_s : configured,
        .output_limit = run->request->output_limit,
        .on_progress = show_benchmark,
        .context = run,
    };
}

static int list_part(struct run *run, struct run_part *part, struct error *err)
{
    struct bench_target *target = run_target_of(run, part);
    AUTO_STRLIST struct strlist env = STRLIST_INIT;
    environment_of(run, target, &env);
    struct harness harness = harness_of(run, part, &env);
    if (target && target->harness == BENCH_LIBTEST)
        return libtest_list(&harness, target, &part->expected, err);
    if (target)
        return criterion_list(&harness, target, &part->expected, err);
    if (run_command_of(run, part))
        return run_command_list(run, &harness, part, err);
    /* pytest collects plain tests too, so that its list is not what will be measured. */
    return run->request->mode == RUN_LIST ? pytest_list(&harness, &run->suite, &part->expected, err)
                                          : 0;
}

int run_list_parts(struct run *run, struct error *err)
{
    run->stage = "list";
    for (size_t i = 0; i < run->out->part_count; i++) {
        struct run_part *part = &run->out->parts[i];
        int failed = part->problem ? 0 : list_part(run, part, err);
        if (failed)
            failed = run_part_failed(run, part, failed, err);
        if (failed)
            return failed;
    }
    return 0;
}

static int measure_suite(struct run *run, const struct harness *harness, struct run_part *part,
                         struct error *err)
{
    AUTO_PYTEST_OUTCOME struct pytest_outcome outcome = {0};
    int failed = pytest_run(harness, &run->suite, &outcome, err);
    if (failed)
        return failed;
    if (outcome.failed.count) {
        AUTO_FREE char *names = strlist_join(&outcome.failed, ", ");
        part->problem = xasprintf("%zu tests failed: %s", outcome.failed.count, names);
        log_error("pytest: %s; the log is in %s", part->problem, run->job.logs);
    }
    /* A test that failed behind its measurement stands among the results as if it had not. */
    for (size_t i = 0; harness->cpu_clock && i < harness->cpu_clock->refused.count; i++)
        strlist_push(&outcome.failed, harness->cpu_clock->refused.items[i]);
    AUTO_FREE char *filtered = path_join(run->job.path, "pytest.json");
    failed = pytest_results_without(outcome.results, &outcome.failed, filtered, err);
    if (failed == ERROR_BUILD && harness->cpu_clock && harness->cpu_clock->refused.count)
        failed = cpu_clock_nothing_left(harness->cpu_clock, err);
    if (!failed)
        part->results = take_ptr(filtered);
    return failed;
}

static int measure_process(struct run *run, struct bench_target *target,
                           const struct harness *harness, struct run_part *part, struct error *err)
{
    if (run_command_of(run, part))
        return run_command_measure(run, harness, part, err);
    if (!target)
        return measure_suite(run, harness, part, err);
    return target->harness == BENCH_LIBTEST ? libtest_run(harness, target, &part->results, err)
                                            : criterion_run(harness, target, &part->results, err);
}

/* An attempt before has left what is not to count. */
static void forget_attempt(struct run_part *part)
{
    free(take_ptr(part->results));
    free(take_ptr(part->problem));
}

/* Until it was measured undisturbed, or often enough. */
static int measure_attempts(struct run *run, struct bench_target *target,
                            const struct harness *given, struct run_part *part, struct error *err)
{
    AUTO_RUN_EVIDENCE struct run_evidence evidence = {0};
    AUTO_CPU_CLOCK struct cpu_clock clock = {0};
    struct harness harness = *given;
    harness.result = &evidence.result;
    harness.cpu_clock = run->cpu_clock ? &clock : NULL;
    AUTO_FREE char *program = run_command_executable(run, part);
    run_evidence_open(run, target ? target->executable : program, &evidence);
    do {
        forget_attempt(part);
        evidence.page_cache =
            run_command_of(run, part) ? PAGE_CACHE_KEPT : run_page_cache(run, target);
        run_evidence_begin(run, &evidence);
        int failed = measure_process(run, target, &harness, part, err);
        if (failed)
            return failed;
    } while (run_evidence_end(run, &evidence, part));
    if (run->cpu_clock)
        run_clock_note(&clock, part);
    return 0;
}

int run_measure_once(struct run *run, struct run_part *part, const struct strlist *variables,
                     bool *spoiled, struct error *err)
{
    struct bench_target *target = run_target_of(run, part);
    AUTO_STRLIST struct strlist env = STRLIST_INIT;
    AUTO_RUN_EVIDENCE struct run_evidence evidence = {0};
    AUTO_CPU_CLOCK struct cpu_clock clock = {0};
    environment_of(run, target, &env);
    for (size_t i = 0; i < variables->count; i++)
        strlist_push(&env, variables->items[i]);
    struct harness harness = harness_of(run, part, &env);
    harness.on_progress = NULL;
    harness.result = &evidence.result;
    harness.cpu_clock = run->cpu_clock ? &clock : NULL;
    forget_attempt(part);
    if (!run_command_of(run, part))
        (void)run_page_cache(run, target);
    run_evidence_begin(run, &evidence);
    int failed = measure_process(run, target, &harness, part, err);
    if (!failed)
        *spoiled = run_evidence_spoiled(run, &evidence);
    return failed;
}

static int measure_part(struct run *run, struct run_part *part, struct error *err)
{
    struct bench_target *target = run_target_of(run, part);
    AUTO_STRLIST struct strlist env = STRLIST_INIT;
    environment_of(run, target, &env);
    struct harness harness = harness_of(run, part, &env);
    int stopped = run_canary(run, false, err);
    if (stopped)
        return stopped;
    log_info("running %s%s%s", part->name, run->pinned ? " on CPU " : "",
             run->pinned ? run->out->cpus : "");
    double start = clock_monotonic_s();
    int failed = measure_attempts(run, target, &harness, part, err);
    part->seconds = clock_monotonic_s() - start;
    if (failed)
        return failed;
    char took[TIME_ISO_SIZE];
    duration_format(part->seconds, took);
    log_info("%s took %s", part->name, took);
    run_times_set(&run->times, part->name, part->seconds);
    return 0;
}

/* The agent keeps off the CPUs that are measured on. */
static void step_aside(const struct run *run, cpu_set_t *before)
{
    cpu_set_t rest;
    if (!run->pinned || sched_getaffinity(0, sizeof(*before), before))
        return;
    cpu_mask_without(before, &run->cpus, &rest);
    if (CPU_EQUAL(&rest, before))
        CPU_ZERO(before); /* isolation has moved it already, and moves it back */
    else if (CPU_COUNT(&rest))
        (void)sched_setaffinity(0, sizeof(rest), &rest);
}

static int measure_all(struct run *run, void *context, struct error *err)
{
    (void)context;
    for (run->part = 0; run->part < run->out->part_count; run->part++) {
        struct run_part *part = &run->out->parts[run->part];
        int failed = part->problem ? 0 : measure_part(run, part, err);
        if (failed)
            failed = run_part_failed(run, part, failed, err);
        if (failed)
            return failed;
        run->names_before += part->expected.count;
    }
    return 0;
}

int run_measure(struct run *run, struct error *err)
{
    int failed = run_measure_with(run, measure_all, NULL, err);
    run_times_save(&run->times, run->out->project);
    return failed;
}

int run_measure_with(struct run *run,
                     int (*measure)(struct run *run, void *context, struct error *err),
                     void *context, struct error *err)
{
    run->stage = "run";
    run->measuring_since_s = clock_monotonic_s();
    cpu_set_t before;
    CPU_ZERO(&before);
    step_aside(run, &before);
    run_evidence_machine(run);
    run->memory_nodes = run_memory_bind(run);
    int failed = measure(run, context, err);
    int stopped = failed ? 0 : run_canary(run, true, err);
    failed = failed ? failed : stopped;
    if (run->memory_nodes)
        run_memory_unbind();
    run_canary_report(run);
    if (CPU_COUNT(&before))
        (void)sched_setaffinity(0, sizeof(before), &before);
    return failed;
}
