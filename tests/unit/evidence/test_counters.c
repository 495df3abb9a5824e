#include "evidence/counters.h"
#include "evidence/evidence.h"

#include "base/alloc.h"
#include "base/file.h"
#include "test_folder.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A machine of plain files. */
static struct host_io io;

static void setup(void)
{
    test_folder_make();
    host_io_real(test_folder, &io);
}

static void teardown(void)
{
    host_io_release(&io);
    test_folder_remove();
}

TestSuite(counters, .init = setup, .fini = teardown);
TestSuite(evidence, .init = setup, .fini = teardown);

/* CPU 1 with these ticks; CPU 0 busy with something else. */
static void put_stat(int user, int system, int steal)
{
    AUTO_FREE char *text = xasprintf("cpu  9999 9 9 9 9 9 9 9 0 0\n"
                                     "cpu0 5000 0 0 100 0 0 0 70 0 0\n"
                                     "cpu1 %d 1 %d 300 7 2 3 %d 0 0\n"
                                     "intr 12345\nctxt 5\nbtime 1700000000\n",
                                     user, system, steal);
    test_folder_put("/proc/stat", text);
}

static cpu_set_t only(size_t cpu)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(cpu, &cpus);
    return cpus;
}

static struct host_reading take(const cpu_set_t *cpus)
{
    struct host_reading reading;
    host_reading_take(&io, cpus, &reading);
    return reading;
}

Test(counters, what_the_machine_does_not_say_is_unknown)
{
    struct host_reading reading = take(NULL);
    cr_assert_eq(reading.busy_ns, -1);
    cr_assert_eq(reading.steal_ns, -1);
    cr_assert_eq(reading.throttles, -1);
    cr_assert_eq(reading.throttled_ms, -1);
    cr_assert(isnan(reading.least_mhz) && isnan(reading.most_mhz) && isnan(reading.celsius));
}

Test(counters, times_are_those_of_the_cpus_asked_for)
{
    cpu_set_t one = only(1), zero = only(0), fifth = only(5);
    put_stat(100, 20, 4);
    /* 10 ms a tick: user, nice, system, irq, softirq; neither idle nor iowait nor steal. */
    cr_assert_eq(take(&one).busy_ns, (100 + 1 + 20 + 2 + 3) * INT64_C(10000000));
    cr_assert_eq(take(&one).steal_ns, INT64_C(40000000));
    cr_assert_eq(take(&zero).busy_ns, INT64_C(50000000000));
    cr_assert_eq(take(NULL).steal_ns, INT64_C(740000000));
    cr_assert_eq(take(&fifth).busy_ns, -1);
}

Test(counters, a_damaged_stat_file_is_unknown)
{
    cpu_set_t one = only(1);
    test_folder_put("/proc/stat", "cpu1 12 34\n");
    cr_assert_eq(take(&one).busy_ns, -1);
    test_folder_put("/proc/stat", "cpu1");
    cr_assert_eq(take(&one).busy_ns, -1);
    test_folder_put("/proc/stat", "");
    cr_assert_eq(take(&one).busy_ns, -1);
}

Test(counters, frequency_comes_from_cpufreq_before_cpuinfo)
{
    cpu_set_t one = only(1), both = only(1);
    CPU_SET(2, &both);
    test_folder_put("/proc/cpuinfo",
                    "processor\t: 0\ncpu MHz\t\t: 1000.000\n\nprocessor\t: 1\ncpu MHz\t\t: "
                    "2299.998\n");
    struct host_reading reading = take(&one);
    cr_assert(reading.mhz_from_cpuinfo);
    cr_assert_float_eq(reading.most_mhz, 2299.998, 1e-6);
    test_folder_put("/sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq", "3400000\n");
    test_folder_put("/sys/devices/system/cpu/cpu2/cpufreq/scaling_cur_freq", "3200000\n");
    test_folder_put("/sys/devices/system/cpu/cpufreq/scaling_cur_freq", "1\n");
    reading = take(&both);
    cr_assert_not(reading.mhz_from_cpuinfo);
    cr_assert_float_eq(reading.least_mhz, 3200, 1e-6);
    cr_assert_float_eq(reading.most_mhz, 3400, 1e-6);
}

