/* What the evidence of one process costs; built and run by evidence.sh. */
#include "base/alloc.h"
#include "evidence/evidence.h"
#include "sandbox/perf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 500

static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void read_machine(const struct host_io *io)
{
    struct host_reading before, after;
    host_reading_take(io, NULL, &before);
    host_reading_take(io, NULL, &after);
}

static void open_events(const struct host_io *io)
{
    (void)io;
    struct perf_set set = PERF_SET_NONE;
    struct usage_count counts[USAGE_COUNTERS];
    perf_open(&set);
    perf_read(&set, counts);
    perf_close(&set);
}

static void write_json(const struct host_io *io)
{
    (void)io;
    const struct evidence evidence = {.cpus = "1-7", .cpu_count = 7};
    const struct strlist none = STRLIST_INIT;
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    evidence_write(&evidence, &none, &out);
}

static void describe_machine(const struct host_io *io)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    evidence_write_machine(io, &out);
}

static void show(const char *what, void (*work)(const struct host_io *io), const struct host_io *io)
{
    static int64_t took[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        int64_t start = cpu_ns();
        work(io);
        took[i] = cpu_ns() - start;
    }
    qsort(took, ROUNDS, sizeof(*took), compare);
    printf("%-42s median %7.1f us   p99 %7.1f us\n", what, (double)took[ROUNDS / 2] / 1e3,
           (double)took[ROUNDS * 99 / 100] / 1e3);
}

int main(void)
{
    struct host_io io;
    host_io_real(NULL, &io);
    show("readings before and after a process", read_machine, &io);
    show("perf events: open, read, close", open_events, &io);
    show("writing the JSON", write_json, &io);
    show("state of the machine, once a session", describe_machine, &io);
    host_io_release(&io);
    return 0;
}
