#include "runner/jobs.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define JOBS_MAX ((size_t)1 << 20) /* bytes of the file */
#define LOCK_WAIT_S 30.0           /* for another job that is being tuned for */
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define WORD_SIZE 16

static const char *const tuned_names[] = {"nobody", "jobs", "hand"};
static const char *const kind_names[] = {"worker", "run"};

void host_jobs_release(struct host_jobs *jobs)
{
    free(jobs->items);
    *jobs = (struct host_jobs){0};
}

static char *jobs_path(const struct host_place *place)
{
    return path_join(place->state, "jobs");
}

static char *boot_id(void)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (file_read(BOOT_ID, 256, &text, NULL))
        return xstrdup("unknown");
    strbuf_rtrim(&text);
    return strbuf_detach(&text);
}

static bool parse_job(const char *line, struct host_job *out)
{
    char kind[WORD_SIZE], state[WORD_SIZE];
    int pid = 0;
    *out = (struct host_job){0};
    if (sscanf(line, "job %d %" SCNu64 " %u %" SCNd64 " %15s %15s %" SCNd64, &pid,
               &out->process.started, &out->process.uid, &out->began_at, kind, state,
               &out->others) != 7)
        return false;
    out->process.pid = pid;
    out->kind = strcmp(kind, kind_names[HOST_JOB_RUN]) ? HOST_JOB_WORKER : HOST_JOB_RUN;
    out->done = !strcmp(state, "done");
    return true;
}

static void add_job(struct host_jobs *jobs, const struct host_job *job)
{
    ARRAY_RESERVE(jobs->items, jobs->cap, jobs->count + 1);
    jobs->items[jobs->count++] = *job;
}

/* Ids of processes mean something in their own boot only; who tuned the machine stays true. */
static void parse_jobs(const struct strlist *lines, struct host_jobs *out)
{
    AUTO_FREE char *boot = boot_id();
    bool same_boot = false;
    for (size_t i = 0; i < lines->count; i++) {
        const char *line = lines->items[i];
        struct host_job job;
        if (!strncmp(line, "boot ", 5))
            same_boot = !strcmp(line + 5, boot);
        else if (!strncmp(line, "tuned ", 6) && !strcmp(line + 6, tuned_names[1]))
            out->tuned_by = HOST_TUNED_BY_JOBS;
        else if (!strncmp(line, "tuned ", 6) && !strcmp(line + 6, tuned_names[2]))
            out->tuned_by = HOST_TUNED_BY_HAND;
        else if (same_boot && parse_job(line, &job) && host_process_lives(&job.process))
            add_job(out, &job);
    }
}

int host_jobs_read(const struct host_place *place, struct host_jobs *out, struct error *err)
{
    AUTO_FREE char *path = jobs_path(place);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    int failed = file_read(path, JOBS_MAX, &text, err);
    if (failed == ERROR_NOT_FOUND || (failed && !path_exists(path))) {
        *out = (struct host_jobs){0};
        return 0;
    }
    if (failed)
        return failed;
    AUTO_STRLIST struct strlist lines = STRLIST_INIT;
    strlist_split(&lines, text.buf, '\n');
    *out = (struct host_jobs){0};
    parse_jobs(&lines, out);
    return 0;
}

static int write_jobs(const struct host_place *place, const struct host_jobs *jobs,
                      struct error *err)
{
    AUTO_FREE char *path = jobs_path(place), *boot = boot_id();
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    strbuf_addf(&text, "boot %s\ntuned %s\n", boot, tuned_names[jobs->tuned_by]);
    for (size_t i = 0; i < jobs->count; i++) {
        const struct host_job *job = &jobs->items[i];
        strbuf_addf(&text, "job %d %" PRIu64 " %u %" PRId64 " %s %s %" PRId64 "\n",
                    (int)job->process.pid, job->process.started, job->process.uid, job->began_at,
                    kind_names[job->kind], job->done ? "done" : "running", job->others);
    }
    int failed = file_write_atomic(path, text.buf, text.len, err);
    if (!failed && chmod(path, 0644))
        failed = error_errno(err, ERROR_FAILURE, errno, "cannot make %s readable", path);
    return failed;
}

struct host_job *host_jobs_find(const struct host_jobs *jobs, const struct host_process *process)
{
    for (size_t i = 0; i < jobs->count; i++)
        if (jobs->items[i].process.pid == process->pid &&
            jobs->items[i].process.started == process->started)
            return &jobs->items[i];
    return NULL;
}

size_t host_jobs_others(const struct host_jobs *jobs, const struct host_process *process)
{
    size_t others = 0;
    for (size_t i = 0; i < jobs->count; i++)
        others += !jobs->items[i].done && (jobs->items[i].process.pid != process->pid ||
                                           jobs->items[i].process.started != process->started);
    return others;
}

/* Opens the state folder and locks the file of jobs; *fd is to be closed. */
static int lock_jobs(const struct host_place *place, int *fd, struct error *err)
{
    AUTO_FREE char *path = path_join(place->state, "jobs.lock");
    int failed = dir_make(place->state, err);
    if (!failed)
        failed = lock_acquire(path, LOCK_WAIT_S, fd, err);
    /* Whoever may open a file may also keep it locked. */
    if (!failed && fchmod(*fd, 0600))
        failed = error_errno(err, ERROR_FAILURE, errno, "cannot keep %s to root", path);
    return failed;
}

