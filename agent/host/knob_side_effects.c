/*
 * What other knobs change without writing it, and what would not come back by itself:
 *
 *  - the tunables of a governor, of all its policies or of each: they go with the governor, and are
 *    the defaults when it returns (drivers/cpufreq/cpufreq_governor.c);
 *  - the frequency that somebody gave to `userspace`;
 *  - each policy's own boost, which the common file sets along;
 *  - intel_pstate's lower limit, which is cut down with turbo off and stays so.
 *
 * Nothing is wanted of them but what they are: they are in the journal, and so come back.
 */
#include "base/alloc.h"
#include "host/knobs.h"

#include <ctype.h>
#include <string.h>

static void add_as_it_is(const struct knob_context *ctx, char *path, struct knob_targets *out)
{
    AUTO_FREE char *now = host_io_text(ctx->io, path);
    if (now)
        knob_target_add(ctx, out, path, VALUE_TEXT, now);
    else
        free(path);
}

static void add_folder(const struct knob_context *ctx, const char *folder, struct knob_targets *out)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (ctx->io->ops->list(ctx->io, folder, &names))
        return;
    for (size_t i = 0; i < names.count; i++)
        add_as_it_is(ctx, xasprintf("%s/%s", folder, names.items[i]), out);
}

static void add_policy(const struct knob_context *ctx, const char *policy, bool common_boost,
                       struct knob_targets *out)
{
    AUTO_FREE char *governor = host_io_textf(ctx->io, "%s/scaling_governor", policy);
    AUTO_FREE char *speed = host_io_textf(ctx->io, "%s/scaling_setspeed", policy);
    if (common_boost)
        add_as_it_is(ctx, xasprintf("%s/boost", policy), out);
    /* With any other governor it is "<unsupported>". */
    if (speed && isdigit((unsigned char)*speed))
        add_as_it_is(ctx, xasprintf("%s/scaling_setspeed", policy), out);
    if (governor && *governor) {
        AUTO_FREE char *folder = xasprintf("%s/%s", policy, governor);
        add_folder(ctx, folder, out);
    }
}

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT, policies = STRLIST_INIT;
    bool common_boost = host_io_exists(ctx->io, CPU_ROOT "/cpufreq/boost");
    if (!ctx->io->ops->list(ctx->io, CPU_ROOT "/cpufreq", &names))
        for (size_t i = 0; i < names.count; i++) {
            AUTO_FREE char *folder = xasprintf(CPU_ROOT "/cpufreq/%s", names.items[i]);
            if (strncmp(names.items[i], "policy", 6))
                add_folder(ctx, folder, out);
        }
    knob_policies(ctx, &policies);
    for (size_t i = 0; i < policies.count; i++)
        add_policy(ctx, policies.items[i], common_boost, out);
    add_as_it_is(ctx, xstrdup(CPU_ROOT "/intel_pstate/min_perf_pct"), out);
}

const struct knob knob_side_effects = {
    .name = "side-effects",
    .summary = "what governor and turbo change along: noted, so that it comes back",
    .harmless = true,
    .guarded = true,
    .targets = targets,
};
