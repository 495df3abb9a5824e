#include "evidence/canary.h"

#include "base/alloc.h"
#include "evidence/workload_child.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define SMALL 1000

static void *arena(void)
{
    void *bytes = aligned_alloc(4096, WORKLOAD_ARENA_BYTES);
    workload_prepare(bytes);
    return bytes;
}

Test(workload, has_the_same_checksums_everywhere)
{
    AUTO_FREE void *bytes = arena();
    for (enum workload kind = 0; kind < WORKLOADS; kind++) {
        cr_assert(workload_piece(kind, bytes), "%s", workload_names[kind]);
        cr_assert_eq(workload_do(kind, bytes, SMALL), workload_do(kind, bytes, SMALL));
        cr_assert_neq(workload_do(kind, bytes, SMALL), workload_do(kind, bytes, SMALL + 1));
    }
}

Test(workload, reads_every_line_of_the_arena_once_before_it_comes_back)
{
    AUTO_FREE unsigned char *bytes = arena();
    uint32_t at = 0, steps = 0;
    do {
        at = *(uint32_t *)(void *)(bytes + (size_t)at * 64);
        steps++;
    } while (at && steps <= WORKLOAD_ARENA_BYTES / 64);
    cr_assert_eq(steps, WORKLOAD_ARENA_BYTES / 64);
}

Test(workload, a_broken_memory_is_found_out)
{
    AUTO_FREE unsigned char *bytes = arena();
    *(uint32_t *)(void *)bytes ^= 1;
    cr_assert_not(workload_piece(WORKLOAD_MEMORY, bytes));
}

Test(workload, the_frequency_is_one_that_a_processor_can_have)
{
    double hz = workload_frequency_hz();
    cr_assert(hz > 5e7 && hz < 2e10, "%g", hz);
}

static void where(const void *context, void *result)
{
    (void)context;
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    (void)sched_getaffinity(0, sizeof(cpus), &cpus);
    memcpy(result, &cpus, sizeof(cpus));
}

Test(workload_child, works_where_it_is_told)
{
    cpu_set_t all, one, seen, after;
    cr_assert_eq(sched_getaffinity(0, sizeof(all), &all), 0);
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&one); cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    struct error err = ERROR_INIT;
    cr_assert_eq(
        workload_child(&(struct placement){.cpus = &one}, where, NULL, &seen, sizeof(seen), &err),
        0, "%s", err.message);
    cr_assert(CPU_EQUAL(&one, &seen));
    cr_assert_eq(workload_child(NULL, where, NULL, &seen, sizeof(seen), &err), 0);
    cr_assert(CPU_EQUAL(&all, &seen));
    cr_assert_eq(sched_getaffinity(0, sizeof(after), &after), 0);
    cr_assert(CPU_EQUAL(&all, &after), "the agent itself was moved");
}

static void die(const void *context, void *result)
{
    (void)result;
    (void)raise(*(const int *)context);
}

Test(workload_child, says_how_it_ended)
{
    struct error err = ERROR_INIT;
    char result[16] = "untouched";
    int number = SIGABRT;
    cr_assert_eq(workload_child(NULL, die, &number, result, sizeof(result), &err), ERROR_FAILURE);
    cr_assert(strstr(err.message, "signal 6"), "%s", err.message);
    cr_assert_str_eq(result, "untouched");
    cpu_set_t none;
    CPU_ZERO(&none);
    cr_assert_eq(workload_child(&(struct placement){.cpus = &none}, where, NULL, result,
                                sizeof(result), &err),
                 ERROR_FAILURE);
    cr_assert(strstr(err.message, "pinned"), "%s", err.message);
}

/* A session of canaries with these integer medians, the other kinds steady. */
static struct canary session(const double *integer_ns, size_t count)
{
    struct canary canary = {
        .readings = xcalloc(count, sizeof(struct canary_reading)), .count = count, .cap = count};
    for (size_t i = 0; i < count; i++)
        canary.readings[i] = (struct canary_reading){
            .wall_ns = {integer_ns[i], 5e6, 6e6},
            .wall_all_ns = 100000000,
            .cpu_all_ns = 100000000,
            .correct = true,
        };
    return canary;
}

