#include "clock.h"
#include "clock_state.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* A gap below this is left for the next look: interrupts make such, and a look costs 2 µs. */
#define GAP_NS 20000
#define LINE_SIZE 512 /* Criterion cuts names at 100 characters */

struct clock_real clock_real;

/* What has been spent and lost since a moment. */
struct totals {
    int64_t cpu_ns, process_cpu_ns, blocked_ns, preempted_ns;
    uint64_t reads;
};

/* Of the measuring thread. One page, which a forked child sees zeroed: its clock is clock_real. */
struct meter {
    const void *owner;        /* &thread of the measuring thread; NULL: the clock is real */
    int64_t start_ns, raw_ns; /* CLOCK_MONOTONIC and _RAW when it began */
    int64_t start_cpu_ns;     /* CPU time of the thread then */
    int64_t own_ns;           /* CPU time that the looks of this library took since */
    int64_t gap_ns;           /* of real over CPU time that is accounted for */
    int64_t blocked_ns;       /* the part of it that the thread was blocked */
    int64_t preempted_ns;     /* the rest */
    int64_t run_delay_ns;     /* of the kernel, at the last look; -1: it does not say */
    long switches;            /* voluntary ones, at the last look */
    uint64_t reads;
    int schedstat; /* -1: not open */
    bool looking, collecting, calibrated;
    struct totals before; /* at the beginning of the samples, or the first read that is judged */
    struct totals last;   /* at the last read; not by phases */
};

enum rule { RULE_PHASES, RULE_LIBTEST, RULE_PROGRAM };

static struct meter *meter;
static enum rule rule;
static char report_path[4096];

/* One a thread: what identifies it, and the lines that it is writing to standard output and error.
 */
static __thread struct {
    struct {
        size_t len;
        char text[LINE_SIZE];
    } lines[2];
} thread __attribute__((tls_model("initial-exec")));

void clock_resolve(void)
{
    if (clock_real.clock_gettime)
        return;
#define RESOLVE(member, name) *(void **)(void *)&clock_real.member = dlsym(RTLD_NEXT, name)
    RESOLVE(clock_nanosleep, "clock_nanosleep");
    RESOLVE(cond_timedwait, "pthread_cond_timedwait");
    RESOLVE(cond_clockwait, "pthread_cond_clockwait");
    RESOLVE(mutex_clocklock, "pthread_mutex_clocklock");
    RESOLVE(sem_clockwait, "sem_clockwait");
    RESOLVE(syscall, "syscall");
    RESOLVE(write, "write");
    RESOLVE(clock_gettime, "clock_gettime");
#undef RESOLVE
}

static int64_t now(clockid_t clock)
{
    struct timespec time = {0};
    clock_real.clock_gettime(clock, &time);
    return ns_of(&time);
}

bool clock_is_measuring(void)
{
    return meter && meter->owner == &thread;
}

/* Time that the thread was ready to run and did not; -1 where the kernel does not say. */
static int64_t read_run_delay(void)
{
    char text[96];
    ssize_t len = meter->schedstat < 0 ? -1 : pread(meter->schedstat, text, sizeof(text) - 1, 0);
    if (len <= 0)
        return -1;
    text[len] = '\0';
    char *end = text;
    (void)strtoull(text, &end, 10);
    return *end == ' ' ? (int64_t)strtoull(end, NULL, 10) : -1;
}

