#include "host/tune.h"

#include "base/alloc.h"
#include "base/file.h"
#include "fake_kernel.h"
#include "host/journal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLICY "/sys/devices/system/cpu/cpufreq/policy"
#define GROUP "/sys/fs/cgroup/lance-bench"
#define NO_TURBO "/sys/devices/system/cpu/intel_pstate/no_turbo"
#define SWAPPINESS "/proc/sys/vm/swappiness"

static const char *const machines[] = {"intel-active", "intel-passive", "amd-pstate", "amd-acpi",
                                       "arm",          "numa",          "vm"};

static const struct tune_request one_cpu = {.cpus = "1", .aslr = TUNE_ASLR_OFF, .isolate = true};
static const struct tune_request plain = {0};

static void assert_tune(struct fake *fake, const struct tune_request *request,
                        struct tune_report *report)
{
    struct error err = ERROR_INIT;
    cr_assert_eq(host_tune(&fake->place, request, report, &err), 0, "%s", err.message);
}

static void assert_restore(struct fake *fake, bool force, struct tune_report *report)
{
    struct error err = ERROR_INIT;
    cr_assert_eq(host_restore(&fake->place, force, report, &err), 0, "%s", err.message);
}

static void assert_same(const struct fake *fake, const char *before, const char *what)
{
    AUTO_FREE char *after = fake_snapshot(fake);
    if (!strcmp(before, after))
        return;
    size_t at = 0;
    while (before[at] == after[at])
        at++;
    while (at && before[at] != '/')
        at--;
    cr_assert_fail("%s: was %.120s and is %.120s", what, before + at, after + at);
}

Test(tune, gives_back_every_byte_of_every_machine)
{
    for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
        for (int isolate = 0; isolate < 2; isolate++) {
            struct fake fake;
            fake_init(&fake, machines[i]);
            AUTO_FREE char *before = fake_snapshot(&fake);
            struct tune_request request = {.isolate = isolate, .aslr = TUNE_ASLR_OFF};
            AUTO_TUNE_REPORT struct tune_report tuned = {0}, restored = {0};
            assert_tune(&fake, &request, &tuned);
            AUTO_FREE char *between = fake_snapshot(&fake);
            cr_assert_str_neq(before, between);
            cr_assert(host_is_tuned(&fake.place));
            assert_restore(&fake, false, &restored);
            assert_same(&fake, before, machines[i]);
            cr_assert(!host_is_tuned(&fake.place));
            cr_assert_eq(restored.warnings.count, 0);
            fake_release(&fake);
        }
    }
}

/* The governor's way back changes the energy preference and turbo, which tuning did not have to. */
Test(tune, gives_back_what_was_as_wanted_where_another_knob_disturbs_it)
{
    static const char *const names[] = {"intel-active", "amd-pstate"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct fake fake;
        fake_init(&fake, names[i]);
        fake_put(&fake, POLICY "1/energy_performance_preference", "performance");
        if (i == 1)
            fake_put(&fake, "/sys/devices/system/cpu/cpufreq/boost", "0");
        AUTO_FREE char *before = fake_snapshot(&fake);
        cr_assert_eq(fake_tune(&fake, &one_cpu), 0);
        cr_assert_eq(fake_restore(&fake, false), 0);
        assert_same(&fake, before, names[i]);
        fake_release(&fake);
    }
}

Test(tune, sets_what_the_hardware_needs_and_reads_it_back)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    AUTO_TUNE_REPORT struct tune_report report = {0};
    assert_tune(&fake, &one_cpu, &report);
    cr_assert_str_eq(report.cpus, "1");
    cr_assert_str_eq(fake_text(&fake, POLICY "1/scaling_governor"), "performance");
    cr_assert_str_eq(fake_text(&fake, POLICY "1/energy_performance_preference"), "performance");
    cr_assert_str_eq(fake_text(&fake, POLICY "1/scaling_max_freq"), "2900000");
    cr_assert_str_eq(fake_text(&fake, POLICY "1/scaling_min_freq"), "2900000");
    cr_assert_str_eq(fake_text(&fake, NO_TURBO), "1");
    cr_assert_str_eq(fake_text(&fake, "/sys/devices/system/cpu/cpu5/online"), "0");
    cr_assert_str_eq(fake_text(&fake, "/sys/devices/system/cpu/cpu1/cpuidle/state2/disable"), "1");
    cr_assert_str_eq(fake_text(&fake, "/sys/devices/system/cpu/cpu1/cpuidle/state1/disable"), "0");
    cr_assert_str_eq(fake_text(&fake, "/sys/devices/system/cpu/cpu2/cpuidle/state2/disable"), "0");
    cr_assert_str_eq(fake_text(&fake, "/proc/irq/120/smp_affinity_list"), "0,2-4,6-7");
    cr_assert_str_eq(fake_text(&fake, "/proc/irq/default_smp_affinity"), "dd");
    cr_assert_str_eq(fake_text(&fake, "/proc/sys/kernel/randomize_va_space"), "0");
    cr_assert_str_eq(fake_text(&fake, "/sys/kernel/mm/transparent_hugepage/enabled"),
                     "always [madvise] never");
    cr_assert_str_eq(fake_text(&fake, GROUP "/cpuset.cpus.partition"), "isolated");
    cr_assert_eq(report_row(&report, "smt", "cpu5/online")->outcome, TUNE_SET);
    AUTO_FREE char *group = host_bench_group(&fake.place);
    cr_assert_str_eq(group, GROUP);
    fake_release(&fake);
}

