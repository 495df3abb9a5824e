/* Off, equal addresses come back in every process, and with them one layout of many; on, several
 * processes average over the layouts. Both are ways to measure: neither is chosen here. */
#include "host/knobs.h"

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    const char *wanted = ctx->request->aslr == TUNE_ASLR_ON    ? "2"
                         : ctx->request->aslr == TUNE_ASLR_OFF ? "0"
                                                               : NULL;
    knob_target_number(ctx, out, "/proc/sys/kernel/randomize_va_space", wanted);
}

const struct knob knob_aslr = {
    .name = "aslr",
    .summary = "random addresses of processes; left as it is unless --aslr says otherwise",
    .targets = targets,
};
