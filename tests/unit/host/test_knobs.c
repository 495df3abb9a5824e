#include "host/fitness.h"
#include "host/knobs.h"

#include "base/alloc.h"
#include "base/file.h"
#include "fake_kernel.h"

#include <criterion/criterion.h>
#include <string.h>

#define POLICY CPU_ROOT "/cpufreq/policy"

static void tune(struct fake *fake, const char *cpus, struct tune_report *report)
{
    struct tune_request request = {.cpus = cpus};
    struct error err = ERROR_INIT;
    cr_assert_eq(host_tune(&fake->place, &request, report, &err), 0, "%s", err.message);
}

static bool has_warning(const struct tune_report *report, const char *text)
{
    for (size_t i = 0; i < report->warnings.count; i++)
        if (strstr(report->warnings.items[i], text))
            return true;
    return false;
}

/* A file that the fixture does not have. */
static void add_file(const struct fake *fake, const char *path, const char *text)
{
    AUTO_FREE char *full = xasprintf("%s/tree%s", fake->dir, path);
    AUTO_FREE char *folder = xstrndup(full, (size_t)(path_basename(full) - full));
    cr_assert_eq(dir_make(folder, NULL), 0);
    fake_put(fake, path, text);
}

static void remove_file(const struct fake *fake, const char *path)
{
    AUTO_FREE char *full = xasprintf("%s/tree%s", fake->dir, path);
    cr_assert_eq(tree_remove(full, NULL), 0);
}

Test(knobs, have_names_of_their_own_and_say_what_they_are)
{
    for (size_t i = 0; i < knob_count; i++) {
        cr_assert(*knobs[i]->name && *knobs[i]->summary && knobs[i]->targets);
        for (size_t j = 0; j < i; j++)
            cr_assert_str_neq(knobs[i]->name, knobs[j]->name);
    }
}

Test(knobs, write_the_frequency_limit_that_makes_room_first)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    AUTO_FREE char *untouched = fake_snapshot(&fake);
    fake_put(&fake, POLICY "1/scaling_min_freq", "4000000");
    AUTO_FREE char *before = fake_snapshot(&fake);
    AUTO_TUNE_REPORT struct tune_report report = {0}, restored = {0};
    cr_assert_str_neq(untouched, before);
    tune(&fake, "1", &report);
    cr_assert_str_eq(fake_text(&fake, POLICY "1/scaling_max_freq"), "2900000");
    cr_assert_str_eq(fake_text(&fake, POLICY "1/scaling_min_freq"), "2900000");
    cr_assert_eq(host_restore(&fake.place, false, &restored, NULL), 0);
    AUTO_FREE char *after = fake_snapshot(&fake);
    cr_assert_str_eq(before, after);
    fake_release(&fake);
}

Test(knobs, keep_a_limit_that_somebody_has_set_below_the_nominal_frequency)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    fake_put(&fake, POLICY "1/scaling_max_freq", "2000000");
    AUTO_TUNE_REPORT struct tune_report report = {0};
    tune(&fake, "1", &report);
    cr_assert_str_eq(fake_text(&fake, POLICY "1/scaling_max_freq"), "2000000");
    cr_assert_str_eq(fake_text(&fake, POLICY "1/scaling_min_freq"), "2000000");
    fake_release(&fake);
}

Test(knobs, turn_boost_off_for_each_policy_where_there_is_no_common_file)
{
    struct fake fake;
    fake_init(&fake, "amd-pstate");
    remove_file(&fake, CPU_ROOT "/cpufreq/boost");
    add_file(&fake, POLICY "3/boost", "1");
    AUTO_TUNE_REPORT struct tune_report report = {0};
    tune(&fake, "1", &report);
    cr_assert_eq(report_row(&report, "turbo", "policy3/boost")->outcome, TUNE_SET);
    fake_release(&fake);
}

/* --- what governor and turbo change along --- */

/* Killed at each write, a tune and a restore leave a machine that the next restore gives back. */
static void assert_given_back(struct fake *fake)
{
    const struct tune_request request = {.aslr = TUNE_ASLR_OFF};
    AUTO_FREE char *before = fake_snapshot(fake);
    for (int restoring = 0; restoring < 2; restoring++) {
        int code = FAKE_DIED;
        for (fake->writes = 0, fake->die_at = 1; code == FAKE_DIED; fake->die_at++) {
            size_t die_at = fake->die_at;
            fake->die_at = restoring ? 0 : die_at;
            code = fake_tune(fake, &request);
            fake->die_at = die_at;
            if (restoring)
                code = fake_restore(fake, false);
            fake->die_at = 0;
            cr_assert_eq(fake_restore(fake, false), 0);
            fake->die_at = die_at;
            AUTO_FREE char *after = fake_snapshot(fake);
            cr_assert_str_eq(before, after);
        }
        cr_assert_eq(code, 0);
        cr_assert_gt(fake->die_at, 5);
    }
}

