/* The arithmetic of the bench "steady", without a harness: a line of CPU time in nanoseconds and
 * iterations for each sample. See clock.py. */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { SAMPLES = 20, ITERATIONS = 1500 };

static double cpu_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static uint64_t arithmetic(uint64_t count)
{
    uint64_t a = 1;
    for (uint64_t x = 0; x < count; x++)
        a = (a << 5 | a >> 59) ^ (x * 0x9e3779b9u);
    return a;
}

int main(void)
{
    volatile uint64_t count = 20000, sink = 0;
    for (double start = cpu_time(); cpu_time() - start < 1e8;)
        sink = sink + arithmetic(count);
    for (int i = 0; i < SAMPLES; i++) {
        double start = cpu_time();
        for (int k = 0; k < ITERATIONS; k++)
            sink = sink + arithmetic(count);
        printf("%.0f %d\n", cpu_time() - start, ITERATIONS);
    }
    return 0;
}
