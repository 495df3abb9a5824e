/*
 * The limits between which the governor chooses. The upper one comes down to the nominal frequency
 * where the driver tells it (Intel's base_frequency) and stays elsewhere; the lower one becomes the
 * upper one. The kernel refuses a lower limit above the upper one, so that the one that makes room
 * is written first, and comes back last.
 */
#include "base/alloc.h"
#include "host/knobs.h"

static void policy_targets(const struct knob_context *ctx, const char *policy,
                           struct knob_targets *out)
{
    AUTO_FREE char *base_path = xasprintf("%s/base_frequency", policy);
    char *min_path = xasprintf("%s/scaling_min_freq", policy);
    char *max_path = xasprintf("%s/scaling_max_freq", policy);
    long long min = host_io_number(ctx->io, min_path, 0);
    long long max = host_io_number(ctx->io, max_path, 0);
    long long base = host_io_number(ctx->io, base_path, max);
    long long limit = base < max ? base : max;
    AUTO_FREE char *wanted = limit > 0 ? xasprintf("%lld", limit) : NULL;
    bool lower_first = min > limit;
    knob_target_add(ctx, out, lower_first ? min_path : max_path, VALUE_TEXT, wanted);
    knob_target_add(ctx, out, lower_first ? max_path : min_path, VALUE_TEXT, wanted);
}

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    AUTO_STRLIST struct strlist policies = STRLIST_INIT;
    knob_policies(ctx, &policies);
    for (size_t i = 0; i < policies.count; i++)
        policy_targets(ctx, policies.items[i], out);
}

const struct knob knob_frequency_limits = {
    .name = "frequency-limits",
    .summary = "the lowest and the highest frequency, in kHz",
    .harmless = true,
    .guarded = true,
    .targets = targets,
};
