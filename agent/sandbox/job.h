/*
 * A job: the folder of one run of the agent and what all its foreign processes share.
 *
 *     <cache>/jobs/<id>/logs/    what each process printed, written by the agent
 *                       home/    $HOME of foreign code
 *                       tmp/     its /tmp, emptied before and after each process
 *                       out/     what it is to leave behind: results, wheels, data
 *
 * Foreign code owns all but logs/. Nothing in out/ is trusted: job_check_output() comes first.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "sandbox/process.h"
#include "sandbox/sandbox.h"

#include <stdint.h>

struct job {
    char *path, *logs, *home, *tmp, *out;
    struct sandbox sandbox;
    struct strlist env;  /* what every process gets */
    int steps;           /* processes started so far: numbers the logs */
    uint64_t disk_floor; /* bytes of the job's disk that foreign code has to leave free; 0: any */
    int lock;            /* held while the job lives, so that a later run knows a dead one */
};

/* Creates the folder below the cache and the environment. Takes `report` over. `ca` is the PEM file
 * of trusted certificates, or NULL. */
int job_open(struct sandbox_report *report, const char *ca, struct job *out,
             struct error *err) MUST_CHECK;
/* Removes all but the logs of a job that is over. */
void job_keep_logs(const char *path);
/* Releases the memory; the folder stays. */
void job_release(struct job *job);
/* Removes the folder too. */
void job_remove(struct job *job);
#define AUTO_JOB __attribute__((cleanup(job_release)))

struct job_step {
    const char *name;           /* of its log: "cargo-bench" */
    const struct strlist *argv; /* argv[0] absolute */
    const struct strlist *env;  /* beside the job's; wins over it; may be NULL */
    const char *cwd;
    double timeout_s;
    uint64_t output_limit;
    bool network;
    struct placement placement;
    int nice;
    void (*on_stdout)(void *context, const char *bytes, size_t len);
    void (*on_stderr)(void *context, const char *bytes, size_t len);
    void (*on_tick)(void *context, double elapsed_s);
    void *context;
    bool count_events;             /* see struct process */
    struct process_result *result; /* filled in by job_run_checked() too; may be NULL */
};

struct job_logs {
    char *out, *err; /* paths of the logs of the last step */
};
void job_logs_release(struct job_logs *logs);
#define AUTO_JOB_LOGS __attribute__((cleanup(job_logs_release)))

/* Runs it to its end; *result tells how that was. `logs` may be NULL. */
int job_run(struct job *job, const struct job_step *step, struct process_result *result,
            struct job_logs *logs, struct error *err) MUST_CHECK;
/* The same, and anything but success is an ERROR_BUILD: "<name> exited with code 101: <the first
 * line that says error>; the whole log: <path>". */
int job_run_checked(struct job *job, const struct job_step *step, struct error *err) MUST_CHECK;
/* That error for a step that has ended badly. */
int job_step_error(const struct job *job, const struct job_step *step,
                   const struct process_result *result, const struct job_logs *logs,
                   struct error *err);

/* A folder below out/ that foreign code may write, empty. A fresh string. */
int job_output_dir(struct job *job, const char *name, char **out, struct error *err) MUST_CHECK;
/* Makes sure that what foreign code left at `path` is plain files and folders, no links, pipes or
 * devices, of at most `max_bytes` in all. Only after this may the agent read it. */
int job_check_output(const char *path, uint64_t max_bytes, struct error *err) MUST_CHECK;

/* Sets a variable in a list of "NAME=value". */
void env_set(struct strlist *env, const char *name, const char *value);
const char *env_get(const struct strlist *env, const char *name);
