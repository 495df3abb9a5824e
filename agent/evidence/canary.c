#include "evidence/canary.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/escape.h"
#include "evidence/workload_child.h"
#include "model/summary.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/* From a median absolute deviation to a standard deviation, for normal values (Rousseeuw & Croux,
 * "Alternatives to the median absolute deviation", 1993). */
#define MAD_TO_SIGMA 1.4826

static const char *const verdict_names[] = {
    [CANARY_UNKNOWN] = "unknown",
    [CANARY_OK] = "trusted",
    [CANARY_DRIFTING] = "drifting",
    [CANARY_BAD] = "spoiled",
};

/* What the child sends. */
struct raw_reading {
    double wall_ns[WORKLOADS][CANARY_REPEATS];
    int64_t wall_all_ns, cpu_all_ns;
    bool correct;
};

void canary_release(struct canary *canary)
{
    if (canary->arena)
        (void)munmap(canary->arena, WORKLOAD_ARENA_BYTES);
    free(canary->readings);
    free(canary->problem);
    *canary = (struct canary){0};
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void sing(const void *arena, void *result)
{
    struct raw_reading *raw = result;
    raw->correct = true;
    for (enum workload kind = 0; kind < WORKLOADS; kind++)
        raw->correct &= workload_piece(kind, arena);
    int64_t wall = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    for (size_t i = 0; i < CANARY_REPEATS; i++)
        for (enum workload kind = 0; kind < WORKLOADS; kind++) {
            int64_t start = clock_ns(CLOCK_MONOTONIC);
            raw->correct &= workload_piece(kind, arena);
            raw->wall_ns[kind][i] = (double)(clock_ns(CLOCK_MONOTONIC) - start);
        }
    raw->wall_all_ns = clock_ns(CLOCK_MONOTONIC) - wall;
    raw->cpu_all_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
}

static double noise_of(const double *values, double median)
{
    double deviations[CANARY_REPEATS];
    for (size_t i = 0; i < CANARY_REPEATS; i++)
        deviations[i] = fabs(values[i] - median);
    return MAD_TO_SIGMA * summary_of(deviations, CANARY_REPEATS).median / median;
}

static void add_reading(struct canary *canary, const struct raw_reading *raw, double at_s)
{
    ARRAY_RESERVE(canary->readings, canary->cap, canary->count + 1);
    struct canary_reading *reading = &canary->readings[canary->count++];
    *reading = (struct canary_reading){
        .at_s = at_s,
        .wall_all_ns = raw->wall_all_ns,
        .cpu_all_ns = raw->cpu_all_ns,
        .correct = raw->correct,
    };
    for (size_t kind = 0; kind < WORKLOADS; kind++) {
        reading->wall_ns[kind] = summary_of(raw->wall_ns[kind], CANARY_REPEATS).median;
        reading->noise[kind] = noise_of(raw->wall_ns[kind], reading->wall_ns[kind]);
    }
}

static int make_arena(struct canary *canary, struct error *err)
{
    if (canary->arena)
        return 0;
    void *arena = mmap(NULL, WORKLOAD_ARENA_BYTES, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (arena == MAP_FAILED)
        return error_set(err, ERROR_FAILURE, "there is no memory for the canary");
    workload_prepare(arena);
    canary->arena = arena;
    canary->start_s = clock_monotonic_s();
    return 0;
}

int canary_run(struct canary *canary, const struct placement *placement, struct error *err)
{
    struct error reason = ERROR_INIT;
    struct raw_reading raw;
    free(take_ptr(canary->problem));
    int failed = make_arena(canary, &reason);
    double at_s = clock_monotonic_s() - canary->start_s;
    if (!failed)
        failed = workload_child(placement, sing, canary->arena, &raw, sizeof(raw), &reason);
    if (failed == ERROR_INTERRUPTED)
        return error_set(err, failed, "%s", reason.message);
    if (failed)
        canary->problem = xstrdup(reason.message);
    else
        add_reading(canary, &raw, at_s);
    return 0;
}

bool canary_is_due(const struct canary *canary)
{
    if (!canary->count)
        return true;
    double last = canary->start_s + canary->readings[canary->count - 1].at_s;
    return clock_monotonic_s() - last >= CANARY_INTERVAL_S;
}

static double drift_of(const struct canary *canary, enum workload kind)
{
    double least = INFINITY, most = 0;
    for (size_t i = 0; i < canary->count; i++) {
        least = fmin(least, canary->readings[i].wall_ns[kind]);
        most = fmax(most, canary->readings[i].wall_ns[kind]);
    }
    return least > 0 && isfinite(least) ? most / least - 1 : 0;
}

struct canary_judgement canary_judge(const struct canary *canary)
{
    struct canary_judgement judgement = {.verdict = CANARY_UNKNOWN, .correct = true};
    for (enum workload kind = 0; kind < WORKLOADS; kind++) {
        double drift = drift_of(canary, kind);
        if (drift > judgement.drift) {
            judgement.drift = drift;
            judgement.worst = kind;
        }
    }
    for (size_t i = 0; i < canary->count; i++) {
        const struct canary_reading *reading = &canary->readings[i];
        judgement.correct &= reading->correct;
        if (reading->wall_all_ns > 0)
            judgement.lost = fmax(judgement.lost,
                                  1 - (double)reading->cpu_all_ns / (double)reading->wall_all_ns);
    }
    double worst = fmax(judgement.drift, judgement.lost);
    if (!judgement.correct || worst > CANARY_SPOILED)
        judgement.verdict = CANARY_BAD;
    else if (canary->count >= 2)
        judgement.verdict = worst > CANARY_TRUSTED ? CANARY_DRIFTING : CANARY_OK;
    return judgement;
}

const char *canary_verdict_name(enum canary_verdict verdict)
{
    return verdict_names[verdict];
}

void canary_write(const struct canary *canary, struct strbuf *out)
{
    struct canary_judgement judgement = canary_judge(canary);
    strbuf_addf(out, "{\"verdict\":\"%s\",\"drift\":%.5f,\"lost\":%.5f,\"correct\":%s",
                canary_verdict_name(judgement.verdict), judgement.drift, judgement.lost,
                judgement.correct ? "true" : "false");
    if (canary->problem) {
        strbuf_addstr(out, ",\"problem\":");
        escape_json(out, canary->problem, strlen(canary->problem));
    }
    strbuf_addstr(out, ",\"readings\":[");
    for (size_t i = 0; i < canary->count; i++) {
        const struct canary_reading *reading = &canary->readings[i];
        strbuf_addf(out, "%s{\"at_s\":%.1f,\"wall_ns\":%lld,\"cpu_ns\":%lld", i ? "," : "",
                    reading->at_s, (long long)reading->wall_all_ns, (long long)reading->cpu_all_ns);
        for (size_t kind = 0; kind < WORKLOADS; kind++)
            strbuf_addf(out, ",\"%s\":{\"median_ns\":%.0f,\"noise\":%.5f}", workload_names[kind],
                        reading->wall_ns[kind], reading->noise[kind]);
        strbuf_addch(out, '}');
    }
    strbuf_addstr(out, "]}");
}
