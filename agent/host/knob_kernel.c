/* What the kernel does to, or allows, every process. */
#include "base/alloc.h"
#include "host/knobs.h"

#define PERF_PARANOID "/proc/sys/kernel/perf_event_paranoid"

enum { PARANOID_WANTED = 1 };

/* Off, equal addresses come back in every process, and with them one layout of many; on, several
 * processes average over the layouts. Both are ways to measure: neither is chosen here. */
static void aslr_targets(const struct knob_context *ctx, struct knob_targets *out)
{
    const char *wanted = ctx->request->aslr == TUNE_ASLR_ON    ? "2"
                         : ctx->request->aslr == TUNE_ASLR_OFF ? "0"
                                                               : NULL;
    knob_target_number(ctx, out, "/proc/sys/kernel/randomize_va_space", wanted);
}

/* The watchdog takes a hardware counter of each CPU and interrupts it regularly. */
static void watchdog_targets(const struct knob_context *ctx, struct knob_targets *out)
{
    knob_target_number(ctx, out, "/proc/sys/kernel/nmi_watchdog", "0");
}

/* At 1 a process may count its own events in the kernel too; what profilers may do is looked at. */
static void perf_targets(const struct knob_context *ctx, struct knob_targets *out)
{
    AUTO_FREE char *now = host_io_text(ctx->io, PERF_PARANOID);
    bool low = host_io_number(ctx->io, PERF_PARANOID, 0) <= PARANOID_WANTED;
    knob_target_number(ctx, out, PERF_PARANOID, low ? now : "1");
    knob_target_number(ctx, out, "/proc/sys/kernel/perf_event_max_sample_rate", NULL);
    knob_target_number(ctx, out, "/proc/sys/kernel/kptr_restrict", NULL);
}

const struct knob knob_aslr = {
    .name = "aslr",
    .summary = "random addresses of processes; left as it is unless --aslr says otherwise",
    .targets = aslr_targets,
};

const struct knob knob_nmi_watchdog = {
    .name = "nmi-watchdog",
    .summary = "the kernel's lock-up detector, which uses a hardware counter of each CPU",
    .targets = watchdog_targets,
};

const struct knob knob_perf_event = {
    .name = "perf-event",
    .summary = "what a process without privileges may count",
    .targets = perf_targets,
};