static enum canary_verdict verdict(const double *integer_ns, size_t count)
{
    AUTO_CANARY struct canary canary = session(integer_ns, count);
    return canary_judge(&canary).verdict;
}

Test(canary, judges_by_the_greatest_drift)
{
    cr_assert_eq(verdict((double[]){4e6, 4.0e6}, 2), CANARY_OK);
    cr_assert_eq(verdict((double[]){4e6, 4.079e6}, 2), CANARY_OK);
    cr_assert_eq(verdict((double[]){4.081e6, 4e6}, 2), CANARY_DRIFTING);
    cr_assert_eq(verdict((double[]){4e6, 4.19e6}, 2), CANARY_DRIFTING);
    cr_assert_eq(verdict((double[]){4e6, 4.21e6}, 2), CANARY_BAD);
    /* What happened in between counts although it is over. */
    cr_assert_eq(verdict((double[]){4e6, 4.5e6, 4e6}, 3), CANARY_BAD);
}

Test(canary, one_alone_proves_nothing_unless_it_is_bad)
{
    cr_assert_eq(verdict((double[]){4e6}, 1), CANARY_UNKNOWN);
    AUTO_CANARY struct canary none = {0};
    cr_assert_eq(canary_judge(&none).verdict, CANARY_UNKNOWN);
    AUTO_CANARY struct canary one = session((double[]){4e6}, 1);
    one.readings[0].cpu_all_ns = 50000000;
    cr_assert_eq(canary_judge(&one).verdict, CANARY_BAD);
}

Test(canary, a_cpu_that_it_had_to_share_spoils_a_steady_session)
{
    AUTO_CANARY struct canary canary = session((double[]){4e6, 4e6}, 2);
    canary.readings[1].cpu_all_ns = 97000000;
    struct canary_judgement judgement = canary_judge(&canary);
    cr_assert_eq(judgement.verdict, CANARY_DRIFTING);
    cr_assert_float_eq(judgement.lost, 0.03, 1e-9);
    canary.readings[0].cpu_all_ns = 60000000;
    cr_assert_eq(canary_judge(&canary).verdict, CANARY_BAD);
}

Test(canary, a_wrong_checksum_spoils_it)
{
    AUTO_CANARY struct canary canary = session((double[]){4e6, 4e6}, 2);
    canary.readings[1].correct = false;
    cr_assert_eq(canary_judge(&canary).verdict, CANARY_BAD);
}

Test(canary, runs_and_says_so_in_json)
{
    AUTO_CANARY struct canary canary = {0};
    struct error err = ERROR_INIT;
    cr_assert(canary_is_due(&canary));
    for (int i = 0; i < 2; i++)
        cr_assert_eq(canary_run(&canary, NULL, &err), 0, "%s", err.message);
    cr_assert_not(canary_is_due(&canary));
    cr_assert_eq(canary.count, 2);
    cr_assert_null(canary.problem);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    canary_write(&canary, &text);
    cJSON *json = cJSON_Parse(text.buf);
    cr_assert(cJSON_IsObject(json), "%s", text.buf);
    const cJSON *readings = cJSON_GetObjectItem(json, "readings"), *reading = NULL;
    cr_assert_eq(cJSON_GetArraySize(readings), 2);
    cJSON_ArrayForEach(reading, readings) for (size_t kind = 0; kind < WORKLOADS; kind++)
    {
        const cJSON *work = cJSON_GetObjectItem(reading, workload_names[kind]);
        cr_assert_gt(cJSON_GetObjectItem(work, "median_ns")->valuedouble, 1000);
    }
    cJSON_Delete(json);
}

Test(canary, one_that_cannot_be_run_says_why_and_stops_nothing)
{
    AUTO_CANARY struct canary canary = {0};
    cpu_set_t none;
    CPU_ZERO(&none);
    cr_assert_eq(canary_run(&canary, &(struct placement){.cpus = &none}, NULL), 0);
    cr_assert_eq(canary.count, 0);
    cr_assert(strstr(canary.problem, "pinned"));
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    canary_write(&canary, &text);
    cr_assert(strstr(text.buf, "\"verdict\":\"unknown\"") && strstr(text.buf, "pinned"), "%s",
              text.buf);
}
