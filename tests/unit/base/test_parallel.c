#include "base/parallel.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

struct tally {
    unsigned char *seen;
    atomic_size_t calls;
};

static void count_each(size_t first, size_t end, void *context)
{
    struct tally *tally = context;
    atomic_fetch_add(&tally->calls, 1);
    for (size_t i = first; i < end; i++)
        tally->seen[i]++;
}

static void check_range(size_t count)
{
    struct tally tally = {.seen = xcalloc(count + 1, 1)};
    parallel_each(count, count_each, &tally);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(tally.seen[i], 1, "%zu of %zu was done %d times", i, count, tally.seen[i]);
    cr_assert_eq(tally.seen[count], 0);
    cr_assert(count ? tally.calls > 0 : tally.calls == 0);
    free(tally.seen);
}

Test(parallel, does_every_number_once)
{
    static const size_t counts[] = {0, 1, 2, 3, 15, 16, 17, 1000, 100003};
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
        check_range(counts[i]);
}

Test(parallel, keeps_to_the_cpus_of_this_process)
{
    cpu_set_t all, one;
    cr_assert_eq(sched_getaffinity(0, sizeof(all), &all), 0);
    int cpus = CPU_COUNT(&all);
    cr_assert_eq(parallel_threads(), (size_t)(cpus > PARALLEL_MAX ? PARALLEL_MAX : cpus));
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&one); cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
    cr_assert_eq(parallel_threads(), 1);
    check_range(1000);
    cr_assert_eq(sched_setaffinity(0, sizeof(all), &all), 0);
}

static pthread_t caller;
static atomic_int elsewhere;

static void note_thread(int number)
{
    (void)number;
    if (!pthread_equal(pthread_self(), caller))
        elsewhere++;
}

static void raise_signals(size_t first, size_t end, void *context)
{
    (void)context;
    for (size_t i = first; i < end; i++)
        kill(getpid(), SIGUSR1);
}

Test(parallel, signals_are_delivered_to_the_caller_alone)
{
    caller = pthread_self();
    signal(SIGUSR1, note_thread);
    parallel_each(500, raise_signals, NULL);
    cr_assert_eq(elsewhere, 0);
}
