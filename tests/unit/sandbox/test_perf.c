#include "sandbox/perf.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs a line of shell under the events that this process has opened. */
static void count(const char *line, struct usage_count out[USAGE_COUNTERS])
{
    struct perf_set set = PERF_SET_NONE;
    perf_open(&set);
    pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (!pid) {
        execl("/bin/sh", "sh", "-c", line, NULL);
        _exit(127);
    }
    int status = 0;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert_eq(status, 0);
    perf_read(&set, out);
    perf_close(&set);
    for (size_t i = 0; i < USAGE_COUNTERS; i++)
        cr_assert_eq(set.fds[i], -1);
}

Test(perf, counts_the_migrations_of_descendants)
{
    cpu_set_t cpus;
    cr_assert_eq(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
    if (CPU_COUNT(&cpus) < 2 || !CPU_ISSET(0, &cpus) || !CPU_ISSET(1, &cpus))
        cr_skip_test("needs CPUs 0 and 1");
    struct usage_count counts[USAGE_COUNTERS];
    count("for i in 1 2 3 4; do taskset -cp 0 $$; taskset -cp 1 $$; done >/dev/null", counts);
    if (!counts[USAGE_MIGRATIONS].known)
        cr_skip_test("this user may not count migrations");
    cr_assert_geq(counts[USAGE_MIGRATIONS].value, 7);
    cr_assert_lt(counts[USAGE_MIGRATIONS].value, 1000);
    cr_assert_not(counts[USAGE_MIGRATIONS].user_only);
    cr_assert_eq(counts[USAGE_MIGRATIONS].share, 1);
}

Test(perf, says_unknown_and_not_0_where_nothing_was_counted)
{
    const struct perf_set none = PERF_SET_NONE;
    struct usage_count counts[USAGE_COUNTERS];
    memset(counts, 0xff, sizeof(counts));
    perf_read(&none, counts);
    for (size_t i = 0; i < USAGE_COUNTERS; i++)
        cr_assert_not(counts[i].known);
}

Test(perf, hardware_counters_count_much_or_are_unknown)
{
    struct usage_count counts[USAGE_COUNTERS];
    count("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done", counts);
    for (enum usage_counter i = USAGE_INSTRUCTIONS; i <= USAGE_CYCLES; i++)
        if (counts[i].known) {
            cr_assert_gt(counts[i].value, 100000);
            cr_assert_gt(counts[i].share, 0);
            cr_assert_leq(counts[i].share, 1);
        }
}

/* What the kernel did is kept from an ordinary user, and migrations are its doing. */
Test(perf, an_ordinary_user_gets_no_migrations_rather_than_0)
{
    FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
    int paranoid = 0;
    if (!file || fscanf(file, "%d", &paranoid) != 1 || paranoid < 2)
        cr_skip_test("this kernel lets everybody count what it does");
    fclose(file);
    if (!geteuid())
        cr_assert_eq(setresuid(65534, 65534, 65534), 0);
    struct usage_count counts[USAGE_COUNTERS];
    count("true", counts);
    cr_assert_not(counts[USAGE_MIGRATIONS].known);
    for (enum usage_counter i = USAGE_INSTRUCTIONS; i < USAGE_COUNTERS; i++)
        cr_assert(!counts[i].known || counts[i].user_only);
}