Test(tune, puts_several_cpus_into_a_partition_that_balances)
{
    struct fake fake;
    fake_init(&fake, "amd-pstate");
    struct tune_request request = {.cpus = "1-3", .isolate = true};
    AUTO_TUNE_REPORT struct tune_report report = {0};
    assert_tune(&fake, &request, &report);
    cr_assert_str_eq(fake_text(&fake, GROUP "/cpuset.cpus.partition"), "root");
    cr_assert_str_eq(fake_text(&fake, GROUP "/cpuset.cpus"), "1-3");
    fake_release(&fake);
}

Test(tune, moves_processes_out_of_the_way_with_cgroup_v1_and_back)
{
    struct fake fake;
    fake_init(&fake, "amd-acpi");
    struct tune_request request = {.cpus = "4-7", .isolate = true};
    AUTO_TUNE_REPORT struct tune_report report = {0}, restored = {0};
    AUTO_FREE char *before = fake_snapshot(&fake);
    assert_tune(&fake, &request, &report);
    cr_assert_str_eq(fake_text(&fake, "/sys/fs/cgroup/cpuset/lance-bench-system/cgroup.procs"),
                     "1\n812");
    cr_assert_str_eq(fake_text(&fake, "/sys/fs/cgroup/cpuset/cgroup.procs"), "2\n913");
    cr_assert_str_eq(fake_text(&fake, "/sys/fs/cgroup/cpuset/lance-bench/cpuset.cpus"), "4-7");
    assert_restore(&fake, false, &restored);
    assert_same(&fake, before, "v1");
    fake_release(&fake);
}

/* --- kills --- */

/* Kills a tune at each of its writes, and before or after it; each time one restore is enough. */
static void kill_tune_everywhere(const char *machine, const struct tune_request *request)
{
    struct fake fake;
    fake_init(&fake, machine);
    AUTO_FREE char *before = fake_snapshot(&fake);
    size_t points = 0;
    for (int code = FAKE_DIED; code == FAKE_DIED; points++) {
        for (int after = 0; after < 2; after++) {
            fake.die_at = points + 1;
            fake.die_after = after;
            code = fake_tune(&fake, request);
            fake.die_at = 0;
            cr_assert(code == FAKE_DIED || code == 0);
            cr_assert_eq(fake_restore(&fake, false), 0);
            assert_same(&fake, before, "killed tune");
        }
    }
    cr_assert_gt(points, 8);
    fake_release(&fake);
}

Test(tune, killed_at_any_write_is_restored_on_intel)
{
    kill_tune_everywhere("intel-active", &one_cpu);
}

Test(tune, killed_at_any_write_is_restored_on_amd_with_cgroup_v1)
{
    kill_tune_everywhere("amd-acpi", &(struct tune_request){.cpus = "4-7", .isolate = true});
}

Test(tune, killed_at_any_write_is_restored_on_arm)
{
    kill_tune_everywhere("arm", &(struct tune_request){.isolate = true});
}

Test(tune, killed_at_any_write_is_restored_on_a_virtual_machine)
{
    kill_tune_everywhere("vm", &one_cpu);
}