Test(knobs, give_back_the_tunables_that_go_with_a_governor)
{
    struct fake fake;
    fake_init(&fake, "amd-acpi");
    fake.ondemand = true;
    add_file(&fake, CPU_ROOT "/cpufreq/ondemand/up_threshold", "50");
    assert_given_back(&fake);
    fake_release(&fake);
}

Test(knobs, give_back_the_frequency_that_somebody_has_set)
{
    struct fake fake;
    fake_init(&fake, "amd-acpi");
    for (int policy = 0; policy < 8; policy++) {
        AUTO_FREE char *governor = xasprintf(POLICY "%d/scaling_governor", policy);
        AUTO_FREE char *speed = xasprintf(POLICY "%d/scaling_setspeed", policy);
        fake_put(&fake, governor, policy % 2 ? "ondemand" : "userspace");
        add_file(&fake, speed, policy % 2 ? "<unsupported>" : "1800000");
    }
    assert_given_back(&fake);
    fake_release(&fake);
}

Test(knobs, give_back_each_policys_boost_where_the_common_file_sets_it_along)
{
    struct fake fake;
    fake_init(&fake, "amd-acpi");
    for (int policy = 0; policy < 8; policy++) {
        AUTO_FREE char *boost = xasprintf(POLICY "%d/boost", policy);
        add_file(&fake, boost, policy == 3 ? "0" : "1");
    }
    assert_given_back(&fake);
    fake_release(&fake);
}

Test(knobs, give_back_the_lower_limit_that_goes_down_with_turbo)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    add_file(&fake, CPU_ROOT "/intel_pstate/min_perf_pct", "100");
    assert_given_back(&fake);
    AUTO_TUNE_REPORT struct tune_report report = {0};
    tune(&fake, "1", &report);
    cr_assert_str_eq(fake_text(&fake, CPU_ROOT "/intel_pstate/min_perf_pct"), "62");
    fake_release(&fake);
}

Test(knobs, leave_a_governor_that_the_driver_does_not_offer)
{
    struct fake fake;
    fake_init(&fake, "arm");
    fake_put(&fake, POLICY "4/scaling_available_governors", "schedutil userspace");
    AUTO_TUNE_REPORT struct tune_report report = {0};
    tune(&fake, "4-7", &report);
    cr_assert_eq(report_row(&report, "governor", "policy4/scaling_governor")->outcome,
                 TUNE_OBSERVED);
    cr_assert_str_eq(fake_text(&fake, POLICY "4/scaling_governor"), "schedutil");
    fake_release(&fake);
}

Test(knobs, never_take_the_first_cpu_offline)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    add_file(&fake, CPU_ROOT "/cpu0/online", "1");
    AUTO_TUNE_REPORT struct tune_report report = {0};
    tune(&fake, "4-5", &report);
    cr_assert_str_eq(fake_text(&fake, CPU_ROOT "/cpu0/online"), "1");
    cr_assert_str_eq(fake_text(&fake, CPU_ROOT "/cpu1/online"), "0");
    fake_release(&fake);
}

Test(knobs, leave_siblings_online_where_cgroup_v1_would_lose_them)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    add_file(&fake, "/sys/fs/cgroup/cpuset/docker/cpuset.cpus", "0-7");
    AUTO_TUNE_REPORT struct tune_report report = {0};
    tune(&fake, "1", &report);
    cr_assert_str_eq(fake_text(&fake, CPU_ROOT "/cpu5/online"), "1");
    cr_assert_eq(report_row(&report, "smt", "cpu5/online")->outcome, TUNE_OBSERVED);
    cr_assert(has_warning(&report, "SMT siblings stay online"));
    fake_release(&fake);
}

Test(knobs, warn_of_irqbalance_and_of_a_missing_frequency_driver)
{
    struct fake fake;
    fake_init(&fake, "vm");
    AUTO_TUNE_REPORT struct tune_report report = {0}, again = {0};
    struct tune_request request = {0};
    cr_assert_eq(host_survey(&fake.place, &request, &report, NULL), 0);
    cr_assert(!has_warning(&report, "irqbalance"));
    cr_assert(has_warning(&report, "no frequency driver"));
    add_file(&fake, "/proc/77/comm", "irqbalance");
    cr_assert_eq(host_survey(&fake.place, &request, &again, NULL), 0);
    cr_assert(has_warning(&again, "irqbalance (process 77)"));
    fake_release(&fake);
}

Test(knobs, tell_irqbalance_which_cpus_to_leave_alone)
{
    static const char socket_path[] = "/run/irqbalance/irqbalance77.sock";
    struct fake fake;
    fake_init(&fake, "vm");
    add_file(&fake, "/proc/77/comm", "irqbalance");
    add_file(&fake, socket_path, "0");
    AUTO_TUNE_REPORT struct tune_report report = {0};
    tune(&fake, "1", &report);
    cr_assert_str_eq(fake_text(&fake, socket_path), "0-1", "beside those it left alone before");
    cr_assert_eq(report_row(&report, "irqbalance", "77.sock")->outcome, TUNE_SET);
    cr_assert(!has_warning(&report, "irqbalance"));
    fake_release(&fake);
}