/* Accounts for the gap between real and CPU time. What this costs is taken off the clock. */
static void look(int64_t cpu_ns, int64_t real_ns)
{
    int saved = errno;
    meter->looking = true;
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    int64_t gap_ns = (real_ns - meter->start_ns) - (cpu_ns - meter->start_cpu_ns);
    int64_t lost = gap_ns > meter->gap_ns ? gap_ns - meter->gap_ns : 0, blocked = 0;
    int64_t delay = read_run_delay();
    if (usage.ru_nvcsw != meter->switches) {
        int64_t ready = delay < 0 || meter->run_delay_ns < 0 ? 0 : delay - meter->run_delay_ns;
        blocked = lost > ready ? lost - ready : 0;
    }
    meter->switches = usage.ru_nvcsw;
    meter->run_delay_ns = delay;
    meter->blocked_ns += blocked;
    meter->preempted_ns += lost - blocked;
    meter->gap_ns += lost;
    meter->own_ns += now(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
    meter->looking = false;
    errno = saved;
}

/* How far the measuring thread's clock has come. */
static int64_t progress(void)
{
    int64_t cpu_ns = now(CLOCK_THREAD_CPUTIME_ID), own_ns = meter->own_ns;
    int64_t real_ns = now(CLOCK_MONOTONIC);
    int64_t gap_ns = (real_ns - meter->start_ns) - (cpu_ns - meter->start_cpu_ns);
    meter->reads++;
    /* A signal handler may come here in the middle of a look. */
    if (gap_ns - meter->gap_ns > GAP_NS && !meter->looking)
        look(cpu_ns, real_ns);
    return cpu_ns - meter->start_cpu_ns - own_ns + meter->blocked_ns;
}

/* Where nothing says when a benchmark begins, its first read of the clock does. What this costs is
 * taken off the clock. */
static void note_read(void)
{
    int64_t cpu_ns = now(CLOCK_THREAD_CPUTIME_ID);
    meter->last = (struct totals){
        .cpu_ns = cpu_ns,
        .process_cpu_ns = now(CLOCK_PROCESS_CPUTIME_ID),
        .blocked_ns = meter->blocked_ns,
        .preempted_ns = meter->preempted_ns,
        .reads = meter->reads,
    };
    if (!meter->collecting)
        meter->before = meter->last;
    meter->collecting = true;
    meter->own_ns += now(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
}

int64_t clock_lag(void)
{
    int64_t lag = now(CLOCK_MONOTONIC) - (meter->start_ns + progress());
    return lag > 0 ? lag : 0;
}

static int64_t read_clock(void)
{
    int64_t ns = progress();
    /* A signal handler may come here in the middle of a look. */
    if (rule != RULE_PHASES && meter->calibrated && !meter->looking)
        note_read();
    return ns;
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *out)
{
    clock_resolve();
    if (!clock_is_measuring())
        return clock_real.clock_gettime(clock, out);
    switch (clock) {
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
        *out = time_of(meter->start_ns + read_clock());
        return 0;
    case CLOCK_MONOTONIC_RAW:
        *out = time_of(meter->raw_ns + read_clock());
        return 0;
    default:
        return clock_real.clock_gettime(clock, out);
    }
}

static void append(const char *text, size_t len)
{
    int fd = open(report_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    (void)!clock_real.write(fd, text, len);
    close(fd);
}

/* The smallest of several batches: what disturbs one makes it longer. */
static void calibrate(void)
{
    enum { BATCHES = 20, READS = 100 };
    int64_t least = INT64_MAX;
    struct timespec time;
    for (int i = 0; i < BATCHES; i++) {
        int64_t start = progress();
        for (int j = 0; j < READS - 1; j++)
            clock_gettime(CLOCK_MONOTONIC, &time);
        int64_t took = progress() - start;
        if (took < least)
            least = took;
    }
    char line[64];
    int len = snprintf(line, sizeof(line), "clock %d %lld\n", CLOCK_REPORT_VERSION,
                       (long long)(least * 1000 / READS));
    append(line, (size_t)len);
}

static void start_clock(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    bool calibrated = meter->calibrated;
    *meter = (struct meter){
        .schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC),
        .switches = usage.ru_nvcsw,
        .calibrated = true,
    };
    meter->run_delay_ns = read_run_delay();
    meter->raw_ns = now(CLOCK_MONOTONIC_RAW);
    meter->start_ns = now(CLOCK_MONOTONIC);
    meter->start_cpu_ns = now(CLOCK_THREAD_CPUTIME_ID);
    meter->owner = &thread;
    if (!calibrated)
        calibrate();
    meter->collecting = false; /* those reads were this library's own */
}

static struct totals totals_now(void)
{
    look(now(CLOCK_THREAD_CPUTIME_ID), now(CLOCK_MONOTONIC));
    return (struct totals){
        .cpu_ns = now(CLOCK_THREAD_CPUTIME_ID),
        .process_cpu_ns = now(CLOCK_PROCESS_CPUTIME_ID),
        .blocked_ns = meter->blocked_ns,
        .preempted_ns = meter->preempted_ns,
        .reads = meter->reads,
    };
}

static void report(const char *name, size_t name_len, const struct totals *end)
{
    struct totals a = meter->before, b = *end;
    int64_t cpu_ns = b.cpu_ns - a.cpu_ns;
    int64_t others_ns = b.process_cpu_ns - a.process_cpu_ns - cpu_ns;
    char line[LINE_SIZE + 128];
    int len = snprintf(line, sizeof(line), "benchmark %lld %lld %lld %lld %llu %.*s\n",
                       (long long)cpu_ns, (long long)(b.blocked_ns - a.blocked_ns),
                       (long long)(others_ns > 0 ? others_ns : 0),
                       (long long)(b.preempted_ns - a.preempted_ns),
                       (unsigned long long)(b.reads - a.reads), (int)name_len, name);
    append(line, (size_t)len);
}

static void stop_clock(void)
{
    meter->owner = NULL;
    if (meter->schedstat >= 0)
        close(meter->schedstat);
    meter->schedstat = -1;
}

/* The last place of `mark` in the line, or NULL: a benchmark's name may have it too. */
static const char *last_of(const char *line, const char *mark)
{
    const char *found = NULL;
    for (const char *at = line; (at = strstr(at, mark)); at++)
        found = at;
    return found;
}

static void begin_phase(bool collecting)
{
    /* The warm-up is the beginning of another benchmark. */
    if (clock_is_measuring() && !collecting)
        stop_clock();
    if (!meter->owner)
        start_clock();
    if (!clock_is_measuring())
        return;
    meter->collecting = collecting;
    if (collecting)
        meter->before = totals_now();
}

/* By the other rules: from the first read of the clock to the last. */
static void report_reads(const char *name, size_t name_len)
{
    if (!meter->collecting)
        meter->before = meter->last;
    report(name, name_len, &meter->last);
    meter->collecting = false;
}

static void watch_libtest(const char *line)
{
    static const char begin[] = "test ", mark[] = " ... bench:";
    const char *name = line + sizeof(begin) - 1;
    const char *end = strncmp(line, begin, sizeof(begin) - 1) ? NULL : last_of(line, mark);
    if (!end || end < name || !clock_is_measuring())
        return;
    /* Names are padded to one length. */
    while (end > name && end[-1] == ' ')
        end--;
    report_reads(name, (size_t)(end - name));
}

static void watch_phase(const char *line)
{
    static const char begin[] = "Benchmarking ", end[] = ": Analyzing";
    if (strncmp(line, begin, sizeof(begin) - 1) != 0)
        return;
    const char *name = line + sizeof(begin) - 1;
    size_t len = strlen(name);
    if (len >= sizeof(end) && !strcmp(name + len - (sizeof(end) - 1), end)) {
        if (clock_is_measuring() && meter->collecting) {
            struct totals so_far = totals_now();
            report(name, len - (sizeof(end) - 1), &so_far);
        }
        if (clock_is_measuring())
            stop_clock();
        return;
    }
    const char *warm_up = last_of(name, ": Warming up for "),
               *collecting = last_of(name, ": Collecting ");
    if (warm_up || collecting)
        begin_phase(!warm_up || (collecting && collecting > warm_up));
}

static void watch(int fd, const char *bytes, size_t len)
{
    size_t *have = &thread.lines[fd - 1].len;
    char *text = thread.lines[fd - 1].text;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != '\n') {
            /* One that is too long is none of Criterion's. */
            text[*have < LINE_SIZE ? (*have)++ : LINE_SIZE - 1] = bytes[i];
            continue;
        }
        bool whole = *have < LINE_SIZE;
        if (whole)
            text[*have] = '\0';
        *have = 0;
        if (whole && rule == RULE_LIBTEST)
            watch_libtest(text);
        else if (whole)
            watch_phase(text);
    }
}

