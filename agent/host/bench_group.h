/*
 * The control group of the benchmark CPUs that an isolating tune has made (knob_isolation.c), from
 * the side of who measures in it.
 */
#pragma once

#include "base/error.h"
#include "base/placement.h"
#include "host/place.h"

#include <sched.h>
#include <stdbool.h>

#define BENCH_GROUP_NAME "/lance-bench" /* as /proc/PID/cgroup has it */

struct bench_group {
    char *path; /* owned: "/sys/fs/cgroup/lance-bench" */
    char *kind; /* owned: of a cgroup v2 partition "isolated" or "root", else "cgroup v1" */
    cpu_set_t cpus;
};

void bench_group_release(struct bench_group *group);
#define AUTO_BENCH_GROUP __attribute__((cleanup(bench_group_release)))

/* False: the machine is not isolated, or not by this program. */
bool bench_group_find(const struct host_place *place, struct bench_group *out);
/* Fills in the group of a placement whose CPUs are set; its descriptor is to be closed.
 * ERROR_USAGE: the group does not have all these CPUs. ERROR_FAILURE: this process may not put
 * others there. */
int bench_group_open(const struct host_place *place, const struct bench_group *group,
                     struct placement *placement, struct error *err) MUST_CHECK;

/* CPUs that this process may have its children run on: its own, those that the boot isolated
 * (isolcpus= takes them from everybody's default and forbids them to nobody) and those of the
 * group. */
void bench_group_usable_cpus(const struct host_place *place, cpu_set_t *out);
