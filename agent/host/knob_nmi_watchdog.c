/* The watchdog takes a hardware counter of each CPU and interrupts it regularly. */
#include "host/knobs.h"

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    knob_target_number(ctx, out, "/proc/sys/kernel/nmi_watchdog", "0");
}

const struct knob knob_nmi_watchdog = {
    .name = "nmi-watchdog",
    .summary = "the kernel's lock-up detector, which uses a hardware counter of each CPU",
    .targets = targets,
};