Test(counters, throttling_is_counted_of_the_cpus_asked_for)
{
    cpu_set_t one = only(1);
    test_folder_put("/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "50\n");
    test_folder_put("/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "7\n");
    test_folder_put("/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_total_time_ms",
                    "120\n");
    cr_assert_eq(take(&one).throttles, 7);
    cr_assert_eq(take(&one).throttled_ms, 120);
    cr_assert_eq(take(NULL).throttles, 57);
}

Test(counters, the_hottest_sensor_of_a_cpu_counts_and_any_other_where_there_is_none)
{
    test_folder_put("/sys/class/thermal/thermal_zone0/type", "acpitz\n");
    test_folder_put("/sys/class/thermal/thermal_zone0/temp", "90000\n");
    cr_assert_float_eq(take(NULL).celsius, 90, 1e-9);
    test_folder_put("/sys/class/hwmon/hwmon1/name", "coretemp\n");
    test_folder_put("/sys/class/hwmon/hwmon1/temp1_input", "61000\n");
    test_folder_put("/sys/class/hwmon/hwmon1/temp2_input", "64500\n");
    test_folder_put("/sys/class/hwmon/hwmon1/temp2_crit", "100000\n");
    cr_assert_float_eq(take(NULL).celsius, 64.5, 1e-9);
}

Test(counters, a_counter_that_went_backwards_is_unknown)
{
    struct host_reading before = {.at_s = 1, .busy_ns = 10, .steal_ns = 5, .throttles = -1},
                        after = {.at_s = 3, .busy_ns = 4, .steal_ns = 9, .throttles = 2};
    struct host_change change = host_change_of(&before, &after);
    cr_assert_float_eq(change.seconds, 2, 1e-12);
    cr_assert_eq(change.busy_ns, -1);
    cr_assert_eq(change.steal_ns, 4);
    cr_assert_eq(change.throttles, -1);
}

#define SECOND INT64_C(1000000000)

/* Ten seconds on one CPU, all of them the process's own. */
static struct evidence quiet(void)
{
    return (struct evidence){
        .cpus = "1",
        .cpu_count = 1,
        .used = {.wall_ns = 10 * SECOND, .user_ns = 9 * SECOND, .system_ns = SECOND},
        .before =
            {.at_s = 0, .throttled_ms = -1, .least_mhz = NAN, .most_mhz = NAN, .celsius = NAN},
        .after = {.at_s = 10,
                  .busy_ns = 10 * SECOND,
                  .throttled_ms = -1,
                  .least_mhz = NAN,
                  .most_mhz = NAN,
                  .celsius = NAN},
    };
}

Test(evidence, a_quiet_process_has_no_flags)
{
    struct evidence evidence = quiet();
    struct evidence_verdict verdict = evidence_judge(&evidence);
    cr_assert_eq(verdict.flags, 0);
    cr_assert_not(verdict.again);
    cr_assert_eq(verdict.load_ns, 0);
    AUTO_FREE char *text = evidence_verdict_text(&verdict);
    cr_assert_str_eq(text, "");
}

/* One row of the limits: what happened in ten seconds, and what follows. */
struct limit {
    int64_t load_ms, steal_ms, throttles, throttled_ms;
    unsigned flags;
    bool again;
};

Test(evidence, the_limits_are_those_of_the_header)
{
    static const struct limit limits[] = {
        {199, 0, 0, 0, 0, false},
        {210, 0, 0, 0, EVIDENCE_LOADED, false},
        {499, 0, 0, 0, EVIDENCE_LOADED, false},
        {510, 0, 0, 0, EVIDENCE_LOADED, true},
        {0, 20, 0, 0, 0, false}, /* two ticks prove nothing */
        {0, 40, 0, 0, EVIDENCE_STOLEN, false},
        {0, 110, 0, 0, EVIDENCE_STOLEN, true},
        {0, 0, 1, 90, EVIDENCE_THROTTLED, false},
        {0, 0, 1, 110, EVIDENCE_THROTTLED, true},
        {0, 0, 1, -1, EVIDENCE_THROTTLED, true},
        {510, 110, 1, -1, EVIDENCE_LOADED | EVIDENCE_STOLEN | EVIDENCE_THROTTLED, true},
    };
    for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
        struct evidence evidence = quiet();
        evidence.after.busy_ns += limits[i].load_ms * 1000000;
        evidence.after.steal_ns += limits[i].steal_ms * 1000000;
        evidence.after.throttles += limits[i].throttles;
        if (limits[i].throttled_ms >= 0) {
            evidence.before.throttled_ms = 5;
            evidence.after.throttled_ms = 5 + limits[i].throttled_ms;
        }
        struct evidence_verdict verdict = evidence_judge(&evidence);
        cr_assert_eq(verdict.flags, limits[i].flags, "row %zu: flags %u", i, verdict.flags);
        cr_assert_eq(verdict.again, limits[i].again, "row %zu", i);
    }
}

Test(evidence, shares_are_of_all_the_cpus_of_the_process)
{
    struct evidence evidence = quiet();
    evidence.cpu_count = 4;
    evidence.after.busy_ns += SECOND;
    struct evidence_verdict verdict = evidence_judge(&evidence);
    cr_assert_float_eq(verdict.load, 0.025, 1e-9);
    cr_assert_not(verdict.again);
}

Test(evidence, ticks_of_a_short_process_are_not_held_against_it)
{
    struct evidence evidence = quiet();
    evidence.used = (struct usage){.wall_ns = SECOND / 20};
    evidence.after.at_s = 0.05;
    evidence.after.busy_ns = 20000000;
    cr_assert_eq(evidence_judge(&evidence).flags, 0);
}

static cJSON *written(const struct evidence *evidence, const struct strlist *discarded)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    evidence_write(evidence, discarded, &text);
    cJSON *json = cJSON_Parse(text.buf);
    cr_assert(cJSON_IsObject(json), "%s", text.buf);
    return json;
}

