/* Interrupts that a driver sets up from now on. */
#include "host/knobs.h"

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    knob_target_mask(ctx, out, "/proc/irq/default_smp_affinity");
}

const struct knob knob_irq_default = {
    .name = "irq-default",
    .summary = "the CPUs of interrupts that are set up from now on",
    .targets = targets,
};
