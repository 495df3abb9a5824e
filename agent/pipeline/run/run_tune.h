/*
 * run: setting the machine up for this run, or finding out that others have. Shared by run_host.c
 * and run_tune.c and by nobody else; run_host.h tells when which is done.
 */
#pragma once

#include "base/strbuf.h"
#include "host/tune.h"
#include "pipeline/run/run_host.h"
#include "pipeline/run/run_isolation.h"
#include "runner/conf.h"
#include "runner/jobs.h"

#include <sys/types.h>

struct run_host {
    char *root; /* "" for this machine */
    struct host_place place;
    struct host_conf conf;
    bool configured;
    enum tune_profile profile;
    struct host_process self;
    struct host_process job; /* this process, or the runner's worker above it */
    bool begun;              /* stands in the list of jobs by our doing */
    pid_t watcher;
    int latency; /* open descriptor of LATENCY_FILE, or -1 */
    int nice_before;
    bool niced;
    const char *state;  /* "off", "not configured", "tuned", "verified", "refused" */
    const char *by;     /* who has tuned it: "run", "job", "hook", "hand"; NULL: nobody */
    char *reason;       /* why it was not tuned, or NULL */
    const char *wakeup; /* what became of LATENCY_FILE: "held", "absent", "refused" */
    int64_t others;     /* jobs on the machine beside this one */
    bool knows_others;
    struct run_isolation isolation;
    struct tune_report report;
};

bool run_tune_in_container(const struct run_host *host);
/* A container loses its journal with its files, so it never writes, whatever it may. */
bool run_tune_may(const struct run_host *host);
/* A run that died with its watcher may have been the last one that was to tune. */
void run_tune_sweep(const struct run_host *host);
/* Whether the hooks of a runner, or somebody by hand, have tuned it already. */
bool run_tune_find(struct run_host *host);
/* Tunes, or verifies what somebody else has set. Only with --tune require is it an error that the
 * machine stays as it is. */
int run_tune_set(struct run *run, struct error *err) MUST_CHECK;
int run_tune_verify(struct run *run, struct error *err) MUST_CHECK;
/* How many other jobs there were, as long as the entry of this one is there. */
void run_tune_count_others(struct run_host *host);
/* Gives the machine back. What could not be restored stays in the journal. */
void run_tune_end(struct run_host *host);
/* The key "knobs" of run_host_json(). */
void run_tune_write_rows(struct strbuf *out, const struct tune_report *report);
