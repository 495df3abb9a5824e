#include "evidence/evidence.h"

#include "base/alloc.h"
#include "base/escape.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char *const counter_names[USAGE_COUNTERS] = {
    [USAGE_MIGRATIONS] = "migrations",
    [USAGE_INSTRUCTIONS] = "instructions",
    [USAGE_CYCLES] = "cycles",
    [USAGE_CACHE_MISSES] = "cache_misses",
    [USAGE_BRANCH_MISSES] = "branch_misses",
};

static const struct {
    enum evidence_flag flag;
    const char *name;
} flag_names[] = {
    {EVIDENCE_THROTTLED, "throttled"},
    {EVIDENCE_STOLEN, "stolen"},
    {EVIDENCE_LOADED, "loaded"},
};

static void judge_throttling(const struct host_change *change, int64_t wall_ns,
                             struct evidence_verdict *out)
{
    if (change->throttles <= 0 && change->throttled_ms <= 0)
        return;
    out->flags |= EVIDENCE_THROTTLED;
    out->again |= change->throttled_ms < 0 ||
                  (double)change->throttled_ms * 1e6 > EVIDENCE_AGAIN_THROTTLED * (double)wall_ns;
}

/* The share of the CPUs' time, or 0 where it is too little to tell. */
static double share_of(int64_t ns, double there_was_ns)
{
    return ns >= EVIDENCE_LEAST_NS && there_was_ns > 0 ? (double)ns / there_was_ns : 0;
}

struct evidence_verdict evidence_judge(const struct evidence *evidence)
{
    struct host_change change = host_change_of(&evidence->before, &evidence->after);
    double there_was_ns = change.seconds * 1e9 * evidence->cpu_count;
    struct evidence_verdict verdict = {.load_ns = -1};
    if (change.busy_ns >= 0) {
        int64_t own = evidence->used.user_ns + evidence->used.system_ns;
        verdict.load_ns = change.busy_ns > own ? change.busy_ns - own : 0;
    }
    verdict.load = share_of(verdict.load_ns, there_was_ns);
    verdict.steal = share_of(change.steal_ns, there_was_ns);
    judge_throttling(&change, evidence->used.wall_ns, &verdict);
    if (verdict.steal > EVIDENCE_NOTED_STEAL)
        verdict.flags |= EVIDENCE_STOLEN;
    if (verdict.load > EVIDENCE_NOTED_LOAD)
        verdict.flags |= EVIDENCE_LOADED;
    verdict.again |= verdict.steal > EVIDENCE_AGAIN_STEAL || verdict.load > EVIDENCE_AGAIN_LOAD;
    return verdict;
}

char *evidence_verdict_text(const struct evidence_verdict *verdict)
{
    struct strbuf text = STRBUF_INIT;
    if (verdict->flags & EVIDENCE_THROTTLED)
        strbuf_addstr(&text, "the CPU was throttled");
    if (verdict->flags & EVIDENCE_STOLEN)
        strbuf_addf(&text, "%sthe hypervisor took %.1f %% of its CPUs", text.len ? ", " : "",
                    verdict->steal * 100);
    if (verdict->flags & EVIDENCE_LOADED)
        strbuf_addf(&text, "%sothers took %.1f %% of its CPUs", text.len ? ", " : "",
                    verdict->load * 100);
    return strbuf_detach(&text);
}

static void write_flags(const struct evidence_verdict *verdict, struct strbuf *out)
{
    const char *between = "";
    strbuf_addstr(out, "\"flags\":[");
    for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++)
        if (verdict->flags & flag_names[i].flag) {
            strbuf_addf(out, "%s\"%s\"", between, flag_names[i].name);
            between = ",";
        }
    strbuf_addf(out, "],\"beyond_limit\":%s", verdict->again ? "true" : "false");
}

static void write_count(const char *key, int64_t value, struct strbuf *out)
{
    if (value < 0)
        strbuf_addf(out, ",\"%s\":null", key);
    else
        strbuf_addf(out, ",\"%s\":%" PRId64, key, value);
}

static void write_number(double value, struct strbuf *out)
{
    if (isnan(value))
        strbuf_addstr(out, "null");
    else
        strbuf_addf(out, "%.3f", value);
}

