/*
 * Interrupts and kernel work that any CPU may do go to the other CPUs. Many interrupts cannot be
 * moved (those of one CPU's timer, or spread by the driver over all of them): the kernel answers
 * with an error, which is a row of the report.
 */
#include "base/alloc.h"
#include "base/cpu_list.h"
#include "base/cpu_mask.h"
#include "host/knobs.h"

#include <ctype.h>
#include <string.h>

#define IRQ_ROOT "/proc/irq"

/* The CPUs of `from` less the benchmark CPUs and their siblings; the system's where none is left.
 */
static cpu_set_t moved_away(const struct knob_context *ctx, const cpu_set_t *from)
{
    cpu_set_t quiet, left;
    CPU_OR(&quiet, &ctx->cpus, &ctx->siblings);
    cpu_mask_without(from, &quiet, &left);
    return CPU_COUNT(&left) ? left : ctx->system;
}

static void mask_target(const struct knob_context *ctx, struct knob_targets *out, const char *path)
{
    cpu_set_t now;
    AUTO_FREE char *text = host_io_text(ctx->io, path);
    if (!text || !cpu_mask_parse_hex(text, &now))
        return;
    cpu_set_t wanted = moved_away(ctx, &now);
    const struct topology *t = ctx->topology;
    AUTO_FREE char *mask = cpu_mask_hex(&wanted, t->cpus[t->count - 1].id + 1);
    knob_target_add(ctx, out, xstrdup(path), VALUE_MASK, mask);
}

static void default_targets(const struct knob_context *ctx, struct knob_targets *out)
{
    mask_target(ctx, out, IRQ_ROOT "/default_smp_affinity");
}

static void irq_targets(const struct knob_context *ctx, struct knob_targets *out)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (ctx->io->ops->list(ctx->io, IRQ_ROOT, &names))
        return;
    for (size_t i = 0; i < names.count; i++) {
        cpu_set_t now;
        AUTO_FREE char *path = xasprintf(IRQ_ROOT "/%s/smp_affinity_list", names.items[i]);
        AUTO_FREE char *text =
            isdigit((unsigned char)*names.items[i]) ? host_io_text(ctx->io, path) : NULL;
        if (!text || !cpu_mask_parse_list(text, &now))
            continue;
        cpu_set_t wanted = moved_away(ctx, &now);
        AUTO_FREE char *list = cpu_list_text(&wanted);
        knob_target_add(ctx, out, take_ptr(path), VALUE_LIST, list);
    }
}

static void workqueue_targets(const struct knob_context *ctx, struct knob_targets *out)
{
    mask_target(ctx, out, "/sys/devices/virtual/workqueue/cpumask");
}

/* irqbalance's list of banned CPUs is its own configuration file, which is not ours to edit. */
static char *irqbalance_advice(const struct knob_context *ctx)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (ctx->io->ops->list(ctx->io, "/proc", &names))
        return NULL;
    for (size_t i = 0; i < names.count; i++) {
        if (!isdigit((unsigned char)*names.items[i]))
            continue;
        AUTO_FREE char *name = host_io_textf(ctx->io, "/proc/%s/comm", names.items[i]);
        if (name && !strcmp(name, "irqbalance"))
            return xasprintf("irqbalance (process %s) moves interrupts back to the benchmark CPUs: "
                             "stop it, or set IRQBALANCE_BANNED_CPULIST in its configuration",
                             names.items[i]);
    }
    return NULL;
}

const struct knob knob_irq_default = {
    .name = "irq-default",
    .summary = "the CPUs of interrupts that are set up from now on",
    .targets = default_targets,
};

const struct knob knob_irq_affinity = {
    .name = "irq-affinity",
    .summary = "the CPUs of each interrupt",
    .targets = irq_targets,
    .advice = irqbalance_advice,
};

const struct knob knob_workqueue = {
    .name = "workqueue",
    .summary = "the CPUs of kernel work that is bound to none",
    .targets = workqueue_targets,
};
