/*
 * Calibration: how quiet these CPUs are, and the smallest change that they can show.
 *
 * Rounds follow one another until the time is over, each a fresh process on the CPUs, as benchmark
 * processes are, with an arena of its own: what one process differs from the next by (placement of
 * its pages, for the most part) is in the figures. A round does many short quanta of the integer
 * work, some repetitions of each kind of work (evidence/workload.h), and measures the frequency.
 *
 * Each figure is one row with a value for each round (or one alone):
 *
 *   quantum/p50, /p99, /max   time of a quantum of some 25 µs: the median, the 99th percentile and
 *                             the greatest of a round
 *   integer, memory, branch   time of the fixed work, the median of a round's repetitions
 *   …/cv                      standard deviation of these over their mean
 *   …/smallest_change         the smallest relative change between two commits that is found in
 *                             four of five comparisons, each of CALIBRATE_PROCESSES processes of
 *                             either, at a level of 5 %: (1.960 + 0.842) s sqrt(2 / n), where s is
 *                             the standard deviation of ln(time) between rounds (two-sided
 *                             two-sample test: NIST/SEMATECH e-Handbook of Statistical Methods,
 *                             7.2.2.2; processes as the unit: Kalibera & Jones, "Rigorous
 *                             benchmarking in reasonable time", 2013)
 *   frequency                 reached: additions that depend on one another, one a cycle
 *   lost                      share of a round's time in which it did not have its CPU
 *   steal, load               shares of the CPUs' time that the hypervisor, and others, had
 *   migrations                changes of CPU between the pieces of a round; those within a piece
 *                             are not seen
 */
#pragma once

#include "base/error.h"
#include "base/placement.h"
#include "base/strbuf.h"
#include "host/io.h"
#include "evidence/workload.h"

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CALIBRATE_QUANTA 400
#define CALIBRATE_REPEATS 5
#define CALIBRATE_PROCESSES 10
#define CALIBRATE_MIN_ROUNDS 10

struct calibrate_round {
    double quanta_ns[CALIBRATE_QUANTA];
    double wall_ns[WORKLOADS][CALIBRATE_REPEATS];
    double frequency_hz;
    int64_t wall_all_ns, cpu_all_ns;
    int64_t migrations;
    bool correct; /* every checksum was right */
};

struct calibration_row {
    char *name;          /* owned */
    const char *units;   /* "nanoseconds", "hertz", "ratio", "migrations" */
    const char *meaning; /* a few words */
    double figure;       /* what stands for the values: see calibration_of() */
    double *values;      /* owned, at least one */
    size_t count;
};

struct calibration {
    struct calibration_row *rows;
    size_t count, cap;
    size_t rounds;
    double seconds;
};

void calibration_release(struct calibration *calibration);
#define AUTO_CALIBRATION __attribute__((cleanup(calibration_release)))

/*
 * Calibrates for about `duration_s`, and for CALIBRATE_MIN_ROUNDS rounds at least, in processes
 * that are placed so. `on_round`, may be NULL, is called behind each round with the share of the
 * time that is over. ERROR_FAILURE: it cannot be done here, or the machine computes wrongly.
 * ERROR_INTERRUPTED after Ctrl-C. *out is to be released.
 */
int calibrate(const struct host_io *io, const struct placement *placement, double duration_s,
              void (*on_round)(double share), struct calibration *out,
              struct error *err) MUST_CHECK;

/* The rows that rounds alone give (all but steal and load). Figures are medians of the values, the
 * greatest for quantum/max, sums for migrations. */
void calibration_of(const struct calibrate_round *rounds, size_t count, struct calibration *out);
/* The formula above; `deviation` is s. */
double calibration_smallest_change(double deviation, int processes);
/* NULL when there is no such row. */
const struct calibration_row *calibration_row(const struct calibration *calibration,
                                              const char *name);
/* Appends the lines of parse/calibration.h. `details` is a JSON object for each of them. */
void calibration_write(const struct calibration *calibration, const char *details,
                       struct strbuf *out);
