#include "build/cargo.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "base/suggest.h"
#include "build/cargo_message.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define METADATA_MAX ((size_t)64 << 20)

void cargo_env(const struct toolchain *toolchain, const char *home, const char *target_dir,
               struct strlist *env)
{
    AUTO_FREE char *path = xasprintf(
        "%s:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", toolchain->bin);
    env_set(env, "PATH", path);
    env_set(env, "CARGO_HOME", home);
    env_set(env, "CARGO_TARGET_DIR", target_dir);
    env_set(env, "CARGO_TERM_COLOR", "never");
    /* A build that is repeated at the next commit gains nothing from it, and the disk loses. */
    env_set(env, "CARGO_INCREMENTAL", "0");
    if (strcmp(toolchain->name, "system"))
        env_set(env, "RUSTUP_TOOLCHAIN", toolchain->name);
}

static struct job_step step_of(const struct cargo *cargo, const char *name,
                               const struct strlist *argv, const struct strlist *env)
{
    return (struct job_step){
        .name = name,
        .argv = argv,
        .env = env,
        .cwd = cargo->folder,
        .timeout_s = cargo->timeout_s > 0 ? cargo->timeout_s : CARGO_TIMEOUT_S,
    };
}

static struct strlist environment_of(const struct cargo *cargo)
{
    struct strlist env = STRLIST_INIT;
    cargo_env(cargo->toolchain, cargo->home, cargo->slot->target, &env);
    return env;
}

static void push_all(struct strlist *argv, const char *const *words)
{
    for (; *words; words++)
        strlist_push(argv, *words);
}

/* Where it lies: beside the Cargo.toml, or in a parent that is the workspace's root. */
static bool has_lock(const struct cargo *cargo)
{
    AUTO_FREE char *at = xstrdup(cargo->folder);
    for (;;) {
        AUTO_FREE char *lock = path_join(at, "Cargo.lock");
        if (path_exists(lock))
            return true;
        char *slash = strrchr(at, '/');
        if (!slash || strlen(at) <= strlen(cargo->slot->source))
            return false;
        *slash = '\0';
    }
}

int cargo_fetch(const struct cargo *cargo, struct error *err)
{
    AUTO_STRLIST struct strlist env = environment_of(cargo), argv = STRLIST_INIT;
    push_all(&argv, (const char *const[]){cargo->toolchain->cargo, "fetch", NULL});
    if (has_lock(cargo))
        strlist_push(&argv, "--locked");
    else
        log_warning("the target has no Cargo.lock: its dependencies are today's newest ones");
    struct job_step step = step_of(cargo, "cargo-fetch", &argv, &env);
    step.network = true;
    /* Foreign code may write the crates' folder while it downloads, and never later. */
    size_t before = cargo->job->sandbox.writable.count;
    sandbox_add_writable(&cargo->job->sandbox, cargo->home);
    int failed = job_run_checked(cargo->job, &step, err);
    struct strlist *writable = &cargo->job->sandbox.writable;
    while (writable->count > before) {
        free(writable->items[--writable->count]);
        writable->items[writable->count] = NULL;
    }
    return failed;
}

static int read_metadata(const struct cargo *cargo, cJSON **out, struct error *err)
{
    AUTO_STRLIST struct strlist env = environment_of(cargo), argv = STRLIST_INIT;
    push_all(&argv, (const char *const[]){cargo->toolchain->cargo, "metadata", "--format-version",
                                          "1", "--no-deps", "--offline", NULL});
    struct job_step step = step_of(cargo, "cargo-metadata", &argv, &env);
    struct process_result result;
    AUTO_JOB_LOGS struct job_logs logs = {0};
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    int failed = job_run(cargo->job, &step, &result, &logs, err);
    if (failed)
        return failed;
    if (!process_succeeded(&result))
        return job_step_error(cargo->job, &step, &result, &logs, err);
    failed = file_read(logs.out, METADATA_MAX, &text, err);
    if (failed)
        return failed;
    *out = cJSON_ParseWithLength(text.buf, text.len);
    return *out ? 0
                : error_set(err, ERROR_BUILD, "cargo metadata printed no JSON; the log: %s",
                            logs.out);
}

static const char *text_of(const cJSON *object, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(value) ? value->valuestring : "";
}

static bool is_bench(const cJSON *target)
{
    const cJSON *kind;
    cJSON_ArrayForEach(kind, cJSON_GetObjectItemCaseSensitive(target, "kind"))
    {
        if (cJSON_IsString(kind) && !strcmp(kind->valuestring, "bench"))
            return true;
    }
    return false;
}