static void kill_restore_everywhere(const char *machine, const struct tune_request *request)
{
    struct fake fake;
    fake_init(&fake, machine);
    AUTO_FREE char *before = fake_snapshot(&fake);
    size_t points = 0;
    for (int code = FAKE_DIED; code == FAKE_DIED; points++) {
        for (int after = 0; after < 2; after++) {
            cr_assert_eq(fake_tune(&fake, request), 0);
            fake.die_at = points + 1;
            fake.die_after = after;
            code = fake_restore(&fake, false);
            fake.die_at = 0;
            cr_assert(code == FAKE_DIED || code == 0);
            cr_assert_eq(fake_restore(&fake, false), 0);
            assert_same(&fake, before, "killed restore");
        }
    }
    cr_assert_gt(points, 8);
    fake_release(&fake);
}

Test(restore, killed_at_any_write_is_finished_by_the_next_on_intel)
{
    kill_restore_everywhere("intel-active", &one_cpu);
}

Test(restore, killed_at_any_write_is_finished_by_the_next_on_amd_with_cgroup_v1)
{
    kill_restore_everywhere("amd-acpi", &(struct tune_request){.cpus = "4-7", .isolate = true});
}

/* --- what files do --- */

Test(tune, says_which_writes_were_refused_and_goes_on)
{
    static const int codes[] = {EIO, EPERM, EBUSY, EINVAL};
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
        struct fake fake;
        fake_init(&fake, "intel-active");
        fake.faults[0] = (struct fault){"/irq/120/smp_affinity_list", FAULT_REFUSE, codes[i], NULL};
        fake.faults[1] = (struct fault){"/cpu5/online", FAULT_REFUSE, codes[i], NULL};
        AUTO_FREE char *before = fake_snapshot(&fake);
        AUTO_TUNE_REPORT struct tune_report report = {0}, restored = {0};
        assert_tune(&fake, &one_cpu, &report);
        const struct tune_row *row = report_row(&report, "irq-affinity", "/120/smp_affinity_list");
        cr_assert_eq(row->outcome, TUNE_REFUSED);
        cr_assert(strstr(row->reason, strerror(codes[i])));
        cr_assert_str_eq(row->after, "0-7");
        cr_assert_eq(report_row(&report, "smt", "cpu5/online")->outcome, TUNE_REFUSED);
        cr_assert_eq(report_row(&report, "turbo", NULL)->outcome, TUNE_SET);
        assert_restore(&fake, false, &restored);
        assert_same(&fake, before, "refused");
        fake_release(&fake);
    }
}

Test(tune, notices_a_write_that_was_accepted_and_did_nothing)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    fake.faults[0] = (struct fault){"/no_turbo", FAULT_IGNORE, 0, NULL};
    AUTO_FREE char *before = fake_snapshot(&fake);
    AUTO_TUNE_REPORT struct tune_report report = {0}, restored = {0};
    assert_tune(&fake, &one_cpu, &report);
    cr_assert_eq(report_row(&report, "turbo", NULL)->outcome, TUNE_IGNORED);
    assert_restore(&fake, false, &restored);
    assert_same(&fake, before, "ignored");
    fake_release(&fake);
}

Test(tune, falls_back_to_a_root_partition)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    fake.faults[0] = (struct fault){"cpuset.cpus.partition", FAULT_INVALID, 0, "isolated"};
    AUTO_TUNE_REPORT struct tune_report report = {0};
    assert_tune(&fake, &one_cpu, &report);
    cr_assert_eq(report_row(&report, "isolation", "partition")->outcome, TUNE_SET);
    cr_assert_str_eq(fake_text(&fake, GROUP "/cpuset.cpus.partition"), "root");
    fake_release(&fake);
}

Test(tune, takes_an_invalid_partition_for_a_refusal_and_undoes_the_group)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    fake.faults[0] = (struct fault){"cpuset.cpus.partition", FAULT_INVALID, 0, NULL};
    AUTO_TUNE_REPORT struct tune_report report = {0};
    assert_tune(&fake, &one_cpu, &report);
    const struct tune_row *row = report_row(&report, "isolation", "partition");
    cr_assert_eq(row->outcome, TUNE_INVALID);
    cr_assert(strstr(row->reason, "root invalid (Cpu list"));
    cr_assert(!host_io_exists(&fake.place.io, GROUP));
    cr_assert_str_eq(fake_text(&fake, "/sys/fs/cgroup/cgroup.subtree_control"),
                     "cpu io memory pids");
    AUTO_FREE char *group = host_bench_group(&fake.place);
    cr_assert_null(group);
    fake_release(&fake);
}

