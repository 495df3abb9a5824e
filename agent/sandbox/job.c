#include "sandbox/job.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_SCAN_BYTES (8 << 20)
#define SYSTEM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static size_t env_find(const struct strlist *env, const char *name)
{
    size_t len = strlen(name), at = 0;
    while (at < env->count && (strncmp(env->items[at], name, len) || env->items[at][len] != '='))
        at++;
    return at;
}

void env_set(struct strlist *env, const char *name, const char *value)
{
    size_t at = env_find(env, name);
    if (at == env->count) {
        strlist_pushf(env, "%s=%s", name, value);
        return;
    }
    free(env->items[at]);
    env->items[at] = xasprintf("%s=%s", name, value);
}

const char *env_get(const struct strlist *env, const char *name)
{
    size_t at = env_find(env, name);
    return at == env->count ? NULL : env->items[at] + strlen(name) + 1;
}

/* A proxy's address may carry a password: such a one stays here. */
static void hand_on_proxies(struct strlist *env)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "no_proxy",
                                        "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const char *value = getenv(names[i]);
        if (value && !strchr(value, '@'))
            env_set(env, names[i], value);
    }
}

static void base_environment(struct job *job, const char *ca)
{
    env_set(&job->env, "PATH", SYSTEM_PATH);
    env_set(&job->env, "HOME", job->home);
    env_set(&job->env, "LANG", "C.UTF-8");
    env_set(&job->env, "LC_ALL", "C.UTF-8");
    env_set(&job->env, "TZ", "UTC");
    env_set(&job->env, "TMPDIR", "/tmp");
    /* The checkout belongs to another user than the one that asks git about it. */
    env_set(&job->env, "GIT_CONFIG_COUNT", "1");
    env_set(&job->env, "GIT_CONFIG_KEY_0", "safe.directory");
    env_set(&job->env, "GIT_CONFIG_VALUE_0", "*");
    hand_on_proxies(&job->env);
    static const char *const ca_names[] = {"SSL_CERT_FILE", "CARGO_HTTP_CAINFO", "PIP_CERT",
                                           "REQUESTS_CA_BUNDLE"};
    for (size_t i = 0; ca && i < ARRAY_SIZE(ca_names); i++)
        env_set(&job->env, ca_names[i], ca);
}

static int make_folders(struct job *job, struct error *err)
{
    const struct sandbox_report *report = &job->sandbox.report;
    int failed = dir_make(job->logs, err);
    if (!failed)
        failed = sandbox_own_dir(report, job->home, err);
    if (!failed)
        failed = sandbox_own_dir(report, job->tmp, err);
    return failed ? failed : sandbox_own_dir(report, job->out, err);
}

int job_open(struct sandbox_report *report, const char *ca, struct job *out, struct error *err)
{
    AUTO_FREE char *cache = NULL;
    int failed = cache_dir(&cache, err);
    if (failed)
        return failed;
    AUTO_FREE char *path =
        xasprintf("%s/jobs/%" PRId64 "-%d", cache, clock_unix_ms(), (int)getpid());
    failed = dir_make(path, err);
    if (failed)
        return failed;
    /* Mount points have no symbolic link in their path. */
    struct job job = {.path = path_real(path), .lock = -1};
    job.logs = path_join(job.path, "logs");
    job.home = path_join(job.path, "home");
    job.tmp = path_join(job.path, "tmp");
    job.out = path_join(job.path, "out");
    sandbox_init(&job.sandbox, report, job.tmp);
    AUTO_FREE char *lock = path_join(job.path, "lock");
    /* The lock comes first: another run's sweep may try a job that has none for a moment. */
    failed = lock_acquire(lock, 5, &job.lock, err);
    if (!failed)
        failed = make_folders(&job, err);
    if (failed) {
        job_remove(&job);
        return failed;
    }
    sandbox_add_hidden(&job.sandbox, cache);
    sandbox_add_writable(&job.sandbox, job.home);
    sandbox_add_writable(&job.sandbox, job.out);
    if (ca)
        sandbox_add_readable(&job.sandbox, ca);
    base_environment(&job, ca);
    *out = job;
    return 0;
}

