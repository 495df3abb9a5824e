/*
 * Evidence: under which circumstances one benchmark process was measured, and whether others had a
 * part in its figures.
 *
 * Shares are of the CPU time that there was: the process's wall time times the number of CPUs it
 * was allowed. Above a NOTED limit a process is flagged, above an AGAIN limit it is to be measured
 * once more:
 *
 *   stolen     the hypervisor had the CPUs (steal of /proc/stat)
 *   loaded     other processes had them: their busy time, less the process's own CPU time
 *   throttled  the CPU slowed itself down (thermal_throttle): any event is noted, and more than
 *              EVIDENCE_AGAIN_THROTTLED of the wall time, or an event of unknown length, is too
 *              much
 *
 * /proc/stat counts in ticks of 10 ms, so that in a short process a stray tick is a large share:
 * less than EVIDENCE_LEAST_NS is never held against it.
 */
#pragma once

#include "base/strbuf.h"
#include "base/strlist.h"
#include "base/usage.h"
#include "evidence/counters.h"

#include <stdbool.h>

#define EVIDENCE_NOTED_STEAL 0.001
#define EVIDENCE_AGAIN_STEAL 0.01
#define EVIDENCE_NOTED_LOAD 0.02
#define EVIDENCE_AGAIN_LOAD 0.05
#define EVIDENCE_AGAIN_THROTTLED 0.01
#define EVIDENCE_LEAST_NS INT64_C(30000000)

enum evidence_flag {
    EVIDENCE_THROTTLED = 1 << 0,
    EVIDENCE_STOLEN = 1 << 1,
    EVIDENCE_LOADED = 1 << 2,
};

struct evidence {
    const char *cpus; /* borrowed: where it was allowed, "1-3" or "all" */
    int cpu_count;    /* of these */
    struct usage used;
    struct host_reading before, after;
    const char *memory_nodes; /* borrowed: NUMA nodes that its memory is bound to; NULL: none */
    const char
        *page_cache;   /* borrowed: how it found the page cache, "kept", "dropped" or "refused" */
    const char *group; /* borrowed: the control group it ran in; NULL: the agent's */
    const char *executable; /* borrowed: the SHA-256 of what was run, or NULL */
};

struct evidence_verdict {
    unsigned flags;     /* of enum evidence_flag */
    bool again;         /* beyond the limit */
    int64_t load_ns;    /* CPU time of others on its CPUs; -1: unknown */
    double load, steal; /* shares; 0 where unknown */
};

struct evidence_verdict evidence_judge(const struct evidence *evidence);
/* "loaded by others (12.3 % of its CPUs)", …; "" without flags. A fresh string. */
char *evidence_verdict_text(const struct evidence_verdict *verdict);

/* Appends the JSON object that docs/host.md describes. `discarded` are objects of the attempts
 * before it, as evidence_write_attempt() made them. */
void evidence_write(const struct evidence *evidence, const struct strlist *discarded,
                    struct strbuf *out);
/* Appends the short object of an attempt that is measured once more. */
void evidence_write_attempt(const struct evidence *evidence, struct strbuf *out);

/* Appends an object with the state of the machine: kernel command line, microcode, mitigations,
 * frequency driver and governors, boost, SMT, ASLR, transparent huge pages and others. What the
 * machine does not have is null. */
void evidence_write_machine(const struct host_io *io, struct strbuf *out);
/* "0x2b0004b1", a fresh string; NULL when the machine does not say. */
char *evidence_microcode(const struct host_io *io);
