#include "build/relink.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "build/cargo_message.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define TOOLS "linkers"
#define VARIABLE "LANCE_BENCH_RELINK"
#define BYTES_MAX ((uint64_t)1 << 40) /* of all programs together */
#define REMOVE_TIMEOUT_S 60.0

/* relink.sh */
extern const char build_relink[], build_relink_end[];

/* What rustc looks for in PATH; a linker that is named by its path cannot be stood in for. */
static const char *const linkers[] = {"cc", "gcc", "clang", "c++", "g++", "clang++"};

/* As rustc calls the crate of a bench. */
static char *crate_name(const struct bench_target *target)
{
    char *name = xstrdup(target->bench);
    for (char *at = name; *at; at++)
        *at = *at == '-' ? '_' : *at;
    return name;
}

char *relink_path(const char *folder, const struct bench_target *target, size_t index)
{
    return xasprintf("%s/%03zu/%s", folder, index, path_basename(target->executable));
}

/* The script under each linker's name, in a folder of the job that foreign code may read. */
static int furnish(struct job *job, char **out, struct error *err)
{
    AUTO_FREE char *folder = path_join(job->path, TOOLS);
    int failed = dir_make(folder, err);
    for (size_t i = 0; !failed && i < ARRAY_SIZE(linkers); i++) {
        AUTO_FREE char *path = path_join(folder, linkers[i]);
        failed =
            file_write_atomic(path, build_relink, (size_t)(build_relink_end - build_relink), err);
        if (!failed && chmod(path, 0755))
            failed = error_errno(err, ERROR_FAILURE, errno, "cannot make %s a program", path);
    }
    if (failed)
        return failed;
    if (chmod(folder, 0755))
        return error_errno(err, ERROR_FAILURE, errno, "cannot make %s readable", folder);
    if (!strlist_contains(&job->sandbox.readable, folder))
        sandbox_add_readable(&job->sandbox, folder);
    *out = take_ptr(folder);
    return 0;
}

static void set_environment(const struct cargo *cargo, const struct relink *asked,
                            const char *tools, struct strlist *env)
{
    cargo_env(cargo->toolchain, cargo->home, cargo->slot->target, env);
    AUTO_FREE char *path = xasprintf("%s:%s", tools, env_get(env, "PATH"));
    AUTO_FREE char *root = xasprintf("%s/..", cargo->toolchain->bin);
    AUTO_FREE char *seeds = strlist_join(asked->seeds, " ");
    AUTO_FREE char *name = crate_name(asked->target);
    env_set(env, "PATH", path);
    env_set(env, VARIABLE, name);
    env_set(env, VARIABLE "_AS", path_basename(asked->target->executable));
    env_set(env, VARIABLE "_FOLDER", asked->folder);
    env_set(env, VARIABLE "_SEEDS", seeds);
    env_set(env, VARIABLE "_TOOLCHAIN", root);
}

static void set_arguments(const struct cargo *cargo, const struct bench_target *target,
                          struct strlist *argv)
{
    static const char *const first[] = {"rustc", "--profile", "bench", "--bench"};
    static const char *const last[] = {"--", "-C", "link-arg=-Wl,--strip-debug"};
    strlist_push(argv, cargo->toolchain->cargo);
    for (size_t i = 0; i < ARRAY_SIZE(first); i++)
        strlist_push(argv, first[i]);
    strlist_push(argv, target->bench);
    cargo_package_arguments(cargo, target->package, argv);
    for (size_t i = 0; i < ARRAY_SIZE(last); i++)
        strlist_push(argv, last[i]);
}

static void take_messages(void *context, const char *bytes, size_t len)
{
    cargo_messages_add(context, bytes, len);
}

/* What cargo finds in place it does not link again. */
static int remove_program(struct job *job, const char *path, struct error *err)
{
    AUTO_STRLIST struct strlist argv = STRLIST_INIT;
    strlist_push(&argv, "/bin/rm");
    strlist_push(&argv, "-f");
    strlist_push(&argv, path);
    const struct job_step step = {
        .name = "remove", .argv = &argv, .cwd = job->out, .timeout_s = REMOVE_TIMEOUT_S};
    return job_run_checked(job, &step, err);
}

/* One cargo command. What it says that it made is removed; *done: whether cargo was content. */
static int run_cargo(const struct cargo *cargo, const struct relink *asked, const char *tools,
                     bool *done, struct error *err)
{
    AUTO_STRLIST struct strlist env = STRLIST_INIT, argv = STRLIST_INIT;
    AUTO_BENCH_TARGETS struct bench_targets made = {0};
    struct bench_target *target = bench_targets_add(&made);
    target->package = xstrdup(asked->target->package);
    target->bench = xstrdup(asked->target->bench);
    AUTO_CARGO_MESSAGES struct cargo_messages messages = {.package = target->package,
                                                          .targets = &made};
    set_environment(cargo, asked, tools, &env);
    set_arguments(cargo, asked->target, &argv);
    const struct job_step step = {
        .name = "cargo-rustc",
        .argv = &argv,
        .env = &env,
        .cwd = cargo->folder,
        .timeout_s = cargo->timeout_s > 0 ? cargo->timeout_s : CARGO_TIMEOUT_S,
        .on_stdout = take_messages,
        .context = &messages,
    };
    struct error why = ERROR_INIT;
    int failed = job_run_checked(cargo->job, &step, &why);
    *done = !failed;
    if (failed && failed != ERROR_BUILD)
        return error_set(err, failed, "%s", why.message);
    if (failed)
        log_debug("%s", why.message);
    return target->executable ? remove_program(cargo->job, target->executable, err) : 0;
}

static bool all_are_there(const struct relink *asked)
{
    for (size_t i = 0; i < asked->seeds->count; i++) {
        AUTO_FREE char *path = relink_path(asked->folder, asked->target, i);
        if (!path_exists(path))
            return false;
    }
    return true;
}

int relink(const struct cargo *cargo, const struct relink *asked, bool *out, struct error *err)
{
    AUTO_FREE char *tools = NULL;
    bool done = true, linked = false;
    int failed = furnish(cargo->job, &tools, err);
    /* One that was killed has left its program in place, which is then removed. */
    for (int attempt = 0; attempt < 2 && !failed && done && !linked; attempt++) {
        failed = run_cargo(cargo, asked, tools, &done, err);
        linked = all_are_there(asked);
    }
    if (!failed && linked)
        failed = job_check_output(asked->folder, BYTES_MAX, err);
    if (failed)
        return failed;
    if (!linked)
        log_info("%s/%s has one code layout: its linker cannot put functions in another order; the "
                 "logs are in %s",
                 asked->target->package, asked->target->bench, cargo->job->logs);
    *out = linked;
    return 0;
}
