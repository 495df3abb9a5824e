/* Intel and AMD processors that choose their frequency themselves are told what to prefer. */
#include "base/alloc.h"
#include "host/knobs.h"

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    AUTO_STRLIST struct strlist policies = STRLIST_INIT;
    knob_policies(ctx, &policies);
    for (size_t i = 0; i < policies.count; i++) {
        AUTO_FREE char *offered =
            xasprintf("%s/energy_performance_available_preferences", policies.items[i]);
        bool there = knob_offers(ctx->io, offered, "performance");
        knob_target_add(ctx, out, xasprintf("%s/energy_performance_preference", policies.items[i]),
                        VALUE_TEXT, there ? "performance" : NULL);
    }
}

const struct knob knob_energy_preference = {
    .name = "energy-preference",
    .summary = "what the processor prefers where it chooses its frequency itself",
    .harmless = true,
    .guarded = true,
    .targets = targets,
};
