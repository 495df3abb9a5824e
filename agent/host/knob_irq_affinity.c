/*
 * Interrupts go to the other CPUs. Many cannot be moved (those of one CPU's timer, or spread by the
 * driver over all of them): the kernel answers with an error, which is a row of the report.
 */
#include "base/alloc.h"
#include "base/cpu_list.h"
#include "base/cpu_mask.h"
#include "host/knobs.h"

#include <ctype.h>
#include <string.h>

#define IRQ_ROOT "/proc/irq"

/* Most interrupts of a machine have the same list, and machines have hundreds of them. */
struct last_list {
    char *text, *wanted;
};

static void last_list_release(struct last_list *last)
{
    free(last->text);
    free(last->wanted);
}

static void add_irq(const struct knob_context *ctx, const char *name, struct last_list *last,
                    struct knob_targets *out)
{
    cpu_set_t now;
    AUTO_FREE char *path = xasprintf(IRQ_ROOT "/%s/smp_affinity_list", name);
    AUTO_FREE char *text = host_io_text(ctx->io, path);
    if (!text)
        return;
    if (!last->text || strcmp(last->text, text) != 0) {
        if (!cpu_mask_parse_list(text, &now))
            return;
        cpu_set_t wanted = knob_moved_away(ctx, &now);
        last_list_release(last);
        *last = (struct last_list){take_ptr(text), cpu_list_text(&wanted)};
    }
    knob_target_add(ctx, out, take_ptr(path), VALUE_LIST, last->wanted);
}

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (ctx->io->ops->list(ctx->io, IRQ_ROOT, &names))
        return;
    __attribute__((cleanup(last_list_release))) struct last_list last = {0};
    for (size_t i = 0; i < names.count; i++)
        if (isdigit((unsigned char)*names.items[i]))
            add_irq(ctx, names.items[i], &last, out);
}

const struct knob knob_irq_affinity = {
    .name = "irq-affinity",
    .summary = "the CPUs of each interrupt",
    .targets = targets,
};
