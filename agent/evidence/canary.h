/*
 * The canary: the same fixed work (workload.h), first and last in a session and now and then in
 * between, where the benchmarks run. It tells whether the machine was the same machine all the
 * time.
 *
 * Each kind of work is done CANARY_REPEATS times after a warm-up. The arena is shared by all
 * canaries of a session, so that they read the same physical memory: the placement of pages alone
 * makes a difference of one or two per cent between processes.
 *
 * What is judged, over all canaries of the session, is the greater of
 *
 *   drift  the greatest median wall time of a kind over its smallest, less 1
 *   lost   the share of a canary's wall time in which it did not have the CPU: it never waits, so
 *          wall time and CPU time are the same on a quiet machine
 *
 * up to CANARY_TRUSTED is "trusted", up to CANARY_SPOILED "drifting", beyond it "spoiled". The
 * limits: the standard error of a median of n is 1.2533 sigma / sqrt(n) (Kendall & Stuart, "The
 * Advanced Theory of Statistics", vol. 1, 10.10), .47 % for n = 7 at a noise of 1 %, so that the
 * ratio of two medians differs from 1 by 2 % in one of 300 sessions (three standard errors,
 * sqrt(2) * .47 % each) without anything having changed; 5 % is what users of shared runners report
 * between identical runs, and take for useless.
 */
#pragma once

#include "base/error.h"
#include "base/placement.h"
#include "base/strbuf.h"
#include "evidence/workload.h"

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#define CANARY_REPEATS 7
#define CANARY_TRUSTED 0.02
#define CANARY_SPOILED 0.05
#define CANARY_INTERVAL_S 600.0 /* between two canaries of a long session */

enum canary_verdict {
    CANARY_UNKNOWN, /* fewer than two canaries could be run */
    CANARY_OK,
    CANARY_DRIFTING,
    CANARY_BAD,
};

struct canary_reading {
    double at_s;               /* since the first canary's beginning */
    double wall_ns[WORKLOADS]; /* medians of the repetitions */
    double noise[WORKLOADS];   /* 1.4826 * median absolute deviation / median */
    int64_t wall_all_ns, cpu_all_ns;
    bool correct; /* every checksum was right */
};

struct canary {
    void *arena;
    double start_s;
    struct canary_reading *readings;
    size_t count, cap;
    char *problem; /* why the last one could not be run; NULL: it could */
};

struct canary_judgement {
    enum canary_verdict verdict;
    double drift, lost;  /* shares; 0 where unknown */
    enum workload worst; /* the kind that drifted most */
    bool correct;
};

void canary_release(struct canary *canary);
#define AUTO_CANARY __attribute__((cleanup(canary_release)))

/* Runs one in a child that is placed so (NULL: where the agent may run); some 120 ms. `canary`
 * begins as {0}. A canary that cannot be run is no reason to stop: *canary says why.
 * ERROR_INTERRUPTED after Ctrl-C. */
int canary_run(struct canary *canary, const struct placement *placement,
               struct error *err) MUST_CHECK;
/* Whether the last one is so long ago that the next is due. */
bool canary_is_due(const struct canary *canary);
struct canary_judgement canary_judge(const struct canary *canary);
/* "trusted", "drifting", "spoiled", "unknown" */
const char *canary_verdict_name(enum canary_verdict verdict);
/* Appends {"verdict": …, "drift": …, "lost": …, "readings": […]}. */
void canary_write(const struct canary *canary, struct strbuf *out);