Test(knobs, give_interrupts_of_benchmark_cpus_alone_to_the_system)
{
    struct fake fake;
    fake_init(&fake, "numa");
    fake_put(&fake, "/proc/irq/60/smp_affinity_list", "1,3");
    AUTO_TUNE_REPORT struct tune_report report = {0};
    tune(&fake, "1,3", &report);
    cr_assert_str_eq(fake_text(&fake, "/proc/irq/60/smp_affinity_list"), "0,2,4-8,10,12-15");
    cr_assert_str_eq(fake_text(&fake, "/proc/irq/0/smp_affinity_list"), "0,2,4-8,10,12-15");
    fake_release(&fake);
}

/* --- fitness --- */

static void assess(const struct fake *fake, struct fitness *out)
{
    AUTO_TUNE_REPORT struct tune_report report = {0};
    struct tune_request request = {0};
    cr_assert_eq(host_survey(&fake->place, &request, &report, NULL), 0);
    fitness_of(&fake->place, &report, out);
}

Test(fitness, rises_with_a_tune_and_has_a_reason_for_each_point)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    AUTO_FITNESS struct fitness before = {0}, after = {0};
    AUTO_TUNE_REPORT struct tune_report report = {0};
    assess(&fake, &before);
    tune(&fake, NULL, &report);
    assess(&fake, &after);
    long missing = 0;
    for (size_t i = 0; i < before.reasons.count; i++)
        missing -= strtol(before.reasons.items[i], NULL, 10);
    cr_assert_eq(before.score, 100 - missing);
    cr_assert_eq(after.score, 95);
    cr_assert(strstr(after.reasons.items[0], "isolation"));
    fake_release(&fake);
}

static bool is_shared(struct fake *fake, const char *cpus)
{
    struct tune_request request = {.cpus = cpus};
    AUTO_TUNE_REPORT struct tune_report survey = {0};
    AUTO_FITNESS struct fitness fitness = {0};
    cr_assert_eq(host_survey(&fake->place, &request, &survey, NULL), 0);
    fitness_of(&fake->place, &survey, &fitness);
    bool found = false;
    for (size_t i = 0; i < fitness.reasons.count; i++)
        found |= strstr(fitness.reasons.items[i], "isolation: ") != NULL;
    return found;
}

Test(fitness, takes_the_cpus_of_the_group_for_isolated_and_no_others)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    struct tune_request request = {.cpus = "1-2", .isolate = true};
    AUTO_TUNE_REPORT struct tune_report report = {0};
    cr_assert(is_shared(&fake, "1"));
    cr_assert_eq(host_tune(&fake.place, &request, &report, NULL), 0);
    cr_assert(!is_shared(&fake, "1") && !is_shared(&fake, "1-2"));
    cr_assert(is_shared(&fake, "3") && is_shared(&fake, "2-3"));
    fake_release(&fake);
}

static void assert_virtual(const char *vendor, const char *product, bool expected)
{
    struct fake fake;
    fake_init(&fake, "amd-acpi");
    add_file(&fake, "/sys/class/dmi/id/sys_vendor", vendor);
    add_file(&fake, "/sys/class/dmi/id/product_name", product);
    AUTO_FITNESS struct fitness fitness = {0};
    assess(&fake, &fitness);
    cr_assert_eq(fitness.virtualisation != NULL, expected, "%s %s", vendor, product);
    fake_release(&fake);
}

Test(fitness, knows_a_virtual_machine_by_its_flag_or_its_firmware)
{
    assert_virtual("QEMU", "Standard PC (Q35 + ICH9, 2009)", true);
    assert_virtual("Amazon EC2", "c7g.large", true);
    assert_virtual("Amazon EC2", "c7g.metal", false);
    assert_virtual("Microsoft Corporation", "Virtual Machine", true);
    assert_virtual("Microsoft Corporation", "Surface Laptop", false);
    assert_virtual("Dell Inc.", "PowerEdge R750", false);
}

Test(fitness, counts_the_load_of_others)
{
    struct fake fake;
    fake_init(&fake, "amd-acpi");
    fake_put(&fake, "/proc/loadavg", "3.14 1.00 1.00 4/200 99");
    AUTO_FITNESS struct fitness fitness = {0};
    assess(&fake, &fitness);
    bool found = false;
    for (size_t i = 0; i < fitness.reasons.count; i++)
        found |= strstr(fitness.reasons.items[i], "load: 3.14") != NULL;
    cr_assert(found);
    fake_release(&fake);
}
