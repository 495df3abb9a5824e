/* What one process and its descendants used, from exec to exit, as the kernel counted it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Counted by perf events, where the machine has them and allows it. */
enum usage_counter {
    USAGE_MIGRATIONS, /* from one CPU to another */
    USAGE_INSTRUCTIONS,
    USAGE_CYCLES,
    USAGE_CACHE_MISSES,
    USAGE_BRANCH_MISSES,
    USAGE_COUNTERS, /* how many there are */
};

struct usage_count {
    bool known;     /* false: not available, which is not 0 */
    bool user_only; /* without what the kernel did for it: the agent may not count that */
    /* How much of the time it was counted, above 0 and up to 1. Below 1 the CPU had too few
     * counters, they took turns, and `value` is what all of the time would give. */
    double share;
    uint64_t value;
};

struct usage {
    int64_t wall_ns;
    int64_t user_ns, system_ns; /* CPU time of the program and all its descendants */
    /* Resident memory of the largest of them. -1: not known, for it was no more than the agent's
     * own image (some 9 MB), which a process has until its exec() and the kernel counts along. */
    int64_t peak_bytes;
    int64_t voluntary_switches, involuntary_switches;
    int64_t minor_faults, major_faults;
    struct usage_count counts[USAGE_COUNTERS];
};
