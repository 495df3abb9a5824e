/*
 * What the kernel says of some CPUs at one moment, and what happened between two such moments: time
 * that the hypervisor or others took, throttling, frequency, temperature. Some ten small files, a
 * fraction of a millisecond.
 */
#pragma once

#include "host/io.h"

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

/* NAN and -1: the machine does not say. */
struct host_reading {
    double at_s; /* monotonic clock */
    /* Sums over the CPUs since boot (/proc/stat), in ns of a resolution of 10 ms. */
    int64_t busy_ns; /* user, nice, system, interrupts; not steal */
    int64_t steal_ns;
    int64_t throttles;          /* thermal_throttle: events of the cores */
    int64_t throttled_ms;       /* and how long, where the kernel counts that */
    double least_mhz, most_mhz; /* of the CPUs now */
    bool mhz_from_cpuinfo;      /* from /proc/cpuinfo, which in a VM is a constant */
    double celsius;             /* of the hottest sensor of a CPU, else of any zone */
};

/* `cpus` NULL: all that are online. What cannot be read is unknown; nothing fails. */
void host_reading_take(const struct host_io *io, const cpu_set_t *cpus, struct host_reading *out);

struct host_change {
    double seconds;
    int64_t busy_ns, steal_ns, throttles, throttled_ms; /* -1: unknown */
};

/* A counter that went backwards (a CPU that was offline in between) is unknown. */
struct host_change host_change_of(const struct host_reading *before,
                                  const struct host_reading *after);
