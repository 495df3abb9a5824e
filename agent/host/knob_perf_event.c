/* At 1 a process may count its own events in the kernel too; what profilers may do is looked at. */
#include "base/alloc.h"
#include "host/knobs.h"

#define PERF_PARANOID "/proc/sys/kernel/perf_event_paranoid"

enum { PARANOID_WANTED = 1 };

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    AUTO_FREE char *now = host_io_text(ctx->io, PERF_PARANOID);
    bool low = host_io_number(ctx->io, PERF_PARANOID, 0) <= PARANOID_WANTED;
    knob_target_number(ctx, out, PERF_PARANOID, low ? now : "1");
    knob_target_number(ctx, out, "/proc/sys/kernel/perf_event_max_sample_rate", NULL);
    knob_target_number(ctx, out, "/proc/sys/kernel/kptr_restrict", NULL);
}

const struct knob knob_perf_event = {
    .name = "perf-event",
    .summary = "what a process without privileges may count",
    .targets = targets,
};
