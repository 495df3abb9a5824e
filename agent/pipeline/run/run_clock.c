#include "pipeline/run/run_clock.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/strbuf.h"

#include <string.h>

static void note_refused(const struct cpu_clock *clock, struct run_part *part)
{
    if (!clock->refused.count)
        return;
    AUTO_FREE char *reasons = strlist_join(&clock->reasons, "; ");
    AUTO_FREE char *before = take_ptr(part->problem);
    part->problem = xasprintf("%s%s%zu of %zu benchmarks cannot be measured with --clock cpu: %s",
                              before ? before : "", before ? "; " : "", clock->refused.count,
                              clock->count, reasons);
    for (size_t i = 0; i < clock->reasons.count; i++)
        log_error("%s: --clock cpu does not fit: %s", part->name, clock->reasons.items[i]);
}

/* Puts a key behind the others of the object that is there: sums of what was accepted. */
static void add_evidence(const struct cpu_clock *clock, struct run_part *part)
{
    int64_t cpu_ns = 0, waited_ns = 0, others_ns = 0, preempted_ns = 0;
    for (size_t i = 0; i < clock->count; i++) {
        if (!cpu_clock_accepts(clock, clock->uses[i].name))
            continue;
        cpu_ns += clock->uses[i].cpu_ns;
        waited_ns += clock->uses[i].waited_ns;
        others_ns += clock->uses[i].others_ns;
        preempted_ns += clock->uses[i].preempted_ns;
    }
    size_t len = part->evidence ? strlen(part->evidence) : 0;
    if (len < 2)
        return;
    char *whole =
        xasprintf("%.*s,\"clock\":{\"source\":\"thread CPU time\",\"read_ns\":%.3f,"
                  "\"cpu_s\":%.6f,\"waited_s\":%.6f,\"others_s\":%.6f,\"preempted_s\":%.6f}}",
                  (int)(len - 1), part->evidence, clock->read_ns, (double)cpu_ns / 1e9,
                  (double)waited_ns / 1e9, (double)others_ns / 1e9, (double)preempted_ns / 1e9);
    free(part->evidence);
    part->evidence = whole;
}

void run_clock_note(const struct cpu_clock *clock, struct run_part *part)
{
    log_info("%s: CPU time; reading that clock takes %.0f ns", part->name, clock->read_ns);
    note_refused(clock, part);
    add_evidence(clock, part);
}

struct strlist run_stored_names(const struct run *run, const struct run_part *part)
{
    struct strlist names = STRLIST_INIT;
    for (size_t i = 0; i < part->expected.count; i++)
        strlist_pushf(&names, "%s%s", part->expected.items[i],
                      run->cpu_clock ? "#" CPU_TIME_METRIC : "");
    return names;
}