Test(tune, leaves_a_group_of_another_tool_alone)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    cr_assert_eq(fake.place.io.ops->make_dir(&fake.place.io, GROUP), 0);
    AUTO_FREE char *before = fake_snapshot(&fake);
    AUTO_TUNE_REPORT struct tune_report report = {0}, restored = {0};
    assert_tune(&fake, &one_cpu, &report);
    const struct tune_row *row = report_row(&report, "isolation", "/lance-bench");
    cr_assert_eq(row->outcome, TUNE_REFUSED);
    cr_assert(strstr(row->reason, "another tool"));
    assert_restore(&fake, false, &restored);
    assert_same(&fake, before, "another tool's group");
    fake_release(&fake);
}

/* --- who may write --- */

static void assert_nothing_happened(int err_number, const char *said)
{
    struct fake fake;
    struct stat st;
    fake_init(&fake, "intel-active");
    fake.faults[0] = (struct fault){"", FAULT_FORBIDDEN, err_number, NULL};
    AUTO_TUNE_REPORT struct tune_report report = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(host_tune(&fake.place, &one_cpu, &report, &err), ERROR_FAILURE);
    cr_assert(strstr(err.message, said), "%s", err.message);
    cr_assert(strstr(err.message, "governor, turbo"), "%s", err.message);
    cr_assert_eq(fake.writes, 0);
    cr_assert_neq(stat(fake.place.state, &st), 0);
    fake_release(&fake);
}

Test(tune, without_root_names_the_knobs_and_writes_nothing)
{
    assert_nothing_happened(EACCES, "needs root");
}

Test(tune, on_a_read_only_sys_says_so_and_writes_nothing)
{
    assert_nothing_happened(EROFS, "read-only");
}

Test(tune, for_a_container_only_looks)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    struct tune_request request = {.profile = TUNE_CONTAINER};
    AUTO_TUNE_REPORT struct tune_report report = {0};
    assert_tune(&fake, &request, &report);
    cr_assert_eq(fake.writes, 0);
    cr_assert_eq(report_row(&report, "governor", NULL)->outcome, TUNE_PENDING);
    cr_assert(!host_is_tuned(&fake.place));
    fake_release(&fake);
}

Test(tune, on_a_shared_machine_spares_the_neighbours)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    struct tune_request request = {.profile = TUNE_SHARED, .cpus = "1"};
    AUTO_TUNE_REPORT struct tune_report report = {0};
    assert_tune(&fake, &request, &report);
    cr_assert_str_eq(fake_text(&fake, POLICY "1/scaling_governor"), "performance");
    cr_assert_str_eq(fake_text(&fake, POLICY "2/scaling_governor"), "powersave");
    cr_assert_str_eq(fake_text(&fake, NO_TURBO), "0");
    cr_assert_str_eq(fake_text(&fake, "/sys/devices/system/cpu/cpu5/online"), "1");
    cr_assert_str_eq(fake_text(&fake, "/proc/irq/120/smp_affinity_list"), "0-7");
    cr_assert_str_eq(fake_text(&fake, SWAPPINESS), "60");
    fake_release(&fake);
}

/* --- one after another --- */

/* A machine that is tuned every night and never restored. */
Test(tune, again_and_again_does_not_let_the_journal_grow_for_ever)
{
    struct fake fake;
    fake_init(&fake, "vm");
    AUTO_FREE char *before = fake_snapshot(&fake);
    AUTO_FREE char *path = path_join(fake.place.state, "journal");
    AUTO_TUNE_REPORT struct tune_report report = {0}, again = {0}, restored = {0};
    assert_tune(&fake, &plain, &report);
    AUTO_STRBUF struct strbuf once = STRBUF_INIT, many = STRBUF_INIT;
    cr_assert_eq(file_read(path, JOURNAL_FILE_MAX, &once, NULL), 0);
    while (many.len + once.len < JOURNAL_FILE_MAX)
        strbuf_add(&many, once.buf, once.len);
    cr_assert_eq(file_write_atomic(path, many.buf, many.len, NULL), 0);
    assert_tune(&fake, &plain, &again);
    struct stat st;
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_lt((size_t)st.st_size, 2 * once.len);
    assert_restore(&fake, false, &restored);
    assert_same(&fake, before, "tuned every night");
    fake_release(&fake);
}