/* Criterion up to 0.3 prints to standard output, later ones to standard error. */
EXPORT ssize_t write(int fd, const void *bytes, size_t len)
{
    clock_resolve();
    if ((fd == STDOUT_FILENO || fd == STDERR_FILENO) && meter && rule != RULE_PROGRAM) {
        int saved = errno;
        watch(fd, bytes, len);
        errno = saved;
    }
    return clock_real.write(fd, bytes, len);
}

/* Takes the variable away from child processes, and this library out of LD_PRELOAD, of which the
 * agent makes it the only entry. */
static void leave_environment(void)
{
    unsetenv(CLOCK_REPORT_ENV);
    unsetenv(CLOCK_RULE_ENV);
    unsetenv("LD_PRELOAD");
}

static enum rule rule_of(const char *name)
{
    if (name && !strcmp(name, CLOCK_RULE_LIBTEST))
        return RULE_LIBTEST;
    return name && !strcmp(name, CLOCK_RULE_PROGRAM) ? RULE_PROGRAM : RULE_PHASES;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv(CLOCK_REPORT_ENV);
    size_t len = path ? strlen(path) : 0;
    clock_resolve();
    if (!len || len >= sizeof(report_path) || !clock_real.write)
        return;
    memcpy(report_path, path, len + 1);
    rule = rule_of(getenv(CLOCK_RULE_ENV));
    leave_environment();
    void *page =
        mmap(NULL, sizeof(*meter), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED || madvise(page, sizeof(*meter), MADV_WIPEONFORK))
        return;
    meter = page;
    if (rule != RULE_PHASES)
        start_clock();
}

__attribute__((destructor)) static void end(void)
{
    if (rule == RULE_PROGRAM && meter && clock_is_measuring())
        report_reads(CLOCK_PROGRAM, sizeof(CLOCK_PROGRAM) - 1);
}