/* What tells of others: also of an attempt that was discarded. */
static void write_circumstances(const struct evidence *evidence,
                                const struct evidence_verdict *verdict, struct strbuf *out)
{
    struct host_change change = host_change_of(&evidence->before, &evidence->after);
    write_flags(verdict, out);
    write_count("wall_ns", evidence->used.wall_ns, out);
    write_count("steal_ns", change.steal_ns, out);
    write_count("load_ns", verdict->load_ns, out);
    write_count("throttles", change.throttles, out);
    write_count("throttled_ms", change.throttled_ms, out);
}

static void write_counters(const struct usage *used, struct strbuf *out)
{
    for (size_t i = 0; i < USAGE_COUNTERS; i++) {
        const struct usage_count *count = &used->counts[i];
        strbuf_addf(out, ",\"%s\":", counter_names[i]);
        if (!count->known)
            strbuf_addstr(out, "null");
        else if (count->share < 1 || count->user_only)
            strbuf_addf(out, "{\"value\":%" PRIu64 ",\"share\":%.4f,\"user_only\":%s}",
                        count->value, count->share, count->user_only ? "true" : "false");
        else
            strbuf_addf(out, "%" PRIu64, count->value);
    }
}

static void write_usage(const struct usage *used, struct strbuf *out)
{
    write_count("user_ns", used->user_ns, out);
    write_count("system_ns", used->system_ns, out);
    write_count("peak_bytes", used->peak_bytes, out);
    write_count("voluntary_switches", used->voluntary_switches, out);
    write_count("involuntary_switches", used->involuntary_switches, out);
    write_count("minor_faults", used->minor_faults, out);
    write_count("major_faults", used->major_faults, out);
    write_counters(used, out);
}

static void write_frequency(const struct host_reading *before, const struct host_reading *after,
                            struct strbuf *out)
{
    if (isnan(before->most_mhz) || isnan(after->most_mhz)) {
        strbuf_addstr(out, ",\"mhz\":null");
        return;
    }
    strbuf_addf(out, ",\"mhz\":{\"start\":[%.0f,%.0f],\"end\":[%.0f,%.0f],\"source\":\"%s\"}",
                before->least_mhz, before->most_mhz, after->least_mhz, after->most_mhz,
                after->mhz_from_cpuinfo ? "cpuinfo" : "cpufreq");
}

void evidence_write(const struct evidence *evidence, const struct strlist *discarded,
                    struct strbuf *out)
{
    struct evidence_verdict verdict = evidence_judge(evidence);
    strbuf_addstr(out, "{\"cpus\":");
    escape_json(out, evidence->cpus, strlen(evidence->cpus));
    strbuf_addch(out, ',');
    write_circumstances(evidence, &verdict, out);
    write_usage(&evidence->used, out);
    write_frequency(&evidence->before, &evidence->after, out);
    strbuf_addstr(out, ",\"celsius\":[");
    write_number(evidence->before.celsius, out);
    strbuf_addch(out, ',');
    write_number(evidence->after.celsius, out);
    strbuf_addch(out, ']');
    if (evidence->group)
        strbuf_addf(out, ",\"group\":\"%s\"", evidence->group);
    if (evidence->memory_nodes)
        strbuf_addf(out, ",\"memory_nodes\":\"%s\"", evidence->memory_nodes);
    if (evidence->page_cache)
        strbuf_addf(out, ",\"page_cache\":\"%s\"", evidence->page_cache);
    if (evidence->executable)
        strbuf_addf(out, ",\"executable_sha256\":\"%s\"", evidence->executable);
    strbuf_addf(out, ",\"attempt\":%zu", discarded->count + 1);
    if (discarded->count) {
        AUTO_FREE char *list = strlist_join(discarded, ",");
        strbuf_addf(out, ",\"discarded\":[%s]", list);
    }
    strbuf_addch(out, '}');
}

void evidence_write_attempt(const struct evidence *evidence, struct strbuf *out)
{
    struct evidence_verdict verdict = evidence_judge(evidence);
    strbuf_addch(out, '{');
    write_circumstances(evidence, &verdict, out);
    strbuf_addch(out, '}');
}
