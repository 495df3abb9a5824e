/*
 * run: the benchmark CPUs for the benchmarks alone. The control group is made by tuning
 * (host/knob_isolation.c); here the processes that are measured are placed in it.
 */
#pragma once

#include "base/strbuf.h"
#include "host/bench_group.h"
#include "host/tune.h"

struct run_isolation {
    bool wanted;
    const char *state; /* "entered", "refused", "boot" (isolcpus=); NULL: not asked for */
    char *group;       /* its path; NULL: there is none */
    char *kind;        /* what the kernel made of it: bench_group.h */
    char *reason;      /* why it was refused */
};

void run_isolation_release(struct run_isolation *isolation);

/* Where the machine has a group of these CPUs: opens it and lets a process try it. True: benchmarks
 * are placed in it; `placement` has its descriptor, which is to be closed. Otherwise *isolation
 * says why not. */
bool run_isolation_enter(struct run_isolation *isolation, const struct host_place *place,
                         struct placement *placement);
/* Notes what the report of a tune says of isolation that did not come about. */
void run_isolation_note(struct run_isolation *isolation, const struct tune_report *report);
/* Appends the object of host_sessions.knobs, or null. */
void run_isolation_write(const struct run_isolation *isolation, struct strbuf *out);
