/*
 * run: the evidence of each measured process, and the canary. What is not known or cannot be read
 * never stops a run; a process that others have disturbed too much is measured again.
 */
#pragma once

#include "base/digest.h"
#include "evidence/evidence.h"
#include "pipeline/run/run_state.h"

/* Of one process, over all attempts at measuring it. */
struct run_evidence {
    struct process_result result; /* of the last attempt; filled in by the harness */
    struct host_reading before;
    const char *page_cache;           /* how the last attempt found it: run_page_cache() */
    struct strlist discarded;         /* JSON of the attempts before it */
    char executable[SHA256_HEX_SIZE]; /* "" where it is not known */
};

void run_evidence_release(struct run_evidence *evidence);
#define AUTO_RUN_EVIDENCE __attribute__((cleanup(run_evidence_release)))

/* `executable` is NULL where the target has made none, as for a suite. */
void run_evidence_open(const struct run *run, const char *executable,
                       struct run_evidence *evidence);
/* Around each attempt. run_evidence_end() fills in part->evidence, disturbed and attempts, and
 * answers whether to measure once more. */
void run_evidence_begin(const struct run *run, struct run_evidence *evidence);
bool run_evidence_end(const struct run *run, struct run_evidence *evidence, struct run_part *part);

/* Behind one attempt, where nothing is to be kept of it: whether it is beyond the limits. */
bool run_evidence_spoiled(const struct run *run, const struct run_evidence *evidence);

/* Keeps the state of the machine, as it is now, for run_evidence_knobs(). */
void run_evidence_machine(struct run *run);

/* Runs the canary: at the end, or where one is due. Only Ctrl-C is an error. */
int run_canary(struct run *run, bool at_end, struct error *err) MUST_CHECK;
/* Says in the log what the canaries tell, and in run->out->canary. */
void run_canary_report(struct run *run);

/* host_sessions.knobs and .counters: fresh strings; NULL where nothing was measured. */
char *run_evidence_knobs(const struct run *run);
char *run_evidence_counters(const struct run *run);
