/*
 * Sleep states of the benchmark CPUs that take long to leave: a benchmark that waits is woken late,
 * and with cold caches. Those up to 10 µs stay (C1 and C1E of Intel, C1 of AMD), so that an idle
 * core does not take power from a busy one.
 */
#include "base/alloc.h"
#include "host/knobs.h"

enum { DEEP_LATENCY_US = 10 };

static void cpu_targets(const struct knob_context *ctx, size_t cpu, struct knob_targets *out)
{
    AUTO_STRLIST struct strlist states = STRLIST_INIT;
    AUTO_FREE char *folder = xasprintf(CPU_ROOT "/cpu%zu/cpuidle", cpu);
    if (ctx->io->ops->list(ctx->io, folder, &states))
        return;
    for (size_t i = 0; i < states.count; i++) {
        AUTO_FREE char *latency = xasprintf("%s/%s/latency", folder, states.items[i]);
        bool deep = host_io_number(ctx->io, latency, 0) > DEEP_LATENCY_US;
        if (deep)
            knob_target_add(ctx, out, xasprintf("%s/%s/disable", folder, states.items[i]),
                            VALUE_TEXT, "1");
    }
}

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &ctx->cpus))
            cpu_targets(ctx, cpu, out);
}

const struct knob knob_deep_idle = {
    .name = "deep-idle",
    .summary = "sleep states of the benchmark CPUs that take more than 10 us to leave (1: off)",
    .harmless = true,
    .targets = targets,
};
