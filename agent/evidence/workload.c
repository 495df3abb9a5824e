#include "evidence/workload.h"

#include <time.h>

#define LINE_BYTES 64
#define LINES (WORKLOAD_ARENA_BYTES / LINE_BYTES)
#define CHAIN_ADDITIONS 20000
#define CHAIN_ROUNDS 20

const char *const workload_names[WORKLOADS] = {"integer", "memory", "branch"};

static const struct {
    uint32_t steps;
    uint64_t checksum;
} pieces[WORKLOADS] = {
    [WORKLOAD_INTEGER] = {WORKLOAD_INTEGER_STEPS, 0xef86a14ed5936920},
    [WORKLOAD_MEMORY] = {WORKLOAD_MEMORY_STEPS, 0x9cd5df7efdfaaba6},
    [WORKLOAD_BRANCH] = {WORKLOAD_BRANCH_STEPS, 0x481f490c284},
};

/* xorshift64*, Vigna, "An experimental exploration of Marsaglia's xorshift generators" (2016). */
static inline uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545f4914f6cdd1dULL;
}

void workload_prepare(void *arena)
{
    unsigned char *bytes = arena;
    uint64_t state = 0x9e3779b97f4a7c15ULL;
    for (uint32_t i = 0; i < LINES; i++)
        *(uint32_t *)(void *)(bytes + (size_t)i * LINE_BYTES) = i;
    for (uint32_t i = LINES - 1; i > 0; i--) {
        uint32_t other = (uint32_t)(next_random(&state) % i);
        uint32_t *a = (uint32_t *)(void *)(bytes + (size_t)i * LINE_BYTES);
        uint32_t *b = (uint32_t *)(void *)(bytes + (size_t)other * LINE_BYTES);
        uint32_t kept = *a;
        *a = *b;
        *b = kept;
    }
}

static uint64_t do_integer(uint32_t steps)
{
    uint64_t state = 1, sum = 0;
    for (uint32_t i = 0; i < steps; i++)
        sum = (sum ^ next_random(&state)) * 3;
    return sum;
}

static uint64_t do_memory(const void *arena, uint32_t steps)
{
    const unsigned char *bytes = arena;
    uint64_t sum = 0;
    for (uint32_t i = 0, at = 0; i < steps; i++) {
        at = *(const uint32_t *)(const void *)(bytes + (size_t)at * LINE_BYTES);
        sum = sum * 31 + at;
    }
    return sum;
}

static uint64_t do_branch(uint32_t steps)
{
    uint64_t state = 2, a = 0, b = 0;
    for (uint32_t i = 0; i < steps; i++) {
        /* The empty statements keep the compiler from turning the branches into arithmetic. */
        if (next_random(&state) >> 63) {
            __asm__ volatile("" : "+r"(a));
            a += i;
        } else {
            __asm__ volatile("" : "+r"(b));
            b ^= i;
        }
    }
    return a * 31 + b;
}

uint64_t workload_do(enum workload kind, const void *arena, uint32_t steps)
{
    switch (kind) {
    case WORKLOAD_INTEGER:
        return do_integer(steps);
    case WORKLOAD_MEMORY:
        return do_memory(arena, steps);
    case WORKLOAD_BRANCH:
        return do_branch(steps);
    case WORKLOADS:
        break;
    }
    return 0;
}

bool workload_piece(enum workload kind, const void *arena)
{
    return workload_do(kind, arena, pieces[kind].steps) == pieces[kind].checksum;
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Register to register: newer cores do additions of constants without executing them. */
static void add_chain(uint64_t *x, uint64_t y)
{
    uint64_t value = *x;
    for (int i = 0; i < CHAIN_ADDITIONS / 8; i++) {
#define ADD     \
    value += y; \
    __asm__ volatile("" : "+r"(value), "+r"(y))
        ADD;
        ADD;
        ADD;
        ADD;
        ADD;
        ADD;
        ADD;
        ADD;
#undef ADD
    }
    *x = value;
}

double workload_frequency_hz(void)
{
    double best = 1;
    uint64_t x = 1;
    for (int i = 0; i < CHAIN_ROUNDS; i++) {
        double start = now_s();
        add_chain(&x, x | 1);
        double took = now_s() - start;
        if (took < best)
            best = took;
    }
    return CHAIN_ADDITIONS / best;
}
