/* The governor decides the frequency between the limits; `performance` stays at the upper one. */
#include "base/alloc.h"
#include "host/knobs.h"

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    AUTO_STRLIST struct strlist policies = STRLIST_INIT;
    knob_policies(ctx, &policies);
    for (size_t i = 0; i < policies.count; i++) {
        AUTO_FREE char *offered = xasprintf("%s/scaling_available_governors", policies.items[i]);
        bool there = knob_offers(ctx->io, offered, "performance");
        knob_target_add(ctx, out, xasprintf("%s/scaling_governor", policies.items[i]), VALUE_TEXT,
                        there ? "performance" : NULL);
    }
}

static char *advice(const struct knob_context *ctx)
{
    AUTO_STRLIST struct strlist policies = STRLIST_INIT;
    knob_policies(ctx, &policies);
    return policies.count ? NULL
                          : xstrdup("there is no frequency driver: the frequency is neither known "
                                    "nor set here (a virtual machine, or the firmware decides)");
}

const struct knob knob_governor = {
    .name = "governor",
    .summary = "who chooses the frequency between its limits",
    .harmless = true,
    .targets = targets,
    .advice = advice,
};