void job_release(struct job *job)
{
    free(job->path);
    free(job->logs);
    free(job->home);
    free(job->tmp);
    free(job->out);
    sandbox_release(&job->sandbox);
    strlist_release(&job->env);
    if (job->lock > 0)
        close(job->lock);
    *job = (struct job){.lock = -1};
}

void job_remove(struct job *job)
{
    struct error err = ERROR_INIT;
    if (job->path && tree_remove(job->path, &err))
        log_warning("%s", err.message);
    job_release(job);
}

void job_keep_logs(const char *path)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    struct error err = ERROR_INIT;
    if (dir_list(path, &names, NULL))
        return;
    for (size_t i = 0; i < names.count; i++) {
        AUTO_FREE char *below = path_join(path, names.items[i]);
        if (strcmp(names.items[i], "logs") && strcmp(names.items[i], "lock") &&
            tree_remove(below, &err))
            log_warning("%s", err.message);
    }
}

static int fresh_tmp(struct job *job, struct error *err)
{
    int failed = tree_remove(job->tmp, err);
    return failed ? failed : sandbox_own_dir(&job->sandbox.report, job->tmp, err);
}

static struct strlist merged_env(const struct job *job, const struct strlist *extra)
{
    struct strlist env = STRLIST_INIT;
    for (size_t i = 0; i < job->env.count; i++)
        strlist_push(&env, job->env.items[i]);
    for (size_t i = 0; extra && i < extra->count; i++) {
        const char *equals = strchr(extra->items[i], '=');
        AUTO_FREE char *name = xstrndup(extra->items[i], (size_t)(equals - extra->items[i]));
        env_set(&env, name, equals + 1);
    }
    return env;
}

void job_logs_release(struct job_logs *logs)
{
    free(logs->out);
    free(logs->err);
    *logs = (struct job_logs){0};
}

int job_run(struct job *job, const struct job_step *step, struct process_result *result,
            struct job_logs *logs, struct error *err)
{
    int failed = fresh_tmp(job, err);
    if (failed)
        return failed;
    AUTO_STRLIST struct strlist env = merged_env(job, step->env);
    AUTO_JOB_LOGS struct job_logs paths = {0};
    int number = ++job->steps;
    paths.out = xasprintf("%s/%02d-%s.out", job->logs, number, step->name);
    paths.err = xasprintf("%s/%02d-%s.err", job->logs, number, step->name);
    AUTO_FREE char *line = strlist_join(step->argv, " ");
    log_debug("%s: %s", step->cwd, line);
    struct process process = {
        .argv = step->argv,
        .env = &env,
        .cwd = step->cwd,
        .sandbox = &job->sandbox,
        .stdout_path = paths.out,
        .stderr_path = paths.err,
        .output_limit = step->output_limit,
        .timeout_s = step->timeout_s,
        .disk = job->path,
        .disk_floor = job->disk_floor,
        .network = step->network,
        .placement = step->placement,
        .nice = step->nice,
        .count_events = step->count_events,
        .on_stdout = step->on_stdout,
        .on_stderr = step->on_stderr,
        .on_tick = step->on_tick,
        .context = step->context,
    };
    failed = process_run(&process, result, err);
    /* At once, and not when the next one starts: it may have filled the disk. */
    struct error untidy = ERROR_INIT;
    if (tree_remove(job->tmp, &untidy))
        log_warning("%s", untidy.message);
    if (failed)
        return failed == ERROR_INTERRUPTED ? failed : error_wrap(err, "%s", step->name);
    if (logs) {
        *logs = paths;
        paths = (struct job_logs){0};
    }
    return 0;
}

#define TELLING_MAX ((size_t)400) /* characters of a log that a message carries */

static char *cut_line(const char *line, const char *end)
{
    size_t len = (size_t)(end - line);
    return xstrndup(line, len < TELLING_MAX ? len : TELLING_MAX);
}

/* A panic of Rust stands on two lines: where, and what. */
static char *panic_text(const char *where, const char *end)
{
    const char *what = *end ? end + 1 : end;
    AUTO_FREE char *first = cut_line(where, end), *second = cut_line(what, strchrnul(what, '\n'));
    return xasprintf("%s %s", first, second);
}

