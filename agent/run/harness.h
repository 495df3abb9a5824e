/* What the runs of all harnesses share. */
#pragma once

#include "run/cpu_clock.h"
#include "sandbox/job.h"

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

#define HARNESS_TIMEOUT_S (2 * 3600.0)         /* of one harness process, unless told */
#define HARNESS_OUTPUT_MAX ((uint64_t)1 << 30) /* bytes of the results one may leave */

struct harness {
    struct job *job;
    const struct strlist *env;  /* beside the job's */
    struct placement placement; /* where it runs; all zero: as the agent */
    double timeout_s;           /* 0: HARNESS_TIMEOUT_S */
    uint64_t output_limit;      /* 0: PROCESS_OUTPUT_LIMIT */
    /* How the measuring process ended and what it used, its events counted; may be NULL. */
    struct process_result *result;
    /* Measure CPU time, and what was found on the way; benchmarks that it does not fit are taken
     * out of the results. NULL: wall time. */
    struct cpu_clock *cpu_clock;
    /* Called as benchmarks are done, and each second on a terminal; may be NULL. */
    void (*on_progress)(void *context, size_t done, double elapsed_s);
    void *context;
};

/* Calls `line` for each whole line of a stream that comes in pieces. Lines are cut at
 * LINE_WATCH_MAX bytes. */
#define LINE_WATCH_MAX 1024
struct line_watch {
    char text[LINE_WATCH_MAX];
    size_t len;
    void (*line)(void *context, const char *text);
    void *context;
};
void line_watch_add(struct line_watch *watch, const char *bytes, size_t len);

/* Counts finished benchmarks by what a harness prints and tells harness->on_progress. The two
 * functions serve as callbacks of a job step, with the watch as their context. */
struct harness_watch {
    const struct harness *harness;
    bool (*is_done)(const char *line); /* whether the line says that a benchmark is done */
    struct line_watch lines;
    size_t done;
    double elapsed_s;
};
/* `watch` stays where it is from then on. */
void harness_watch_init(struct harness_watch *watch, const struct harness *harness,
                        bool (*is_done)(const char *line));
void harness_watch_output(void *watch, const char *bytes, size_t len);
void harness_watch_tick(void *watch, double elapsed_s);
