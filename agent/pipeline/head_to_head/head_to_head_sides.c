/* compare --measure: both commits built, and copied to where they are run. */
#include "pipeline/head_to_head/head_to_head_state.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"

#include <string.h>
#include <unistd.h>

#define COPY_TIMEOUT_S 3600.0

/* Copied by the sandbox's user: what is in there, links too, is foreign, and a pull request's build
 * is seen from within the sandbox alone. */
static int copy(struct run *run, const char *from, const char *to, struct error *err)
{
    static const char *const words[] = {"/bin/cp", "-R", "-P", "-p"};
    AUTO_STRLIST struct strlist argv = STRLIST_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        strlist_push(&argv, words[i]);
    strlist_push(&argv, from);
    strlist_push(&argv, to);
    const struct job_step step = {
        .name = "copy", .argv = &argv, .cwd = run->job.out, .timeout_s = COPY_TIMEOUT_S};
    return job_run_checked(&run->job, &step, err);
}

/* `path` below the folder `from` becomes one below `to`. */
static void move_path(char **path, const char *from, const char *to)
{
    size_t len = strlen(from);
    if (!*path || strncmp(*path, from, len) || ((*path)[len] && (*path)[len] != '/'))
        return;
    char *moved = xasprintf("%s%s", to, *path + len);
    free(*path);
    *path = moved;
}

/* PYTHONPATH names the suite's folder first. */
static void move_suite(struct pytest_suite *suite, const char *from, const char *to)
{
    const char *imports = suite->python ? env_get(&suite->env, "PYTHONPATH") : NULL;
    move_path(&suite->folder, from, to);
    if (!imports)
        return;
    const char *rest = strchr(imports, ':');
    AUTO_FREE char *moved = xasprintf("%s%s", suite->folder, rest ? rest : "");
    env_set(&suite->env, "PYTHONPATH", moved);
}

int side_copy_executables(struct side *side, struct error *err)
{
    struct run *run = &side->run;
    for (size_t i = 0; i < run->targets.count; i++) {
        struct bench_target *target = &run->targets.items[i];
        AUTO_FREE char *folder = NULL;
        AUTO_FREE char *name = xasprintf("copy-%d-%zu", side->copies, i);
        if (!target->executable || (side->layouts && side->layouts[i]))
            continue;
        int failed = job_output_dir(&run->job, name, &folder, err);
        if (!failed)
            failed = copy(run, target->executable, folder, err);
        if (failed)
            return failed;
        char *copied = path_join(folder, path_basename(target->executable));
        free(target->executable);
        target->executable = copied;
    }
    side->copies++;
    return 0;
}

/* The other side is built at the same place, so what is there is copied first. */
static int leave_slot(struct match *match, struct side *side, struct error *err)
{
    struct run *run = &side->run;
    AUTO_FREE char *folder = NULL;
    AUTO_FREE char *from = path_join(run->slot.source, ".");
    int failed = job_output_dir(&run->job, "source", &folder, err);
    if (!failed)
        failed = copy(run, from, folder, err);
    if (!failed)
        failed = side_copy_executables(side, err);
    if (!failed)
        failed = side_link_layouts(match, side, err);
    if (failed)
        return failed;
    for (size_t i = 0; i < run->targets.count; i++)
        move_path(&run->targets.items[i].folder, run->slot.source, folder);
    move_suite(&run->suite, run->slot.source, folder);
    free(run->slot.source);
    run->slot.source = take_ptr(folder);
    int *const locks[] = {&run->slot.lock, &run->crates.lock, &run->python.venv.lock,
                          &run->python.data.lock};
    for (size_t i = 0; i < ARRAY_SIZE(locks); i++)
        if (*locks[i] >= 0)
            close(take_fd(locks[i]));
    return 0;
}

/* CPU time leaves out what the other process had of the CPU, so that both can have it at once. */
static int choose_order(struct match *match, struct error *err)
{
    const struct run *head = &match->sides[HEAD].run;
    enum head_to_head_order order = match->request->order;
    match->out->together = order != PAIRS_IN_TURN && head->cpu_clock && head->pinned;
    if (order != PAIRS_TOGETHER || match->out->together)
        return 0;
    return error_set(err, ERROR_USAGE, "--pairs together needs %s",
                     head->cpu_clock ? "a CPU that benchmarks are pinned to: --cpus N"
                                     : "--clock cpu: wall time counts what the other process had");
}

static int build_side(struct match *match, int which, struct error *err)
{
    struct side *side = &match->sides[which];
    int failed = run_open(&side->run, err);
    if (!failed && which == HEAD)
        failed = choose_order(match, err);
    if (!failed)
        failed = run_build(&side->run, err);
    if (!failed)
        failed = leave_slot(match, side, err);
    return failed ? error_wrap(err, "%s %s", side->name, side->request.revision) : 0;
}

/* HEAD's own file, where it has one: BASE is to run the same. */
static void hand_on_config(struct match *match)
{
    struct side *base = &match->sides[BASE];
    const struct run *head = &match->sides[HEAD].run;
    if (match->request->run->config)
        return;
    AUTO_FREE char *path = path_join(head->checkout.path, CONFIG_FILE);
    if (!path_exists(path))
        return;
    base->config = take_ptr(path);
    base->request.config = base->config;
    base->request.config_is_targets = true;
}

/* How long each process measures one benchmark. */
static void set_measurement_time(struct run *run, double seconds)
{
    if (seconds <= 0)
        return;
    for (size_t i = 0; i < run->targets.count; i++) {
        struct strlist *arguments = &run->targets.items[i].arguments;
        if (run->targets.items[i].harness != BENCH_CRITERION)
            continue;
        strlist_pushf(arguments, "--measurement-time=%g", seconds);
        strlist_pushf(arguments, "--warm-up-time=%g", seconds / 4);
        strlist_push(arguments, "--sample-size=10");
        /* What it computes by resampling is not looked at, and takes longer than the samples. */
        strlist_push(arguments, "--nresamples=1001");
    }
    if (run->has_suite)
        strlist_pushf(&run->suite.arguments, "--benchmark-max-time=%g", seconds);
}

int sides_build(struct match *match, struct error *err)
{
    match_draw_layouts(match);
    int failed = build_side(match, HEAD, err);
    if (failed)
        return failed;
    hand_on_config(match);
    failed = build_side(match, BASE, err);
    if (failed)
        return failed;
    for (int i = 0; i < SIDES; i++)
        set_measurement_time(&match->sides[i].run, match->request->measurement_s);
    const struct run *head = &match->sides[HEAD].run;
    struct run *base = &match->sides[BASE].run;
    base->cpu_clock = head->cpu_clock;
    base->pinned = head->pinned;
    base->cpus = head->cpus;
    log_info("both are built: base %.12s, head %.12s", match->sides[BASE].outcome.commit,
             match->sides[HEAD].outcome.commit);
    return 0;
}