/* "error: …", "ERROR: …", pytest's "E  …"; "main.c:3:1: error: …" and "program: error: …". Of
 * argparse, which pytest uses, the first line is how the program is used and the second the reason.
 */
static bool names_error(const char *line, const char *end)
{
    static const char *const marks[] = {"error", "ERROR", "E  "};
    if (!strncmp(line, "ERROR: usage: ", 14))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
        if (!strncmp(line, marks[i], strlen(marks[i])))
            return true;
    return memmem(line, (size_t)(end - line), ": error: ", 9);
}

/* The first line that names an error, or with `any` the last one there is; NULL where there is
 * none. */
static char *telling_line(const char *path, bool any)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (file_read(path, LOG_SCAN_BYTES, &text, NULL))
        return NULL;
    const char *last = NULL, *last_end = NULL;
    for (const char *line = text.buf, *end; *line; line = *end ? end + 1 : end) {
        end = strchrnul(line, '\n');
        if (!any && memmem(line, (size_t)(end - line), " panicked at ", 13))
            return panic_text(line, end);
        if (!any && names_error(line, end))
            return cut_line(line, end);
        if (end > line) {
            last = line;
            last_end = end;
        }
    }
    return any && last ? cut_line(last, last_end) : NULL;
}

/* What the logs have to say, and which of them says it. */
static char *telling_text(const struct job_logs *logs, const char **log)
{
    const char *const paths[] = {logs->err, logs->out};
    for (int any = 0; any < 2; any++)
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
            char *line = telling_line(paths[i], any);
            *log = paths[i];
            if (line)
                return line;
        }
    return NULL;
}

int job_step_error(const struct job *job, const struct job_step *step,
                   const struct process_result *result, const struct job_logs *logs,
                   struct error *err)
{
    const struct process limits = {
        .timeout_s = step->timeout_s,
        .output_limit = step->output_limit,
        .disk_floor = job->disk_floor,
    };
    AUTO_FREE char *how = process_result_text(&limits, result);
    const char *log = NULL;
    AUTO_FREE char *line = telling_text(logs, &log);
    return error_set(err, ERROR_BUILD, "%s %s%s%s; the whole log: %s", step->name, how,
                     line ? ": " : " and printed nothing", line ? line : "", log);
}

int job_run_checked(struct job *job, const struct job_step *step, struct error *err)
{
    struct process_result result;
    AUTO_JOB_LOGS struct job_logs logs = {0};
    int failed = job_run(job, step, &result, &logs, err);
    if (failed)
        return failed;
    if (step->result)
        *step->result = result;
    return process_succeeded(&result) ? 0 : job_step_error(job, step, &result, &logs, err);
}

int job_output_dir(struct job *job, const char *name, char **out, struct error *err)
{
    AUTO_FREE char *path = path_join(job->out, name);
    int failed = tree_remove(path, err);
    if (!failed)
        failed = sandbox_own_dir(&job->sandbox.report, path, err);
    if (!failed)
        *out = take_ptr(path);
    return failed;
}

/* nftw() hands no context on. */
static __thread struct {
    uint64_t bytes, max;
    char *offender;
    const char *reason;
} output_check;

static int check_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)walk;
    (void)type;
    output_check.bytes += S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
    output_check.reason = !S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)
                              ? "is neither a file nor a folder"
                          : output_check.bytes > output_check.max ? "is too much output"
                                                                  : NULL;
    if (!output_check.reason)
        return 0;
    output_check.offender = xstrdup(path);
    return 1;
}

int job_check_output(const char *path, uint64_t max_bytes, struct error *err)
{
    output_check.bytes = 0;
    output_check.max = max_bytes;
    output_check.offender = NULL;
    int stopped = nftw(path, check_one, 32, FTW_PHYS);
    AUTO_FREE char *offender = output_check.offender;
    if (stopped > 0)
        return error_set(err, ERROR_BUILD, "%s, left by the benchmark, %s", offender,
                         output_check.reason);
    if (stopped < 0)
        return error_errno(err, errno == ENOENT ? ERROR_NO_DATA : ERROR_FAILURE, errno,
                           "cannot look at %s", path);
    return 0;
}
