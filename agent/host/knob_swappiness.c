/* How readily the kernel swaps a program's memory out to keep files in the page cache. */
#include "base/alloc.h"
#include "host/knobs.h"

#define SWAPPINESS "/proc/sys/vm/swappiness"

enum { SWAPPINESS_MAX = 10 };

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    AUTO_FREE char *now = host_io_text(ctx->io, SWAPPINESS);
    bool low = host_io_number(ctx->io, SWAPPINESS, 0) <= SWAPPINESS_MAX;
    knob_target_number(ctx, out, SWAPPINESS, low ? now : "10");
}

const struct knob knob_swappiness = {
    .name = "swappiness",
    .summary = "how readily memory of programs is swapped out for the page cache",
    .targets = targets,
};
