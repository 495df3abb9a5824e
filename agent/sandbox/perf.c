#include "sandbox/perf.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
    uint32_t type;
    uint64_t config;
} events[USAGE_COUNTERS] = {
    [USAGE_MIGRATIONS] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS},
    [USAGE_INSTRUCTIONS] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
    [USAGE_CYCLES] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    [USAGE_CACHE_MISSES] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
    [USAGE_BRANCH_MISSES] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES},
};

static int open_event(enum usage_counter counter, bool user_only)
{
    struct perf_event_attr attr = {
        .size = sizeof(attr),
        .type = events[counter].type,
        .config = events[counter].config,
        .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
        .disabled = 1,
        .inherit = 1,
        .enable_on_exec = 1,
        .exclude_kernel = user_only,
        .exclude_hv = user_only,
    };
    return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

void perf_open(struct perf_set *set)
{
    for (enum usage_counter i = 0; i < USAGE_COUNTERS; i++) {
        set->user_only[i] = false;
        set->fds[i] = open_event(i, false);
        /* The kernel is where a task migrates: without it that event would count 0. */
        if (set->fds[i] >= 0 || events[i].type == PERF_TYPE_SOFTWARE)
            continue;
        set->user_only[i] = true;
        set->fds[i] = open_event(i, true);
    }
}

void perf_read(const struct perf_set *set, struct usage_count out[USAGE_COUNTERS])
{
    for (size_t i = 0; i < USAGE_COUNTERS; i++) {
        struct {
            uint64_t value, enabled_ns, running_ns;
        } got;
        out[i] = (struct usage_count){0};
        /* Not running at all is "not counted", whatever the value says. */
        if (set->fds[i] < 0 || read(set->fds[i], &got, sizeof(got)) != sizeof(got) ||
            !got.running_ns)
            continue;
        double share = (double)got.running_ns / (double)got.enabled_ns;
        out[i] = (struct usage_count){
            .known = true,
            .user_only = set->user_only[i],
            .share = share < 1 ? share : 1,
            .value = share < 1 ? (uint64_t)((double)got.value / share + 0.5) : got.value,
        };
    }
}

void perf_close(struct perf_set *set)
{
    for (size_t i = 0; i < USAGE_COUNTERS; i++) {
        if (set->fds[i] >= 0)
            close(set->fds[i]);
        set->fds[i] = -1;
    }
}
