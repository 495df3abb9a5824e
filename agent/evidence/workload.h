/*
 * Fixed pieces of work, to see how a machine does rather than a program: the same instructions on
 * the same data at every call, in three kinds that depend on different parts of the machine.
 *
 *   integer   one dependent chain of multiplications and shifts: the clock's frequency, SMT
 *   memory    dependent reads all over the arena, which about fills a core's second cache: caches,
 *             translations, neighbours
 *   branch    branches on random bits: prediction, mitigations
 *
 * Each yields a checksum, so that no compiler can leave the work out and a machine that computes
 * wrongly is found out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum workload { WORKLOAD_INTEGER, WORKLOAD_MEMORY, WORKLOAD_BRANCH, WORKLOADS };

#define WORKLOAD_ARENA_BYTES ((size_t)1 << 20)
/* Steps that take some 5 ms on a core of 3 GHz. */
#define WORKLOAD_INTEGER_STEPS 2000000u
#define WORKLOAD_MEMORY_STEPS 600000u
#define WORKLOAD_BRANCH_STEPS 800000u

extern const char *const workload_names[WORKLOADS];

/* Fills the arena with one cycle through all its cache lines, in an order that no prefetcher
 * guesses: Sattolo's shuffle ("An algorithm to generate a random cyclic permutation", 1986). */
void workload_prepare(void *arena);
/* Does `steps` steps and returns the checksum. Only the memory kind looks at the arena. */
uint64_t workload_do(enum workload kind, const void *arena, uint32_t steps);
/* One full piece: the steps above. True when the checksum is what it has to be. */
bool workload_piece(enum workload kind, const void *arena);

/* The frequency that the core runs at now, in Hz: from the fastest of some chains of additions that
 * depend on one another, of which every processor since the nineties does one in each cycle. Takes
 * about 0.2 ms. */
double workload_frequency_hz(void);
