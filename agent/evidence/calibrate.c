#include "evidence/calibrate.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/sort.h"
#include "evidence/counters.h"
#include "evidence/workload_child.h"
#include "model/summary.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#define QUANTUM_STEPS 12000u
/* Standard normal quantiles: .975 for a two-sided level of 5 %, .8 for a power of 80 %. */
#define Z_LEVEL 1.959964
#define Z_POWER 0.841621

void calibration_release(struct calibration *calibration)
{
    for (size_t i = 0; i < calibration->count; i++) {
        free(calibration->rows[i].name);
        free(calibration->rows[i].values);
    }
    free(calibration->rows);
    *calibration = (struct calibration){0};
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Counts a change of the CPU since the last look. */
static void look_at_cpu(struct calibrate_round *round, int *cpu)
{
    int now = sched_getcpu();
    round->migrations += *cpu >= 0 && now != *cpu;
    *cpu = now;
}

static void do_quanta(struct calibrate_round *round, int *cpu)
{
    uint64_t first = workload_do(WORKLOAD_INTEGER, NULL, QUANTUM_STEPS);
    for (size_t i = 0; i < CALIBRATE_QUANTA; i++) {
        int64_t start = clock_ns(CLOCK_MONOTONIC);
        round->correct &= workload_do(WORKLOAD_INTEGER, NULL, QUANTUM_STEPS) == first;
        round->quanta_ns[i] = (double)(clock_ns(CLOCK_MONOTONIC) - start);
        look_at_cpu(round, cpu);
    }
}

static void do_pieces(struct calibrate_round *round, const void *arena, int *cpu)
{
    for (size_t i = 0; i < CALIBRATE_REPEATS; i++)
        for (enum workload kind = 0; kind < WORKLOADS; kind++) {
            int64_t start = clock_ns(CLOCK_MONOTONIC);
            round->correct &= workload_piece(kind, arena);
            round->wall_ns[kind][i] = (double)(clock_ns(CLOCK_MONOTONIC) - start);
            look_at_cpu(round, cpu);
        }
}

/* In the child. A round without memory is one that is not correct. */
static void do_round(const void *context, void *result)
{
    (void)context;
    struct calibrate_round *round = result;
    void *arena = mmap(NULL, WORKLOAD_ARENA_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (arena == MAP_FAILED)
        return;
    workload_prepare(arena);
    round->correct = workload_piece(WORKLOAD_MEMORY, arena);
    int cpu = -1;
    look_at_cpu(round, &cpu);
    int64_t wall = clock_ns(CLOCK_MONOTONIC), used = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    do_quanta(round, &cpu);
    do_pieces(round, arena, &cpu);
    round->frequency_hz = workload_frequency_hz();
    round->wall_all_ns = clock_ns(CLOCK_MONOTONIC) - wall;
    round->cpu_all_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - used;
}

double calibration_smallest_change(double deviation, int processes)
{
    return (Z_LEVEL + Z_POWER) * deviation * sqrt(2.0 / processes);
}

/* A row with room for `count` values, which the caller fills in. */
static struct calibration_row *add_row(struct calibration *out, const char *name, const char *units,
                                       const char *meaning, size_t count)
{
    ARRAY_RESERVE(out->rows, out->cap, out->count + 1);
    struct calibration_row *row = &out->rows[out->count++];
    *row = (struct calibration_row){
        .name = xstrdup(name),
        .units = units,
        .meaning = meaning,
        .values = xcalloc(count, sizeof(double)),
        .count = count,
    };
    return row;
}

static void add_single(struct calibration *out, const char *name, const char *units,
                       const char *meaning, double value)
{
    struct calibration_row *row = add_row(out, name, units, meaning, 1);
    row->values[0] = row->figure = value;
}

static void settle(struct calibration_row *row)
{
    row->figure = summary_of(row->values, row->count).median;
}

static void add_quanta(const struct calibrate_round *rounds, size_t count, struct calibration *out)
{
    /* The order of the rows may move them in memory, so each is finished before the next. */
    static const struct {
        const char *name, *meaning;
        size_t rank;
    } kinds[] = {
        {"quantum/p50", "a quantum of fixed work, half of them", CALIBRATE_QUANTA / 2},
        {"quantum/p99", "a quantum, 99 of 100", CALIBRATE_QUANTA * 99 / 100 - 1},
        {"quantum/max", "the longest quantum of all", CALIBRATE_QUANTA - 1},
    };
    for (size_t kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
        struct calibration_row *row =
            add_row(out, kinds[kind].name, "nanoseconds", kinds[kind].meaning, count);
        for (size_t i = 0; i < count; i++) {
            double sorted[CALIBRATE_QUANTA];
            memcpy(sorted, rounds[i].quanta_ns, sizeof(sorted));
            sort_doubles(sorted, CALIBRATE_QUANTA);
            row->values[i] = sorted[kinds[kind].rank];
        }
        settle(row);
        if (kinds[kind].rank == CALIBRATE_QUANTA - 1)
            row->figure = summary_of(row->values, count).max;
    }
}

static double deviation_of_logarithms(const double *values, size_t count)
{
    AUTO_FREE double *logs = xcalloc(count, sizeof(*logs));
    for (size_t i = 0; i < count; i++)
        logs[i] = log(values[i]);
    return summary_of(logs, count).standard_deviation;
}

static void add_work(const struct calibrate_round *rounds, size_t count, enum workload kind,
                     struct calibration *out)
{
    static const char *const meanings[WORKLOADS] = {"fixed work in registers",
                                                    "fixed work on 1 MiB of memory",
                                                    "fixed work of random branches"};
    const char *name = workload_names[kind];
    struct calibration_row *row = add_row(out, name, "nanoseconds", meanings[kind], count);
    for (size_t i = 0; i < count; i++)
        row->values[i] = summary_of(rounds[i].wall_ns[kind], CALIBRATE_REPEATS).median;
    settle(row);
    struct summary summary = summary_of(row->values, count);
    double deviation = deviation_of_logarithms(row->values, count);
    AUTO_FREE char *cv = xasprintf("%s/cv", name);
    AUTO_FREE char *change = xasprintf("%s/smallest_change", name);
    add_single(out, cv, "ratio", "its deviation between processes",
               summary.standard_deviation / summary.mean);
    add_single(out, change, "ratio", "the smallest change that 10 processes each can show",
               calibration_smallest_change(deviation, CALIBRATE_PROCESSES));
}

static void add_rest(const struct calibrate_round *rounds, size_t count, struct calibration *out)
{
    struct calibration_row *row = add_row(out, "frequency", "hertz", "reached by one core", count);
    for (size_t i = 0; i < count; i++)
        row->values[i] = rounds[i].frequency_hz;
    settle(row);
    row = add_row(out, "lost", "ratio", "time without the CPU", count);
    for (size_t i = 0; i < count; i++)
        row->values[i] = fmax(0, 1 - (double)rounds[i].cpu_all_ns / (double)rounds[i].wall_all_ns);
    settle(row);
    row = add_row(out, "migrations", "migrations", "changes of CPU, in all", count);
    for (size_t i = 0; i < count; i++) {
        row->values[i] = (double)rounds[i].migrations;
        row->figure += row->values[i];
    }
}

void calibration_of(const struct calibrate_round *rounds, size_t count, struct calibration *out)
{
    *out = (struct calibration){.rounds = count};
    add_quanta(rounds, count, out);
    for (enum workload kind = 0; kind < WORKLOADS; kind++)
        add_work(rounds, count, kind, out);
    add_rest(rounds, count, out);
}

/* Shares of the time of all the CPUs; left out where the machine does not tell. */
static void add_others(const struct host_reading *before, const struct host_reading *after,
                       int cpu_count, int64_t own_ns, struct calibration *out)
{
    struct host_change change = host_change_of(before, after);
    double there_was_ns = change.seconds * 1e9 * cpu_count;
    if (change.steal_ns >= 0)
        add_single(out, "steal", "ratio", "taken by the hypervisor",
                   (double)change.steal_ns / there_was_ns);
    if (change.busy_ns >= 0)
        add_single(out, "load", "ratio", "taken by other processes",
                   fmax(0, (double)(change.busy_ns - own_ns)) / there_was_ns);
}

struct rounds {
    struct calibrate_round *items;
    size_t count, cap;
};

/* CPU time of the children that have ended: those of the rounds. */
static int64_t children_ns(void)
{
    struct rusage used = {0};
    (void)getrusage(RUSAGE_CHILDREN, &used);
    return ((int64_t)used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000 +
           ((int64_t)used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000;
}

static int add_round(struct rounds *rounds, const struct placement *placement, struct error *err)
{
    ARRAY_RESERVE(rounds->items, rounds->cap, rounds->count + 1);
    struct calibrate_round *round = &rounds->items[rounds->count];
    int failed = workload_child(placement, do_round, NULL, round, sizeof(*round), err);
    if (failed)
        return failed;
    if (!round->correct)
        return error_set(err, ERROR_FAILURE,
                         "this machine computes wrongly: the same work gave another result");
    rounds->count++;
    return 0;
}

static int do_rounds(struct rounds *rounds, const struct placement *placement, double duration_s,
                     void (*on_round)(double share), struct error *err)
{
    double start = clock_monotonic_s(), over = 0;
    while (over < duration_s || rounds->count < CALIBRATE_MIN_ROUNDS) {
        int failed = add_round(rounds, placement, err);
        if (failed)
            return failed;
        over = clock_monotonic_s() - start;
        if (on_round)
            on_round(fmin(1, over / duration_s));
    }
    return 0;
}

int calibrate(const struct host_io *io, const struct placement *placement, double duration_s,
              void (*on_round)(double share), struct calibration *out, struct error *err)
{
    const cpu_set_t *cpus = placement->cpus;
    cpu_set_t all;
    CPU_ZERO(&all);
    if (!cpus && !sched_getaffinity(0, sizeof(all), &all))
        cpus = &all;
    struct rounds rounds = {0};
    struct host_reading before, after;
    int64_t own_ns = children_ns();
    host_reading_take(io, cpus, &before);
    int failed = do_rounds(&rounds, placement, duration_s, on_round, err);
    host_reading_take(io, cpus, &after);
    if (!failed) {
        calibration_of(rounds.items, rounds.count, out);
        out->seconds = after.at_s - before.at_s;
        add_others(&before, &after, cpus ? CPU_COUNT(cpus) : 1, children_ns() - own_ns, out);
    }
    free(rounds.items);
    return failed;
}

const struct calibration_row *calibration_row(const struct calibration *calibration,
                                              const char *name)
{
    for (size_t i = 0; i < calibration->count; i++)
        if (!strcmp(calibration->rows[i].name, name))
            return &calibration->rows[i];
    return NULL;
}

void calibration_write(const struct calibration *calibration, const char *details,
                       struct strbuf *out)
{
    for (size_t i = 0; i < calibration->count; i++) {
        const struct calibration_row *row = &calibration->rows[i];
        strbuf_addstr(out, "{\"calibration\":1,\"name\":");
        escape_json(out, row->name, strlen(row->name));
        strbuf_addf(out, ",\"units\":\"%s\",\"details\":%s,\"values\":[", row->units, details);
        for (size_t j = 0; j < row->count; j++)
            strbuf_addf(out, "%s%.17g", j ? "," : "", row->values[j]);
        strbuf_addstr(out, "]}\n");
    }
}
