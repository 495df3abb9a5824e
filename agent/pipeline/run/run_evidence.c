#include "pipeline/run/run_evidence.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "base/log.h"
#include "pipeline/run/run_host.h"

#include <string.h>
#include <unistd.h>

void run_evidence_release(struct run_evidence *evidence)
{
    strlist_release(&evidence->discarded);
}

void run_evidence_open(const struct run *run, const char *executable, struct run_evidence *evidence)
{
    if (!executable)
        return;
    /* Foreign code has made it: where it is no plain file, or cannot be read, there is no digest.
     */
    AUTO_CLOSE int fd = sandbox_open_foreign(&run->job.sandbox, executable);
    if (fd >= 0)
        (void)!sha256_hex_of_fd(fd, evidence->executable);
}

/* Those of a process that is not pinned are the agent's own: a container's may be few of many. */
static void allowed_cpus(const struct run *run, cpu_set_t *out)
{
    CPU_ZERO(out);
    if (run->pinned)
        *out = run->cpus;
    else if (sched_getaffinity(0, sizeof(*out), out))
        CPU_ZERO(out);
}

static void read_cpus(const struct run *run, struct host_reading *out)
{
    cpu_set_t cpus;
    allowed_cpus(run, &cpus);
    host_reading_take(&run->io, CPU_COUNT(&cpus) ? &cpus : NULL, out);
}

static int cpu_count_of(const struct run *run)
{
    cpu_set_t cpus;
    allowed_cpus(run, &cpus);
    return CPU_COUNT(&cpus) ? CPU_COUNT(&cpus) : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

void run_evidence_begin(const struct run *run, struct run_evidence *evidence)
{
    read_cpus(run, &evidence->before);
}

static bool is_spoiled(const struct run *run, const struct evidence_verdict *verdict)
{
    /* CPU time does not count what other processes had of its CPUs. */
    if (run->cpu_clock && !(verdict->flags & EVIDENCE_THROTTLED) &&
        verdict->steal <= EVIDENCE_AGAIN_STEAL)
        return false;
    return verdict->again;
}

static bool once_more(const struct run *run, const struct run_evidence *evidence,
                      const struct evidence_verdict *verdict)
{
    return is_spoiled(run, verdict) && evidence->discarded.count < (size_t)run->request->retakes;
}

static void keep(const struct evidence *found, const struct evidence_verdict *verdict,
                 const struct strlist *discarded, struct run_part *part)
{
    struct strbuf json = STRBUF_INIT;
    evidence_write(found, discarded, &json);
    part->evidence = strbuf_detach(&json);
    part->attempts = (int)discarded->count + 1;
    if (verdict->flags)
        part->disturbed = evidence_verdict_text(verdict);
}

static struct evidence evidence_of(const struct run *run, const struct run_evidence *evidence)
{
    struct evidence found = {
        .cpus = run->out->cpus,
        .cpu_count = cpu_count_of(run),
        .used = evidence->result.used,
        .before = evidence->before,
        .page_cache = evidence->page_cache,
        .memory_nodes = run->memory_nodes,
        .group = run->placement.group ? run->placement.group_name : NULL,
        .executable = *evidence->executable ? evidence->executable : NULL,
    };
    read_cpus(run, &found.after);
    return found;
}

bool run_evidence_spoiled(const struct run *run, const struct run_evidence *evidence)
{
    struct evidence found = evidence_of(run, evidence);
    struct evidence_verdict verdict = evidence_judge(&found);
    return is_spoiled(run, &verdict);
}

bool run_evidence_end(const struct run *run, struct run_evidence *evidence, struct run_part *part)
{
    struct evidence found = evidence_of(run, evidence);
    struct evidence_verdict verdict = evidence_judge(&found);
    AUTO_FREE char *what = evidence_verdict_text(&verdict);
    if (once_more(run, evidence, &verdict)) {
        log_warning("%s: %s; it is measured once more", part->name, what);
        AUTO_STRBUF struct strbuf json = STRBUF_INIT;
        evidence_write_attempt(&found, &json);
        strlist_push(&evidence->discarded, json.buf);
        return true;
    }
    if (verdict.again)
        log_warning("%s: %s; its results are stored with that flag", part->name, what);
    keep(&found, &verdict, &evidence->discarded, part);
    return false;
}

int run_canary(struct run *run, bool at_end, struct error *err)
{
    if (!at_end && !canary_is_due(&run->canary))
        return 0;
    int failed = canary_run(&run->canary, &run->placement, err);
    if (!failed && run->canary.problem)
        log_warning("the canary: %s", run->canary.problem);
    return failed;
}

void run_canary_report(struct run *run)
{
    struct canary_judgement judgement = canary_judge(&run->canary);
    run->out->canary = canary_verdict_name(judgement.verdict);
    const char *name = run->out->canary;
    switch (judgement.verdict) {
    case CANARY_UNKNOWN:
        log_info("the canary could not tell whether the machine stayed the same");
        return;
    case CANARY_OK:
        log_info("the canary: %s; the machine changed by at most %.2f %%", name,
                 judgement.drift * 100);
        return;
    case CANARY_DRIFTING:
    case CANARY_BAD:
        break;
    }
    if (!judgement.correct)
        log_warning("the canary: %s; this machine computes wrongly: its results are worth nothing",
                    name);
    else if (judgement.lost > judgement.drift)
        log_warning("the canary: %s; others took %.1f %% of its CPU", name, judgement.lost * 100);
    else
        log_warning("the canary: %s; its %s work changed by %.1f %%", name,
                    workload_names[judgement.worst], judgement.drift * 100);
}

void run_evidence_machine(struct run *run)
{
    struct strbuf json = STRBUF_INIT;
    evidence_write_machine(&run->io, &json);
    free(run->machine_state);
    run->machine_state = strbuf_detach(&json);
}

char *run_evidence_knobs(const struct run *run)
{
    if (!run->machine_state)
        return NULL;
    struct strbuf json = STRBUF_INIT;
    strbuf_addf(&json, "{\"machine\":%s", run->machine_state);
    AUTO_FREE char *tuning = run_host_json(run);
    if (tuning)
        strbuf_addf(&json, ",\"tuning\":%s", tuning);
    strbuf_addch(&json, '}');
    return strbuf_detach(&json);
}

char *run_evidence_counters(const struct run *run)
{
    const struct run_outcome *out = run->out;
    if (!out->canary)
        return NULL;
    struct strbuf json = STRBUF_INIT;
    const char *between = "";
    strbuf_addstr(&json, "{\"canary\":");
    canary_write(&run->canary, &json);
    strbuf_addstr(&json, ",\"processes\":{");
    for (size_t i = 0; i < out->part_count; i++) {
        const struct run_part *part = &out->parts[i];
        if (!part->evidence)
            continue;
        strbuf_addstr(&json, between);
        escape_json(&json, part->name, strlen(part->name));
        strbuf_addf(&json, ":%s", part->evidence);
        between = ",";
    }
    strbuf_addstr(&json, "}}");
    return strbuf_detach(&json);
}