static bool feature_is_on(const cJSON *package, const struct crate_config *crate, const char *name)
{
    if (crate && strlist_contains(&crate->features, name))
        return true;
    if (crate && !crate->default_features)
        return false;
    const cJSON *features = cJSON_GetObjectItemCaseSensitive(package, "features"), *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(features, "default"))
    {
        if (cJSON_IsString(item) && !strcmp(item->valuestring, name))
            return true;
    }
    return false;
}

/* Whether the features that it requires are on; cargo refuses to build it otherwise. */
static bool is_enabled(const cJSON *package, const cJSON *target, const struct crate_config *crate)
{
    const cJSON *feature;
    cJSON_ArrayForEach(feature, cJSON_GetObjectItemCaseSensitive(target, "required-features"))
    {
        if (cJSON_IsString(feature) && !feature_is_on(package, crate, feature->valuestring)) {
            log_info("bench %s of %s is left out: it requires the feature %s",
                     text_of(target, "name"), text_of(package, "name"), feature->valuestring);
            return false;
        }
    }
    return true;
}

static void add_target(const cJSON *package, const char *bench, const struct crate_config *crate,
                       struct bench_targets *out)
{
    struct bench_target *target = bench_targets_add(out);
    const char *manifest = text_of(package, "manifest_path");
    const char *slash = strrchr(manifest, '/');
    target->package = xstrdup(text_of(package, "name"));
    target->version = xstrdup(text_of(package, "version"));
    target->bench = xstrdup(bench);
    target->folder = slash ? xstrndup(manifest, (size_t)(slash - manifest)) : xstrdup("/");
    target->filter = crate ? xstrdup(crate->filter) : NULL;
}

static int no_such(const char *what, const char *name, const char *where,
                   const struct strlist *known, struct error *err)
{
    const char *near = suggest(name, (const char *const *)known->items, known->count);
    AUTO_FREE char *all = known->count ? strlist_join(known, ", ") : xstrdup("none");
    if (near)
        return error_set(err, ERROR_USAGE, "%s has no %s \"%s\", did you mean \"%s\"?", where, what,
                         name, near);
    return error_set(err, ERROR_USAGE, "%s has no %s \"%s\" (there: %s)", where, what, name, all);
}

/* Adds the bench called `name`, or with NULL all of them, where their features are on. Whether
 * there is one of that name. */
static bool add_benches(const cJSON *package, const char *name, const struct crate_config *crate,
                        struct bench_targets *out)
{
    const cJSON *target;
    bool found = false;
    cJSON_ArrayForEach(target, cJSON_GetObjectItemCaseSensitive(package, "targets"))
    {
        if (!is_bench(target) || (name && strcmp(text_of(target, "name"), name)))
            continue;
        found = true;
        if (is_enabled(package, target, crate))
            add_target(package, text_of(target, "name"), crate, out);
    }
    return found;
}

/* The benches of one package that `crate` selects, in its order; without one, all that can be
 * built. */
static int add_package(const cJSON *package, const struct crate_config *crate,
                       struct bench_targets *out, struct error *err)
{
    if (!crate || !crate->benches.count) {
        (void)add_benches(package, NULL, crate, out);
        return 0;
    }
    for (size_t i = 0; i < crate->benches.count; i++) {
        const char *name = crate->benches.items[i];
        if (add_benches(package, name, crate, out))
            continue;
        AUTO_BENCH_TARGETS struct bench_targets all = {0};
        AUTO_STRLIST struct strlist known = STRLIST_INIT;
        (void)add_benches(package, NULL, NULL, &all);
        for (size_t j = 0; j < all.count; j++)
            strlist_push(&known, all.items[j].bench);
        return no_such("bench", name, crate->name, &known, err);
    }
    return 0;
}

static int add_configured(const cJSON *packages, const struct crate_config *crate,
                          struct bench_targets *out, struct error *err)
{
    AUTO_STRLIST struct strlist known = STRLIST_INIT;
    const cJSON *package;
    cJSON_ArrayForEach(package, packages)
    {
        if (!strcmp(text_of(package, "name"), crate->name))
            return add_package(package, crate, out, err);
        strlist_push(&known, text_of(package, "name"));
    }
    return no_such("package", crate->name, "the workspace", &known, err);
}

int cargo_targets(const struct cargo *cargo, struct bench_targets *out, struct error *err)
{
    cJSON *metadata = NULL;
    int failed = read_metadata(cargo, &metadata, err);
    if (failed)
        return failed;
    AUTO_BENCH_TARGETS struct bench_targets targets = {0};
    const cJSON *packages = cJSON_GetObjectItemCaseSensitive(metadata, "packages"), *package;
    for (size_t i = 0; !failed && i < cargo->config->crate_count; i++)
        failed = add_configured(packages, &cargo->config->crates[i], &targets, err);
    if (!cargo->config->crate_count)
        cJSON_ArrayForEach(package, packages)
        {
            if (!failed)
                failed = add_package(package, NULL, &targets, err);
        }
    cJSON_Delete(metadata);
    if (failed)
        return failed;
    if (!targets.count)
        return error_set(err, ERROR_NO_DATA, "the Cargo workspace has no benches to run");
    *out = targets;
    targets = (struct bench_targets){0};
    return 0;
}