Test(tune, twice_keeps_what_the_first_has_found)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    AUTO_FREE char *before = fake_snapshot(&fake);
    struct tune_request second = {.cpus = "1-2", .isolate = true};
    cr_assert_eq(fake_tune(&fake, &one_cpu), 0);
    cr_assert_eq(fake_tune(&fake, &second), 0);
    cr_assert_str_eq(fake_text(&fake, GROUP "/cpuset.cpus"), "1-2");
    cr_assert_eq(fake_tune(&fake, &plain), 0);
    cr_assert_eq(fake_restore(&fake, false), 0);
    assert_same(&fake, before, "three tunes");
    fake_release(&fake);
}

Test(tune, two_at_once_take_turns)
{
    struct fake fake;
    fake_init(&fake, "intel-passive");
    AUTO_FREE char *before = fake_snapshot(&fake);
    pid_t children[4];
    for (size_t i = 0; i < ARRAY_SIZE(children); i++) {
        children[i] = fork();
        if (!children[i]) {
            struct tune_report report = {0};
            _exit(i % 2 ? host_tune(&fake.place, &one_cpu, &report, NULL) != 0
                        : host_tune(&fake.place, &plain, &report, NULL) != 0);
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(children); i++) {
        int status;
        cr_assert_eq(waitpid(children[i], &status, 0), children[i]);
        cr_assert_eq(status, 0);
    }
    cr_assert_eq(fake_restore(&fake, false), 0);
    assert_same(&fake, before, "four tunes at once");
    fake_release(&fake);
}

Test(restore, is_idempotent_and_fine_without_a_tune)
{
    struct fake fake;
    fake_init(&fake, "arm");
    AUTO_FREE char *before = fake_snapshot(&fake);
    cr_assert_eq(fake_restore(&fake, false), 0);
    cr_assert_eq(fake_tune(&fake, &plain), 0);
    cr_assert_eq(fake_restore(&fake, false), 0);
    cr_assert_eq(fake_restore(&fake, false), 0);
    assert_same(&fake, before, "restored twice");
    fake_release(&fake);
}

Test(restore, leaves_what_somebody_else_has_changed_until_forced)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    AUTO_FREE char *before = fake_snapshot(&fake);
    AUTO_TUNE_REPORT struct tune_report report = {0}, again = {0}, forced = {0};
    cr_assert_eq(fake_tune(&fake, &one_cpu), 0);
    fake_put(&fake, SWAPPINESS, "33");
    assert_restore(&fake, false, &report);
    const struct tune_row *row = report_row(&report, "swappiness", NULL);
    cr_assert_eq(row->outcome, TUNE_CHANGED);
    cr_assert_str_eq(row->before, "60");
    cr_assert_str_eq(row->after, "33");
    cr_assert_eq(report.warnings.count, 1);
    cr_assert_str_eq(fake_text(&fake, SWAPPINESS), "33");
    cr_assert_str_eq(fake_text(&fake, NO_TURBO), "0");
    cr_assert(!host_is_tuned(&fake.place));
    assert_restore(&fake, false, &again);
    cr_assert_eq(again.count, 1);
    assert_restore(&fake, true, &forced);
    assert_same(&fake, before, "forced");
    fake_release(&fake);
}

Test(tune, takes_a_value_left_to_somebody_else_for_the_original)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    cr_assert_eq(fake_tune(&fake, &one_cpu), 0);
    fake_put(&fake, SWAPPINESS, "33");
    cr_assert_eq(fake_restore(&fake, false), 0);
    cr_assert_eq(fake_tune(&fake, &one_cpu), 0);
    cr_assert_str_eq(fake_text(&fake, SWAPPINESS), "10");
    cr_assert_eq(fake_restore(&fake, false), 0);
    cr_assert_str_eq(fake_text(&fake, SWAPPINESS), "33");
    fake_release(&fake);
}

Test(restore, keeps_what_it_cannot_restore_and_tries_again)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    AUTO_FREE char *before = fake_snapshot(&fake);
    cr_assert_eq(fake_tune(&fake, &one_cpu), 0);
    fake.faults[0] = (struct fault){"/cpu5/online", FAULT_REFUSE, EBUSY, NULL};
    AUTO_TUNE_REPORT struct tune_report report = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(host_restore(&fake.place, false, &report, &err), ERROR_FAILURE);
    cr_assert(strstr(err.message, "cpu5/online"), "%s", err.message);
    cr_assert_eq(report_row(&report, "smt", NULL)->outcome, TUNE_REFUSED);
    cr_assert_str_eq(fake_text(&fake, NO_TURBO), "0");
    cr_assert(host_is_tuned(&fake.place));
    fake.faults[0] = (struct fault){0};
    cr_assert_eq(fake_restore(&fake, false), 0);
    assert_same(&fake, before, "tried again");
    fake_release(&fake);
}