static bool is_null(const cJSON *json, const char *key)
{
    return cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(json, key));
}

Test(evidence, what_was_not_counted_is_null_and_never_0)
{
    struct evidence evidence = quiet();
    evidence.before.throttles = evidence.before.steal_ns = -1;
    evidence.used.counts[USAGE_MIGRATIONS] = (struct usage_count){.known = true, .share = 1};
    evidence.used.counts[USAGE_INSTRUCTIONS] =
        (struct usage_count){.known = true, .user_only = true, .share = 0.5, .value = 77};
    struct strlist none = STRLIST_INIT;
    cJSON *json = written(&evidence, &none);
    const char *const unknown[] = {"steal_ns", "throttles",    "throttled_ms", "mhz",
                                   "cycles",   "cache_misses", "branch_misses"};
    for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
        cr_assert(is_null(json, unknown[i]), "%s", unknown[i]);
    cr_assert_eq(cJSON_GetObjectItem(json, "migrations")->valueint, 0);
    const cJSON *scaled = cJSON_GetObjectItem(json, "instructions");
    cr_assert_eq(cJSON_GetObjectItem(scaled, "value")->valueint, 77);
    cr_assert_float_eq(cJSON_GetObjectItem(scaled, "share")->valuedouble, 0.5, 1e-9);
    cr_assert(cJSON_IsTrue(cJSON_GetObjectItem(scaled, "user_only")));
    cr_assert_null(cJSON_GetObjectItem(json, "discarded"));
    cr_assert_null(cJSON_GetObjectItem(json, "executable_sha256"));
    cJSON_Delete(json);
}

Test(evidence, attempts_that_were_discarded_stay_on_record)
{
    struct evidence evidence = quiet();
    AUTO_STRLIST struct strlist discarded = STRLIST_INIT;
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    evidence.after.steal_ns = SECOND;
    evidence_write_attempt(&evidence, &text);
    strlist_push(&discarded, text.buf);
    evidence.after.steal_ns = 0;
    cJSON *json = written(&evidence, &discarded);
    cr_assert_eq(cJSON_GetObjectItem(json, "attempt")->valueint, 2);
    cr_assert_eq(cJSON_GetArraySize(cJSON_GetObjectItem(json, "flags")), 0);
    const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "discarded"), 0);
    const cJSON *flags = cJSON_GetObjectItem(first, "flags");
    cr_assert_str_eq(cJSON_GetArrayItem(flags, 0)->valuestring, "stolen");
    cr_assert(cJSON_IsTrue(cJSON_GetObjectItem(first, "beyond_limit")));
    cJSON_Delete(json);
}

static cJSON *machine(void)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    evidence_write_machine(&io, &text);
    cJSON *json = cJSON_Parse(text.buf);
    cr_assert(cJSON_IsObject(json), "%s", text.buf);
    return json;
}

static const char *text_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

Test(evidence, the_machine_is_described_or_null)
{
    cJSON *json = machine();
    cr_assert(is_null(json, "governor") && is_null(json, "microcode") &&
              is_null(json, "mitigations") && is_null(json, "virtual_machine"));
    cJSON_Delete(json);
    test_folder_put("/proc/cmdline", "BOOT_IMAGE=/vmlinuz quiet \"isolcpus=2\"\n");
    test_folder_put("/proc/cpuinfo",
                    "processor\t: 0\nmicrocode\t: 0x2b0004b1\nflags\t\t: fpu hypervisor lm\n");
    test_folder_put("/sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "powersave\n");
    test_folder_put("/sys/devices/system/cpu/cpufreq/policy1/scaling_governor", "performance\n");
    test_folder_put("/sys/devices/system/cpu/cpufreq/policy2/scaling_governor", "performance\n");
    test_folder_put("/sys/devices/system/cpu/vulnerabilities/meltdown", "Mitigation: PTI\n");
    json = machine();
    cr_assert_str_eq(text_of(json, "kernel_command_line"),
                     "BOOT_IMAGE=/vmlinuz quiet \"isolcpus=2\"");
    cr_assert_str_eq(text_of(json, "microcode"), "0x2b0004b1");
    cr_assert(cJSON_IsTrue(cJSON_GetObjectItem(json, "virtual_machine")));
    cr_assert_str_eq(text_of(json, "governor"), "performance, powersave");
    cr_assert_str_eq(text_of(cJSON_GetObjectItem(json, "mitigations"), "meltdown"),
                     "Mitigation: PTI");
    cJSON_Delete(json);
}
