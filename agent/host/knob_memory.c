/* Memory: what the kernel moves about on its own while a benchmark runs. */
#include "base/alloc.h"
#include "host/knobs.h"

#include <string.h>

#define THP_ENABLED "/sys/kernel/mm/transparent_hugepage/enabled"
#define SWAPPINESS "/proc/sys/vm/swappiness"

enum { SWAPPINESS_MAX = 10 };

static void numa_targets(const struct knob_context *ctx, struct knob_targets *out)
{
    knob_target_number(ctx, out, "/proc/sys/kernel/numa_balancing", "0");
}

/* `always` gives huge pages to whoever comes first, and folds small ones in the background: the
 * same program is faster or slower with the state of the memory. What asks for them keeps them. */
static void huge_targets(const struct knob_context *ctx, struct knob_targets *out)
{
    AUTO_FREE char *raw = host_io_text(ctx->io, THP_ENABLED);
    AUTO_FREE char *now = raw ? value_of(VALUE_CHOICE, raw) : NULL;
    bool always = now && !strcmp(now, "always");
    knob_target_add(ctx, out, xstrdup(THP_ENABLED), VALUE_CHOICE, always ? "madvise" : now);
}

static void swap_targets(const struct knob_context *ctx, struct knob_targets *out)
{
    AUTO_FREE char *now = host_io_text(ctx->io, SWAPPINESS);
    bool low = host_io_number(ctx->io, SWAPPINESS, 0) <= SWAPPINESS_MAX;
    knob_target_number(ctx, out, SWAPPINESS, low ? now : "10");
}

const struct knob knob_numa_balancing = {
    .name = "numa-balancing",
    .summary = "pages that follow the CPU that uses them",
    .targets = numa_targets,
};

const struct knob knob_huge_pages = {
    .name = "huge-pages",
    .summary = "transparent huge pages",
    .targets = huge_targets,
};

const struct knob knob_swappiness = {
    .name = "swappiness",
    .summary = "how readily memory of programs is swapped out for the page cache",
    .targets = swap_targets,
};
