#include "run/criterion.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "run/criterion_results.h"
#include "run/executable.h"

#include <string.h>

/* Text of the crate, from its messages and the variables that it reads. Any one is enough, since an
 * optimiser may turn a short one into numbers inside the code. */
static const char *const marks[] = {
    "CRITERION_HOME",
    "CARGO_CRITERION_PORT",
    "Criterion.rs ERROR: ",
    "when running with cargo-criterion",
};

bool criterion_is_harness(const struct sandbox *sandbox, const struct bench_target *target)
{
    return executable_has_text(sandbox, target->executable, marks, ARRAY_SIZE(marks));
}

static void arguments_of(const struct bench_target *target, struct strlist *argv)
{
    strlist_push(argv, target->executable);
    strlist_push(argv, "--bench");
    /* Its own charts would take longer than many a benchmark. */
    strlist_push(argv, "--noplot");
    if (target->filter)
        strlist_push(argv, target->filter);
    for (size_t i = 0; i < target->arguments.count; i++)
        strlist_push(argv, target->arguments.items[i]);
}

int criterion_list(const struct harness *harness, const struct bench_target *target,
                   struct strlist *names, struct error *err)
{
    AUTO_STRLIST struct strlist argv = STRLIST_INIT;
    arguments_of(target, &argv);
    return executable_list(harness, target, &argv, names, err);
}

/* "Benchmarking group/name: Analyzing" is the last that Criterion says before a result. */
static bool is_done(const char *text)
{
    return !strncmp(text, "Benchmarking ", 13) && text_ends_with(text, ": Analyzing");
}

static bool is_accepted(void *clock, const char *title)
{
    return cpu_clock_accepts(clock, title);
}

/* Leaves no result that is not CPU time of one thread. */
static int sift(const struct harness *harness, const char *folder, struct error *err)
{
    struct cpu_clock *clock = harness->cpu_clock;
    if (!clock)
        return 0;
    int failed = cpu_clock_read(harness->job, clock, err);
    size_t kept = 0;
    if (!failed)
        failed = criterion_results_sift(folder, is_accepted, clock, &kept, err);
    return failed || kept ? failed : cpu_clock_nothing_left(clock, err);
}

static bool is_empty(const char *folder)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    return dir_list(folder, &names, NULL) || !names.count;
}

int criterion_run(const struct harness *harness, const struct bench_target *target, char **results,
                  struct error *err)
{
    AUTO_FREE char *name = xasprintf("%s-%s", target->package, target->bench);
    AUTO_FREE char *folder = NULL;
    int failed = job_output_dir(harness->job, name, &folder, err);
    if (failed)
        return failed;
    AUTO_STRLIST struct strlist argv = STRLIST_INIT, env = STRLIST_INIT;
    arguments_of(target, &argv);
    for (size_t i = 0; i < harness->env->count; i++)
        strlist_push(&env, harness->env->items[i]);
    env_set(&env, "CRITERION_HOME", folder);
    failed =
        cpu_clock_set_up(harness->job, harness->cpu_clock, target, CPU_CLOCK_PHASES, &env, err);
    if (failed)
        return failed;

    struct harness_watch watch;
    harness_watch_init(&watch, harness, is_done);
    struct job_step step = executable_step(harness, target, name, &argv, &env);
    step.placement = harness->placement;
    step.count_events = harness->result;
    step.result = harness->result;
    step.on_stderr = harness_watch_output;
    step.on_tick = harness_watch_tick;
    step.context = &watch;
    failed = job_run_checked(harness->job, &step, err);
    if (failed)
        return failed;
    failed = job_check_output(folder, HARNESS_OUTPUT_MAX, err);
    if (failed)
        return failed;
    if (is_empty(folder))
        return error_set(err, ERROR_BUILD,
                         "bench %s of %s ended well and measured nothing; its output: %s",
                         target->bench, target->package, harness->job->logs);
    failed = sift(harness, folder, err);
    if (failed)
        return failed;
    *results = take_ptr(folder);
    return 0;
}
