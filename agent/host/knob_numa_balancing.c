/* Pages that follow the CPU which uses them are unmapped now and then to see who that is. */
#include "host/knobs.h"

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    knob_target_number(ctx, out, "/proc/sys/kernel/numa_balancing", "0");
}

const struct knob knob_numa_balancing = {
    .name = "numa-balancing",
    .summary = "pages that follow the CPU that uses them",
    .targets = targets,
};
