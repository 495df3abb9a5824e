/*
 * run: what belongs to a process and its memory, not to the host: the page cache that it finds, and
 * the NUMA nodes that it gets its memory from.
 */
#pragma once

#include "pipeline/run/run_state.h"

/* How one process found the page cache. */
#define PAGE_CACHE_KEPT "kept"
#define PAGE_CACHE_DROPPED "dropped"
#define PAGE_CACHE_REFUSED                                                 \
    "refused" /* to be dropped, and this process may not: the log says why \
               */

/* Empties the page cache where the configuration asks for that before this process. `target` is
 * NULL for a suite. Answers one of the above. */
const char *run_page_cache(const struct run *run, const struct bench_target *target);

/* Binds this process, and what it starts from now on, to the memory of the nodes of the benchmark
 * CPUs. A fresh string: the nodes, such as "0"; NULL where that is not possible or nothing is
 * pinned. */
char *run_memory_bind(const struct run *run);
void run_memory_unbind(void);
