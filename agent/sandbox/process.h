/*
 * One foreign process and all that it starts: from its first instruction until nothing of it is
 * left, whatever it does and however the agent ends.
 *
 *     agent ── supervisor ── init ── the program ── …
 *
 * The agent waits in poll() and so sleeps while a benchmark runs, but for one look a second at the
 * free disk, where a floor is given: some 5 µs, on a CPU that is not measured on. It holds one end
 * of a pipe, the lifeline; when that end closes (a timeout, Ctrl-C, or the agent was killed) init
 * ends, and with it everything in its PID namespace. Without a PID namespace init is a subreaper
 * and kills its descendants one by one.
 *
 * Standard input is empty. Standard output and error pass through the agent into log files, which
 * bounds their size and keeps foreign code from rewriting them.
 */
#pragma once

#include "base/error.h"
#include "base/placement.h"
#include "base/strlist.h"
#include "base/usage.h"
#include "sandbox/sandbox.h"

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCESS_OUTPUT_LIMIT ((uint64_t)256 << 20) /* of both streams together, unless told */

struct process {
    const struct strlist *argv; /* argv[0] is an absolute path */
    const struct strlist *env;  /* "NAME=value": all of it, nothing is inherited */
    const char *cwd;
    const struct sandbox *sandbox;
    const char *stdout_path, *stderr_path; /* the logs, written anew */
    uint64_t output_limit;                 /* bytes; 0: PROCESS_OUTPUT_LIMIT */
    double timeout_s;                      /* 0: none */
    const char *disk;                      /* any path on the disk that is watched, or NULL */
    uint64_t disk_floor;                   /* stopped when fewer bytes than this are free there */
    bool network;                          /* may use the machine's network */
    struct placement placement;            /* where it runs; all zero: as the agent */
    int nice;
    bool count_events; /* with perf events too: process_result.used.counts */
    /* Called with each piece of standard output (error) as it comes; may be NULL. */
    void (*on_stdout)(void *context, const char *bytes, size_t len);
    void (*on_stderr)(void *context, const char *bytes, size_t len);
    /* Called about once a second while a live line is drawn, never otherwise; may be NULL. */
    void (*on_tick)(void *context, double elapsed_s);
    void *context;
};

enum process_end {
    PROCESS_EXITED,
    PROCESS_SIGNALLED,
    PROCESS_TIMED_OUT,
    PROCESS_OUTPUT_FULL, /* it printed more than output_limit */
    PROCESS_DISK_FULL,   /* fewer than disk_floor bytes were free */
};

struct process_result {
    enum process_end end;
    int code; /* exit status, or the signal's number */
    struct usage used;
    uint64_t output_bytes;
};

/* Runs it to its end. 0 whatever the program's own outcome is; ERROR_INTERRUPTED after Ctrl-C,
 * ERROR_NOT_FOUND when the program does not exist, another error when it could not be started or
 * its log not be written. In each case nothing of it is left when this returns. */
int process_run(const struct process *process, struct process_result *out,
                struct error *err) MUST_CHECK;

bool process_succeeded(const struct process_result *result);
/* "exited with code 101", "was killed by signal 11 (Segmentation fault)", "ran longer than the
 * limit of 2h 00m", …: a fresh string to go behind a program's name. */
char *process_result_text(const struct process *process, const struct process_result *result);

/* The absolute path of `name` in the colon-separated folders `path`, or NULL. A fresh string. */
char *program_find(const char *name, const char *path);
