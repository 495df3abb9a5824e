/* run: the job and the caches that it builds in. */
#include "pipeline/run/run_state.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "pipeline/run/cache.h"

#include <limits.h>
#include <string.h>

static int check_disk(struct run *run, struct error *err)
{
    AUTO_FREE char *cache = NULL;
    uint64_t available = 0, wanted = run->request->min_free;
    int failed = cache_dir(&cache, err);
    if (!failed && run->request->max_cache)
        failed = cache_prune_to(run->request->max_cache, NULL, err);
    if (!failed)
        failed = disk_free_bytes(cache, &available, err);
    if (failed)
        return failed;
    if (available < wanted)
        return error_set(err, ERROR_FAILURE,
                         "only %.1f GiB are free where %s is, and a run wants %.1f: "
                         "'lance-bench cache prune', or --min-free SIZE",
                         (double)available / 0x1p30, cache, (double)wanted / 0x1p30);
    /* Neither one file nor many may take what is to stay free. */
    run->job.disk_floor = wanted / 2;
    run->job.sandbox.file_limit = available - wanted / 2;
    return 0;
}

/* Variables of the configuration. Those of a pull request's own file are not handed on. */
static void set_environment(struct run *run)
{
    struct job *job = &run->job;
    bool own_file = !run->request->config || run->request->config_is_targets;
    for (size_t i = 0; i < run->config.env_names.count; i++) {
        const char *name = run->config.env_names.items[i], *value = getenv(name);
        if (run->request->pull_request && own_file)
            log_warning("%s is not handed on to a pull request", name);
        else if (value)
            env_set(&job->env, name, value);
    }
    for (size_t i = 0; i < run->config.env.count; i++) {
        const char *equals = strchr(run->config.env.items[i], '=');
        AUTO_FREE char *name =
            xstrndup(run->config.env.items[i], (size_t)(equals - run->config.env.items[i]));
        env_set(&job->env, name, equals + 1);
    }
}

/* What tells one build from another: in words, for the cache. */
static void slot_identity(const struct run *run, struct strlist *identity)
{
    strlist_pushf(identity, "remote %s", run->checkout.remote);
    strlist_pushf(identity, "toolchain %s", run->toolchain.name ? run->toolchain.name : "none");
    for (size_t i = 0; i < run->config.rust.crate_count; i++) {
        const struct crate_config *crate = &run->config.rust.crates[i];
        AUTO_FREE char *features = strlist_join(&crate->features, ",");
        if (*features || !crate->default_features)
            strlist_pushf(identity, "%s features %s%s", crate->name, features,
                          crate->default_features ? "" : " without the default ones");
    }
}

/* A worktree's .git is a file that names its mirror: build scripts may ask git for the commit. */
static void show_history(struct run *run)
{
    static const char mark[] = "gitdir: ";
    AUTO_FREE char *path = path_join(run->checkout.path, ".git");
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (path_is_dir(path) || file_read(path, PATH_MAX, &text, NULL) ||
        strncmp(text.buf, mark, sizeof(mark) - 1))
        return;
    strbuf_rtrim(&text);
    char *worktrees = strstr(text.buf, "/worktrees/");
    if (worktrees)
        *worktrees = '\0';
    sandbox_add_readable(&run->job.sandbox, text.buf + sizeof(mark) - 1);
}

/* The slot and the crates. A pull request's changes to them go to its job's folder; where the
 * machine has no overlay file system, it starts from nothing there. */
static int open_caches(struct run *run, struct error *err)
{
    struct job *job = &run->job;
    const struct sandbox_report *report = &job->sandbox.report;
    bool stranger = run->request->pull_request, apart = stranger && !sandbox_can_overlay(report);
    AUTO_STRLIST struct strlist identity = STRLIST_INIT;
    slot_identity(run, &identity);
    int failed = apart ? slot_open_private(job->path, report, &run->slot, err)
                       : slot_open(run->checkout.project, &identity, report, &run->slot, err);
    if (!failed && run->toolchain.cargo)
        failed = apart ? shared_dir_open_private(job->path, "crates", report, &run->crates, err)
                       : shared_dir_open("crates", report, &run->crates, err);
    if (failed || !stranger || apart)
        return failed;
    AUTO_FREE char *folder = path_join(job->path, "overlay");
    const char *const shared[] = {run->slot.source, run->slot.target, run->crates.tree};
    for (size_t i = 0; !failed && i < ARRAY_SIZE(shared); i++)
        if (shared[i])
            failed = sandbox_add_overlay(&job->sandbox, shared[i], folder, err);
    return failed;
}

static int open_build(struct run *run, struct error *err)
{
    struct job *job = &run->job;
    struct sync_counts counts = {0};
    int failed = open_caches(run, err);
    if (!failed)
        failed = sync_tree(run->checkout.path, run->slot.source, sandbox_uid(&job->sandbox.report),
                           &counts, err);
    if (failed)
        return failed;
    log_debug("%s: %zu files written, %zu removed, %zu as they were", run->slot.source,
              counts.written, counts.removed, counts.kept);
    sandbox_add_writable(&job->sandbox, run->slot.source);
    sandbox_add_writable(&job->sandbox, run->slot.target);
    if (run->toolchain.root)
        sandbox_add_readable(&job->sandbox, run->toolchain.root);
    if (run->crates.tree)
        sandbox_add_readable(&job->sandbox, run->crates.tree);
    show_history(run);
    return 0;
}

int run_open_job(struct run *run, struct sandbox_report *report, struct error *err)
{
    int failed = job_open(report, run->request->ca_file, &run->job, err);
    if (failed)
        return failed;
    AUTO_FREE char *github = publish_github_run();
    run->out->run = run->request->run ? xstrdup(run->request->run)
                    : github          ? take_ptr(github)
                                      : xasprintf("local-%s", path_basename(run->job.path));
    if (!strstr(run->request->db, "://"))
        sandbox_add_hidden(&run->job.sandbox, run->request->db);
    set_environment(run);
    failed = check_disk(run, err);
    return failed ? failed : open_build(run, err);
}
