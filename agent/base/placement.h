/*
 * Where a process is to run: on which CPUs, and in which control group. Those of an isolated group
 * are reached only from within it.
 */
#pragma once

#include "base/error.h"

#include <sched.h>

struct placement {
    const cpu_set_t *cpus; /* NULL: where the agent may run */
    /* The group's cgroup.procs, open for writing and O_CLOEXEC: opened by the agent, whose rights
     * count, and inherited by the child. 0: the agent's own group. */
    int group;
    const char *group_name; /* as /proc/self/cgroup has it: "/lance-bench" */
};

/* In the child, before it gives up its rights: moves the calling process into the group, reads back
 * that it is there, then pins it and reads back where it may run. ERROR_FAILURE says what the
 * kernel did not do. */
int placement_enter(const struct placement *placement, struct error *err) MUST_CHECK;
