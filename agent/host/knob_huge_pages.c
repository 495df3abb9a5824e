/* `always` gives huge pages to whoever comes first, and folds small ones in the background: the
 * same program is faster or slower with the state of the memory. What asks for them keeps them. */
#include "base/alloc.h"
#include "host/knobs.h"

#include <string.h>

#define THP_ENABLED "/sys/kernel/mm/transparent_hugepage/enabled"

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    AUTO_FREE char *raw = host_io_text(ctx->io, THP_ENABLED);
    AUTO_FREE char *now = raw ? value_of(VALUE_CHOICE, raw) : NULL;
    bool always = now && !strcmp(now, "always");
    knob_target_add(ctx, out, xstrdup(THP_ENABLED), VALUE_CHOICE, always ? "madvise" : now);
}

const struct knob knob_huge_pages = {
    .name = "huge-pages",
    .summary = "transparent huge pages",
    .targets = targets,
};
