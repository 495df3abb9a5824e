/*
 * The jobs that hold this machine: it is tuned when the first begins and given back when the last
 * has ended, however each of them ended.
 *
 * A job is a process: a runner's worker (its hooks call the helper), or `run` itself. They stand in
 * one file of the state folder, which everybody may read and root alone may write:
 *
 *     boot <id of the boot>
 *     tuned jobs|hand|nobody
 *     job <pid> <start> <uid> <unix time> worker|run running|done <others>
 *
 * <others> is how many other jobs were on the machine meanwhile. An entry whose process has died
 * holds nothing. A machine that somebody has tuned by hand ('host tune') stays as it is.
 */
#pragma once

#include "base/error.h"
#include "host/place.h"
#include "host/tune.h"
#include "runner/worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum host_job_kind {
    HOST_JOB_WORKER, /* may begin once and end once: its job cannot switch the machine to and fro */
    HOST_JOB_RUN,
};

enum host_tuned_by { HOST_TUNED_BY_NOBODY, HOST_TUNED_BY_JOBS, HOST_TUNED_BY_HAND };

struct host_job {
    struct host_process process;
    enum host_job_kind kind;
    bool done;
    int64_t began_at; /* Unix seconds */
    int64_t others;
};

struct host_jobs {
    struct host_job *items;
    size_t count, cap;
    enum host_tuned_by tuned_by;
};

void host_jobs_release(struct host_jobs *jobs);
#define AUTO_HOST_JOBS __attribute__((cleanup(host_jobs_release)))

/* The jobs that live. Needs no rights; a machine without the file has none. */
int host_jobs_read(const struct host_place *place, struct host_jobs *out,
                   struct error *err) MUST_CHECK;
/* The entry of a process, NULL: none. */
struct host_job *host_jobs_find(const struct host_jobs *jobs, const struct host_process *process);
/* How many others are not done. */
size_t host_jobs_others(const struct host_jobs *jobs, const struct host_process *process);

/*
 * Begins a job. What dead jobs left tuned is given back first; then the machine is tuned, unless
 * another job has done so or somebody by hand: *tuned says whether this call did. On failure the
 * job is not registered and the machine is as it was, or its journal says what is left to restore.
 * ERROR_CONFLICT: a worker's job that has begun already.
 */
int host_job_begin(const struct host_place *place, const struct host_job *job,
                   const struct tune_request *request, struct tune_report *report, bool *tuned,
                   struct error *err) MUST_CHECK;
/* Gives back what dead jobs left tuned, where no other job lives. */
int host_jobs_sweep(const struct host_place *place, struct error *err) MUST_CHECK;
/*
 * Ends it; the last one has the machine restored: `report` tells what was, and is empty otherwise.
 * The job of a process that is not registered has ended already: 0. ERROR_FAILURE: something could
 * not be restored; the job has ended all the same.
 */
int host_job_end(const struct host_place *place, const struct host_process *process,
                 struct tune_report *report, struct error *err) MUST_CHECK;
