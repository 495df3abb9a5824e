/*
 * Before the interrupts are moved, irqbalance is told to leave the benchmark CPUs alone: it would
 * move them back. What it was told by others stays.
 */
#include "base/alloc.h"
#include "base/cpu_list.h"
#include "base/cpu_mask.h"
#include "host/irqbalance.h"
#include "host/knobs.h"

#include <ctype.h>
#include <string.h>

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (ctx->io->ops->list(ctx->io, IRQBALANCE_FOLDER, &names))
        return;
    for (size_t i = 0; i < names.count; i++) {
        cpu_set_t banned;
        AUTO_FREE char *path = xasprintf(IRQBALANCE_FOLDER "/%s", names.items[i]);
        /* A socket that was left behind has no text. */
        AUTO_FREE char *now = host_io_text(ctx->io, path);
        if (!now || !cpu_mask_parse_list(now, &banned))
            continue;
        CPU_OR(&banned, &banned, &ctx->cpus);
        CPU_OR(&banned, &banned, &ctx->siblings);
        AUTO_FREE char *wanted = cpu_list_text(&banned);
        knob_target_add(ctx, out, take_ptr(path), VALUE_LIST, wanted);
    }
}

/* One that offers no socket has only its configuration file, which is not ours to edit. */
static char *advice(const struct knob_context *ctx)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    AUTO_KNOB_TARGETS struct knob_targets sockets = {0};
    targets(ctx, &sockets);
    if (sockets.count || ctx->io->ops->list(ctx->io, "/proc", &names))
        return NULL;
    for (size_t i = 0; i < names.count; i++) {
        if (!isdigit((unsigned char)*names.items[i]))
            continue;
        AUTO_FREE char *name = host_io_textf(ctx->io, "/proc/%s/comm", names.items[i]);
        if (name && !strcmp(name, "irqbalance"))
            return xasprintf("irqbalance (process %s) moves interrupts back to the benchmark CPUs, "
                             "and has no socket in " IRQBALANCE_FOLDER
                             ": stop it, or set IRQBALANCE_BANNED_CPULIST in its configuration",
                             names.items[i]);
    }
    return NULL;
}

const struct knob knob_irqbalance = {
    .name = "irqbalance",
    .summary = "the CPUs that irqbalance leaves alone",
    .targets = targets,
    .advice = advice,
};
