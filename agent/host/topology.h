/*
 * The CPUs of a machine as its files tell: ids are read, never counted. What a file does not say is
 * -1, and a machine without the file is fine.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "host/io.h"

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

struct host_cpu {
    int id;
    bool online, isolated, nohz_full; /* the last two: isolcpus= and nohz_full= of the boot */
    int core, package, node;          /* core ids are unique within their package only */
    int llc;                          /* the lowest CPU that shares the last-level cache */
    int capacity;                     /* of big.LITTLE: 1024 is the biggest */
    bool efficiency;                  /* of Intel's hybrid processors: no performance core */
    cpu_set_t siblings;               /* threads of the same core, this one too */
};

struct topology {
    struct host_cpu *cpus; /* present CPUs, ascending by id */
    size_t count;
    cpu_set_t present, online, isolated, nohz_full;
};

int topology_read(const struct host_io *io, struct topology *out, struct error *err) MUST_CHECK;
void topology_release(struct topology *topology);
#define AUTO_TOPOLOGY __attribute__((cleanup(topology_release)))

/* NULL when there is no such CPU. */
const struct host_cpu *topology_cpu(const struct topology *topology, size_t id);

/*
 * The CPUs for benchmarks: one thread of each physical core of one last-level cache, away from the
 * core of the first CPU, where interrupts and the system live. Of several caches the one with the
 * most such cores. Where the boot isolated CPUs, of those alone; of big and little cores, or
 * performance and efficiency cores, the big ones.
 * ERROR_USAGE when the system would be left without a CPU.
 */
int topology_choose(const struct topology *topology, cpu_set_t *out, struct error *err) MUST_CHECK;
/* The CPUs that a person gave. ERROR_USAGE: none, one that does not exist or is offline, or all of
 * them. What is possible and unwise is added to `warnings`. */
int topology_parse(const struct topology *topology, const char *text, cpu_set_t *out,
                   struct strlist *warnings, struct error *err) MUST_CHECK;
/* The other threads of the cores of `cpus`. */
void topology_siblings(const struct topology *topology, const cpu_set_t *cpus, cpu_set_t *out);