static const struct crate_config *configured(const struct cargo *cargo, const char *package)
{
    for (size_t i = 0; i < cargo->config->crate_count; i++)
        if (!strcmp(cargo->config->crates[i].name, package))
            return &cargo->config->crates[i];
    return NULL;
}

void cargo_package_arguments(const struct cargo *cargo, const char *package, struct strlist *argv)
{
    push_all(argv, (const char *const[]){"--offline", "--message-format=json-render-diagnostics",
                                         "--package", package, NULL});
    if (has_lock(cargo))
        strlist_push(argv, "--locked");
    const struct crate_config *crate = configured(cargo, package);
    if (crate && crate->features.count) {
        strlist_push(argv, "--features");
        strlist_push_owned(argv, strlist_join(&crate->features, ","));
    }
    if (crate && !crate->default_features)
        strlist_push(argv, "--no-default-features");
    if (cargo->jobs > 0)
        strlist_pushf(argv, "--jobs=%d", cargo->jobs);
}

static void build_arguments(const struct cargo *cargo, const char *package,
                            const struct bench_targets *targets, struct strlist *argv)
{
    push_all(argv, (const char *const[]){cargo->toolchain->cargo, "bench", "--no-run", NULL});
    for (size_t i = 0; i < targets->count; i++)
        if (!strcmp(targets->items[i].package, package)) {
            strlist_push(argv, "--bench");
            strlist_push(argv, targets->items[i].bench);
        }
    cargo_package_arguments(cargo, package, argv);
}

struct build_watch {
    const struct cargo *cargo;
    struct cargo_messages *messages;
    double elapsed_s;
};

static void watch_output(void *context, const char *bytes, size_t len)
{
    struct build_watch *watch = context;
    cargo_messages_add(watch->messages, bytes, len);
    if (watch->cargo->on_progress)
        watch->cargo->on_progress(watch->cargo->context, watch->messages->crates_built,
                                  watch->elapsed_s);
}

static void watch_clock(void *context, double elapsed_s)
{
    struct build_watch *watch = context;
    watch->elapsed_s = elapsed_s;
    if (watch->cargo->on_progress)
        watch->cargo->on_progress(watch->cargo->context, watch->messages->crates_built, elapsed_s);
}

int cargo_build(const struct cargo *cargo, const char *package, struct bench_targets *targets,
                struct error *err)
{
    AUTO_STRLIST struct strlist env = environment_of(cargo), argv = STRLIST_INIT;
    build_arguments(cargo, package, targets, &argv);
    AUTO_CARGO_MESSAGES struct cargo_messages messages = {.package = package, .targets = targets};
    struct build_watch watch = {.cargo = cargo, .messages = &messages};
    struct job_step step = step_of(cargo, "cargo-bench", &argv, &env);
    step.on_stdout = watch_output;
    step.on_tick = watch_clock;
    step.context = &watch;
    int failed = job_run_checked(cargo->job, &step, err);
    if (failed)
        return failed == ERROR_BUILD ? error_wrap(err, "building %s", package) : failed;
    for (size_t i = 0; i < targets->count; i++)
        if (!strcmp(targets->items[i].package, package) && !targets->items[i].executable)
            return error_set(err, ERROR_BUILD, "building %s: cargo made no executable for bench %s",
                             package, targets->items[i].bench);
    return 0;
}

void cargo_bench_env(const struct cargo *cargo, const struct bench_target *target,
                     struct strlist *env)
{
    cargo_env(cargo->toolchain, cargo->home, cargo->slot->target, env);
    env_set(env, "CARGO_MANIFEST_DIR", target->folder);
    env_set(env, "CARGO_PKG_NAME", target->package);
    env_set(env, "CARGO_PKG_VERSION", target->version);
    env_set(env, "CARGO_BIN_NAME", target->bench);
    AUTO_FREE char *deps = xstrdup(target->executable);
    *strrchr(deps, '/') = '\0';
    /* Procedural macros and dylib crates are found there; LD_LIBRARY_PATH is as cargo sets it. */
    AUTO_FREE char *libraries = xasprintf("%s:%s/../lib", deps, cargo->toolchain->bin);
    env_set(env, "LD_LIBRARY_PATH", libraries);
}
