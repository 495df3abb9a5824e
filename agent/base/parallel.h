/*
 * Independent work over the numbers 0 to count - 1, on the CPUs that this process may use.
 *
 * What is written for one number belongs to it alone, so that the outcome does not depend on how
 * many threads there are. Work that is kept between numbers (a scratch buffer) lives within one
 * call of the function.
 */
#pragma once

#include <stddef.h>

#define PARALLEL_MAX 8 /* threads */

/* Does the numbers from `first` up to, not including, `end`. It starts no such work itself. */
typedef void parallel_range(size_t first, size_t end, void *context);

/* How many threads there would be: the CPUs in this thread's affinity, PARALLEL_MAX at most. */
size_t parallel_threads(void);
/* Calls `work` for pieces of the range, on this thread and others, and returns when all are done.
 * Where no thread can be started this one does it alone. No signal is delivered to the others. */
void parallel_each(size_t count, parallel_range *work, void *context);