Test(restore, forgets_a_device_that_has_gone)
{
    struct fake fake;
    fake_init(&fake, "intel-active");
    cr_assert_eq(fake_tune(&fake, &one_cpu), 0);
    AUTO_FREE char *gone = xasprintf("%s/tree/proc/irq/120/smp_affinity_list", fake.dir);
    cr_assert_eq(unlink(gone), 0);
    AUTO_TUNE_REPORT struct tune_report report = {0};
    assert_restore(&fake, false, &report);
    cr_assert_eq(report_row(&report, "irq-affinity", "/120/smp_affinity_list")->outcome, TUNE_GONE);
    cr_assert(!host_is_tuned(&fake.place));
    fake_release(&fake);
}

/* --- a reboot --- */

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

Test(restore, after_a_reboot_writes_only_what_is_still_as_tune_left_it)
{
    struct fake fake;
    fake_init(&fake, "vm");
    cr_assert_eq(fake_tune(&fake, &one_cpu), 0);
    fake_put(&fake, BOOT_ID, "another");
    fake_put(&fake, "/proc/irq/default_smp_affinity", "2");
    AUTO_TUNE_REPORT struct tune_report report = {0};
    assert_restore(&fake, false, &report);
    cr_assert_eq(report_row(&report, "swappiness", NULL)->outcome, TUNE_RESTORED);
    cr_assert_eq(report_row(&report, "irq-default", NULL)->outcome, TUNE_GONE);
    cr_assert_str_eq(fake_text(&fake, SWAPPINESS), "60");
    cr_assert_str_eq(fake_text(&fake, "/proc/irq/default_smp_affinity"), "2");
    cr_assert(!host_is_tuned(&fake.place));
    fake_release(&fake);
}

Test(tune, after_a_reboot_does_not_take_old_values_for_originals)
{
    struct fake fake;
    fake_init(&fake, "vm");
    cr_assert_eq(fake_tune(&fake, &plain), 0);
    fake_put(&fake, BOOT_ID, "another");
    fake_put(&fake, SWAPPINESS, "40");
    cr_assert_eq(fake_tune(&fake, &plain), 0);
    cr_assert_str_eq(fake_text(&fake, SWAPPINESS), "10");
    cr_assert_eq(fake_restore(&fake, false), 0);
    cr_assert_str_eq(fake_text(&fake, SWAPPINESS), "40");
    fake_release(&fake);
}

Test(restore, says_that_a_damaged_line_is_not_restored_and_restores_the_others)
{
    struct fake fake;
    struct error err = ERROR_INIT;
    fake_init(&fake, "vm");
    AUTO_FREE char *before = fake_snapshot(&fake);
    AUTO_FREE char *path = path_join(fake.place.state, "journal");
    AUTO_TUNE_REPORT struct tune_report report = {0}, restored = {0}, again = {0};
    assert_tune(&fake, &plain, &report);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    cr_assert_eq(file_read(path, JOURNAL_FILE_MAX, &text, NULL), 0);
    strstr(text.buf, SWAPPINESS)[1] = 'x';
    cr_assert_eq(file_write_atomic(path, text.buf, text.len, NULL), 0);
    cr_assert_eq(host_restore(&fake.place, false, &restored, &err), ERROR_FAILURE);
    cr_assert(strstr(err.message, "1 lines of the journal were damaged"), "%s", err.message);
    cr_assert_str_eq(fake_text(&fake, SWAPPINESS), "10");
    fake_put(&fake, SWAPPINESS, "60");
    assert_same(&fake, before, "damaged");
    assert_restore(&fake, false, &again);
    fake_release(&fake);
}

Test(restore, refuses_a_journal_that_others_may_write)
{
    struct fake fake;
    fake_init(&fake, "vm");
    cr_assert_eq(fake_tune(&fake, &plain), 0);
    AUTO_FREE char *journal = xasprintf("%s/journal", fake.place.state);
    cr_assert_eq(chmod(journal, 0622), 0);
    AUTO_TUNE_REPORT struct tune_report report = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(host_restore(&fake.place, false, &report, &err), ERROR_FAILURE);
    cr_assert(strstr(err.message, "only root may write"), "%s", err.message);
    cr_assert_str_eq(fake_text(&fake, SWAPPINESS), "10");
    fake_release(&fake);
}
