/* Turbo depends on temperature and on what the other cores do, so that equal work takes unequal
 * time. The file depends on the driver. */
#include "base/alloc.h"
#include "host/knobs.h"

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    knob_target_number(ctx, out, CPU_ROOT "/intel_pstate/no_turbo", "1");
    knob_target_number(ctx, out, CPU_ROOT "/cpufreq/boost", "0");
    if (out->count)
        return;
    AUTO_STRLIST struct strlist policies = STRLIST_INIT;
    knob_policies(ctx, &policies);
    for (size_t i = 0; i < policies.count; i++)
        knob_target_add(ctx, out, xasprintf("%s/boost", policies.items[i]), VALUE_TEXT, "0");
}

const struct knob knob_turbo = {
    .name = "turbo",
    .summary = "frequencies above the nominal one, as long as heat and power allow",
    .guarded = true,
    .targets = targets,
};
