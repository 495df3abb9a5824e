/*
 * The CPU clock of benchmark programs (`run --clock cpu`): a small library, preloaded into the one
 * process that measures, answers its monotonic clock with CPU time; preload/clock.h tells how. It
 * says for each benchmark whether that thread did the work alone and without waiting; where it did
 * not, CPU time says nothing, and the benchmark is refused.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "model/bench_target.h"
#include "preload/clock.h"
#include "sandbox/job.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A benchmark is refused when it waited, or others worked, for more than this share of its CPU time
 * and longer than this in all: a page that comes from the disk is no reason. */
#define CPU_CLOCK_SHARE 0.01
#define CPU_CLOCK_SPARE_NS 2000000

/* How it is known what belongs to which benchmark: the rules of preload/clock.h. */
#define CPU_CLOCK_PHASES CLOCK_RULE_PHASES
#define CPU_CLOCK_LIBTEST CLOCK_RULE_LIBTEST
#define CPU_CLOCK_PROGRAM CLOCK_RULE_PROGRAM

#define CPU_CLOCK_PLUGIN "lance_bench_clock" /* pytest -p */
#define CPU_CLOCK_TIMER "time.thread_time"   /* for pytest-benchmark */

/* What the samples of one benchmark took, its set-up between them included. */
struct cpu_clock_use {
    char *name;           /* of the benchmark; Criterion's title of it is cut at 100 characters, and
                             a whole program is called CLOCK_PROGRAM */
    int64_t cpu_ns;       /* of the measuring thread */
    int64_t waited_ns;    /* that it slept or was blocked */
    int64_t others_ns;    /* CPU time of the process's other threads */
    int64_t preempted_ns; /* that others had its CPU */
    uint64_t reads;       /* of the clock */
};

struct cpu_clock {
    double read_ns; /* what a read of the clock costs */
    struct cpu_clock_use *uses;
    size_t count, cap;
    struct strlist refused; /* names of the benchmarks that CPU time does not fit */
    struct strlist reasons; /* of each, behind its name: "<name> sleeps or waits: …" */
};

void cpu_clock_release(struct cpu_clock *clock);
#define AUTO_CPU_CLOCK __attribute__((cleanup(cpu_clock_release)))

/* Makes sure that the executable open at `fd` is a dynamic one: nothing can be preloaded into
 * another. ERROR_BUILD says so; `name` stands for it. */
int cpu_clock_check(int fd, const char *name, struct error *err) MUST_CHECK;

/* With a clock: checks the executable of a Rust bench, and preloads the library by `rule`. Without
 * one it does nothing. */
int cpu_clock_set_up(struct job *job, const struct cpu_clock *clock,
                     const struct bench_target *target, const char *rule, struct strlist *env,
                     struct error *err) MUST_CHECK;

/* Each writes what is to be loaded into the job's folder, where foreign code may read it, and adds
 * the variables that load it to those of the process that measures: the library into a program,
 * by `rule`, the module lance_bench_clock into pytest. */
int cpu_clock_preload(struct job *job, const char *rule, struct strlist *env,
                      struct error *err) MUST_CHECK;
int cpu_clock_plug_in(struct job *job, struct strlist *env, struct error *err) MUST_CHECK;

/* Reads what the process left, and judges it. Foreign code may have written it: ERROR_BUILD when it
 * is not there, or not what it should be. Replaces what is in `out`, which is to be released. */
int cpu_clock_read(const struct job *job, struct cpu_clock *out, struct error *err) MUST_CHECK;
/* The same for a report's text, which is changed. */
int cpu_clock_parse(char *text, struct cpu_clock *out, struct error *err) MUST_CHECK;

/* Whether there are figures of the benchmark, and none of them speaks against it. */
bool cpu_clock_accepts(const struct cpu_clock *clock, const char *name);

/* The error where nothing is left: ERROR_BUILD with all reasons. */
int cpu_clock_nothing_left(const struct cpu_clock *clock, struct error *err);

/* Why CPU time does not fit the benchmark, a fresh string; NULL when it does. */
char *cpu_clock_refusal(const struct cpu_clock_use *use);
