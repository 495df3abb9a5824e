/* Kernel work that is bound to no CPU, such as writing files back. */
#include "host/knobs.h"

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    knob_target_mask(ctx, out, "/sys/devices/virtual/workqueue/cpumask");
}

const struct knob knob_workqueue = {
    .name = "workqueue",
    .summary = "the CPUs of kernel work that is bound to none",
    .targets = targets,
};
