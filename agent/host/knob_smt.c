/*
 * A core's two threads share all of it: the sibling of a benchmark CPU goes offline, alone rather
 * than with all other siblings (smt/control), so that the system keeps its threads.
 *
 * With the cpuset controller of cgroup v1 the kernel takes an offline CPU out of every group, and
 * does not put it back: there the siblings stay online as long as somebody has groups.
 */
#include "base/alloc.h"
#include "base/cpu_mask.h"
#include "host/knobs.h"

#define CPUSET_V1 "/sys/fs/cgroup/cpuset"

static bool has_v1_groups(const struct knob_context *ctx)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (ctx->io->ops->list(ctx->io, CPUSET_V1, &names))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        AUTO_FREE char *cpus = xasprintf(CPUSET_V1 "/%s/cpuset.cpus", names.items[i]);
        if (host_io_exists(ctx->io, cpus))
            return true;
    }
    return false;
}

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    bool keep = has_v1_groups(ctx);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &ctx->siblings) && (int)cpu != cpu_mask_first(&ctx->topology->online))
            knob_target_add(ctx, out, xasprintf(CPU_ROOT "/cpu%zu/online", cpu), VALUE_TEXT,
                            keep ? NULL : "0");
}

static char *advice(const struct knob_context *ctx)
{
    return CPU_COUNT(&ctx->siblings) && has_v1_groups(ctx)
               ? xstrdup(
                     "SMT siblings stay online: with cgroup v1 the kernel would take them out of "
                     "every cpuset for good")
               : NULL;
}

const struct knob knob_smt = {
    .name = "smt",
    .summary = "the other threads of the benchmark CPUs' cores (0: offline)",
    .targets = targets,
    .advice = advice,
};
