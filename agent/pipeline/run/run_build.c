/* run: building what is to be measured. */
#include "pipeline/run/run_state.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/suggest.h"
#include "run/criterion.h"
#include "run/libtest.h"

#include <stdio.h>
#include <string.h>

struct build_progress {
    struct run *run;
    const char *package;
};

static void show_crates(void *context, size_t crates_built, double elapsed_s)
{
    const struct build_progress *progress = context;
    AUTO_FREE char *what = xasprintf("%s, %zu crates built", progress->package, crates_built);
    run_show_progress(progress->run, what, elapsed_s);
}

static struct cargo cargo_of(struct run *run, const char *folder, struct build_progress *progress)
{
    return (struct cargo){
        .job = &run->job,
        .slot = &run->slot,
        .toolchain = &run->toolchain,
        .config = &run->config.rust,
        .home = run->crates.tree,
        .folder = folder,
        .jobs = run->request->jobs,
        .timeout_s = run->request->build_timeout_s,
        .on_progress = progress ? show_crates : NULL,
        .context = progress,
    };
}

static char *source_folder(const struct run *run, const char *folder)
{
    return folder && strcmp(folder, ".") ? path_join(run->slot.source, folder)
                                         : xstrdup(run->slot.source);
}

static void set_filters(struct run *run)
{
    for (size_t i = 0; run->request->filter && i < run->targets.count; i++) {
        free(run->targets.items[i].filter);
        run->targets.items[i].filter = xstrdup(run->request->filter);
    }
}

static int no_such_bench(const struct run *run, const char *name, struct error *err)
{
    AUTO_STRLIST struct strlist known = STRLIST_INIT;
    for (size_t i = 0; i < run->targets.count; i++)
        if (run->targets.items[i].bench)
            strlist_push(&known, run->targets.items[i].bench);
    const char *near = suggest(name, (const char *const *)known.items, known.count);
    return error_set(err, ERROR_USAGE, "--bench %s: there is none%s%s%s", name,
                     near ? ", did you mean " : "", near ? near : "", near ? "?" : "");
}

static bool is_named_before(const struct strlist *names, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (!strcmp(names->items[i], names->items[index]))
            return true;
    return false;
}

/* --bench: those targets alone, in the order of the command line. */
static int select_benches(struct run *run, struct error *err)
{
    const struct strlist *wanted = &run->request->benches;
    AUTO_BENCH_TARGETS struct bench_targets kept = {0};
    set_filters(run);
    for (size_t i = 0; i < wanted->count; i++) {
        size_t before = kept.count;
        if (is_named_before(wanted, i))
            continue;
        for (size_t j = 0; j < run->targets.count; j++) {
            struct bench_target *target = &run->targets.items[j];
            if (!target->bench || strcmp(target->bench, wanted->items[i]))
                continue;
            *bench_targets_add(&kept) = *target;
            *target = (struct bench_target){0};
        }
        if (kept.count == before)
            return no_such_bench(run, wanted->items[i], err);
    }
    if (!wanted->count)
        return 0;
    bench_targets_release(&run->targets);
    run->targets = kept;
    kept = (struct bench_targets){0};
    return 0;
}

/* Says what made the executable; false: none that this program knows. */
static bool find_harness(const struct run *run, struct bench_target *target)
{
    const struct sandbox *sandbox = &run->job.sandbox;
    bool criterion = criterion_is_harness(sandbox, target);
    target->harness = criterion ? BENCH_CRITERION : BENCH_LIBTEST;
    return criterion || libtest_is_harness(sandbox, target);
}

/* The parts of one package: those of known harnesses are run, the others named. */
static void add_parts(struct run *run, const char *package, const char *problem)
{
    for (size_t i = 0; i < run->targets.count; i++) {
        struct bench_target *target = &run->targets.items[i];
        if (strcmp(target->package, package))
            continue;
        AUTO_FREE char *name = xasprintf("%s/%s", target->package, target->bench);
        if (!problem && !find_harness(run, target)) {
            log_info("%s is left out: it is made neither with Criterion nor with #[bench]", name);
            strlist_pushf(&run->out->skipped, "%s: made neither with Criterion nor with #[bench]",
                          name);
            continue;
        }
        bool is_libtest = target->harness == BENCH_LIBTEST;
        struct run_part *part = run_add_part(run, name, is_libtest ? "libtest" : "criterion");
        part->problem = xstrdup(problem);
    }
}

static int build_package(struct run *run, const char *package, struct error *err)
{
    struct build_progress progress = {run, package};
    struct cargo cargo = cargo_of(run, run->rust_folder, &progress);
    double start = clock_monotonic_s();
    log_info("building the benches of %s", package);
    int failed = cargo_build(&cargo, package, &run->targets, err);
    if (failed == ERROR_BUILD) {
        add_parts(run, package, err->message);
        if (!run->request->keep_going)
            return failed;
        log_error("%s", err->message);
        return 0;
    }
    if (failed)
        return failed;
    char took[TIME_ISO_SIZE];
    duration_format(clock_monotonic_s() - start, took);
    log_info("built the benches of %s in %s", package, took);
    add_parts(run, package, NULL);
    return 0;
}

static bool seen_before(const struct bench_targets *targets, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (!strcmp(targets->items[i].package, targets->items[index].package))
            return true;
    return false;
}

int run_build_rust(struct run *run, struct error *err)
{
    run->rust_folder = source_folder(run, run->config.rust.folder);
    struct build_progress progress = {run, "dependencies"};
    struct cargo cargo = cargo_of(run, run->rust_folder, &progress);
    log_info("fetching the crates, Rust %s", run->toolchain.name);
    int failed = cargo_fetch(&cargo, err);
    if (!failed)
        failed = shared_dir_mark(&run->crates, "downloaded crates", err);
    if (!failed)
        failed = cargo_targets(&cargo, &run->targets, err);
    if (failed == ERROR_NO_DATA && (run->config.python.present || run->config.command_count)) {
        log_info("%s", err->message);
        return 0;
    }
    if (!failed)
        failed = select_benches(run, err);
    for (size_t i = 0; !failed && i < run->targets.count; i++)
        if (!seen_before(&run->targets, i))
            failed = build_package(run, run->targets.items[i].package, err);
    return failed;
}

int run_relink(struct run *run, const struct relink *asked, bool *out, struct error *err)
{
    struct cargo cargo = cargo_of(run, run->rust_folder, NULL);
    return relink(&cargo, asked, out, err);
}

static void prepare_python(struct run *run)
{
    run->python_folder = source_folder(run, run->config.python.folder);
    run->python_cargo = cargo_of(run, run->python_folder, NULL);
    run->python.job = &run->job;
    run->python.slot = &run->slot;
    run->python.config = &run->config.python;
    run->python.cargo = run->toolchain.cargo ? &run->python_cargo : NULL;
    run->python.interpreter = run->request->interpreter;
    run->python.throw_away = run->request->pull_request;
    run->python.keep_going = run->request->keep_going;
}

int run_build_python(struct run *run, struct error *err)
{
    prepare_python(run);
    struct run_part *part = run_add_part(run, "pytest", "pytest");
    log_info("building the Python suite %s", run->config.python.suite);
    int failed = python_build(&run->python, &run->suite, err);
    run->has_suite = !failed;
    return failed ? run_part_failed(run, part, failed, err) : 0;
}