static int restore(const struct host_place *place, struct host_jobs *jobs,
                   struct tune_report *report, struct error *err)
{
    int failed = host_restore(place, false, report, err);
    if (!host_is_tuned(place))
        jobs->tuned_by = HOST_TUNED_BY_NOBODY;
    return failed;
}

/* With nobody else on the machine: whatever is tuned is a dead job's, or somebody's wish. */
static int clear_leftovers(const struct host_place *place, struct host_jobs *jobs,
                           struct error *err)
{
    if (!host_is_tuned(place)) {
        jobs->tuned_by = HOST_TUNED_BY_NOBODY;
        return 0;
    }
    if (jobs->tuned_by != HOST_TUNED_BY_JOBS) {
        jobs->tuned_by = HOST_TUNED_BY_HAND;
        return 0;
    }
    log_warning("a job that has died left the machine tuned: it is restored first");
    AUTO_TUNE_REPORT struct tune_report report = {0};
    return restore(place, jobs, &report, err);
}

static void count_others(struct host_jobs *jobs, struct host_job *job)
{
    for (size_t i = 0; i < jobs->count; i++)
        if (!jobs->items[i].done) {
            jobs->items[i].others++;
            job->others++;
        }
}

static void forget(struct host_jobs *jobs, struct host_job *job)
{
    size_t at = (size_t)(job - jobs->items);
    memmove(job, job + 1, (jobs->count - at - 1) * sizeof(*job));
    jobs->count--;
}

/* Noted first: a job that is killed between the two is known to have tuned. */
static int tune(const struct host_place *place, struct host_jobs *jobs,
                const struct tune_request *request, struct tune_report *report, struct error *err)
{
    jobs->tuned_by = HOST_TUNED_BY_JOBS;
    int failed = write_jobs(place, jobs, err);
    if (failed)
        return failed;
    failed = host_tune(place, request, report, err);
    if (!failed)
        return 0;
    AUTO_TUNE_REPORT struct tune_report undone = {0};
    struct error reason = ERROR_INIT;
    if (restore(place, jobs, &undone, &reason))
        log_warning("%s", reason.message);
    return failed;
}

int host_job_begin(const struct host_place *place, const struct host_job *job,
                   const struct tune_request *request, struct tune_report *report, bool *tuned,
                   struct error *err)
{
    AUTO_CLOSE int lock = -1;
    AUTO_HOST_JOBS struct host_jobs jobs = {0};
    int failed = lock_jobs(place, &lock, err);
    if (!failed)
        failed = host_jobs_read(place, &jobs, err);
    if (failed)
        return failed;
    if (host_jobs_find(&jobs, &job->process))
        return error_set(err, ERROR_CONFLICT,
                         "the job of process %d has begun already: it begins once and ends once",
                         (int)job->process.pid);
    bool first = !host_jobs_others(&jobs, &job->process);
    if (first)
        failed = clear_leftovers(place, &jobs, err);
    if (failed)
        return failed;
    struct host_job entry = *job;
    entry.began_at = clock_unix_s();
    count_others(&jobs, &entry);
    add_job(&jobs, &entry);
    bool mine = first && jobs.tuned_by == HOST_TUNED_BY_NOBODY;
    failed = mine ? tune(place, &jobs, request, report, err) : write_jobs(place, &jobs, err);
    if (failed) {
        forget(&jobs, host_jobs_find(&jobs, &job->process));
        if (mine && write_jobs(place, &jobs, NULL))
            log_warning("%s keeps the entry of a job that has not begun", place->state);
        return failed;
    }
    *tuned = mine;
    return 0;
}

int host_job_end(const struct host_place *place, const struct host_process *process,
                 struct tune_report *report, struct error *err)
{
    AUTO_CLOSE int lock = -1;
    AUTO_HOST_JOBS struct host_jobs jobs = {0};
    int failed = path_is_dir(place->state) ? lock_jobs(place, &lock, err) : 0;
    if (!failed)
        failed = host_jobs_read(place, &jobs, err);
    if (failed)
        return failed;
    struct host_job *job = host_jobs_find(&jobs, process);
    if (job && job->kind == HOST_JOB_WORKER)
        job->done = true;
    else if (job)
        forget(&jobs, job);
    int unrestored = 0;
    if (!host_jobs_others(&jobs, process) && jobs.tuned_by == HOST_TUNED_BY_JOBS)
        unrestored = restore(place, &jobs, report, err);
    if (lock >= 0)
        failed = write_jobs(place, &jobs, unrestored ? NULL : err);
    return unrestored ? unrestored : failed;
}

int host_jobs_sweep(const struct host_place *place, struct error *err)
{
    AUTO_CLOSE int lock = -1;
    AUTO_HOST_JOBS struct host_jobs jobs = {0};
    const struct host_process nobody = {0};
    AUTO_FREE char *path = jobs_path(place);
    int failed = path_exists(path) ? lock_jobs(place, &lock, err) : 0;
    if (!failed)
        failed = host_jobs_read(place, &jobs, err);
    if (failed || jobs.tuned_by != HOST_TUNED_BY_JOBS || host_jobs_others(&jobs, &nobody))
        return failed;
    failed = clear_leftovers(place, &jobs, err);
    int unwritten = write_jobs(place, &jobs, failed ? NULL : err);
    return failed ? failed : unwritten;
}
