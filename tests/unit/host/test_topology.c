#include "host/topology.h"

#include "base/alloc.h"
#include "base/cpu_list.h"
#include "base/file.h"
#include "fake_kernel.h"

#include <criterion/criterion.h>
#include <string.h>

static void read_machine(struct fake *fake, const char *machine, struct topology *out)
{
    struct error err = ERROR_INIT;
    fake_init(fake, machine);
    cr_assert_eq(topology_read(&fake->place.io, out, &err), 0, "%s", err.message);
}

static void assert_chosen(const char *machine, const char *expected)
{
    struct fake fake;
    AUTO_TOPOLOGY struct topology topology = {0};
    read_machine(&fake, machine, &topology);
    cpu_set_t cpus;
    struct error err = ERROR_INIT;
    cr_assert_eq(topology_choose(&topology, &cpus, &err), 0, "%s", err.message);
    AUTO_FREE char *text = cpu_list_text(&cpus);
    cr_assert_str_eq(text, expected, "%s: %s", machine, text);
    fake_release(&fake);
}

Test(topology, chooses_one_thread_of_each_core_of_one_cache_away_from_cpu_0)
{
    assert_chosen("intel-active", "1-3");
    assert_chosen("amd-pstate", "1-7");
    assert_chosen("amd-acpi", "4-7");
    assert_chosen("arm", "4-7");
    assert_chosen("numa", "1,3,5,7");
    assert_chosen("vm", "1");
}

Test(topology, reads_ids_and_never_counts_them)
{
    struct fake fake;
    AUTO_TOPOLOGY struct topology topology = {0};
    read_machine(&fake, "numa", &topology);
    const struct host_cpu *cpu = topology_cpu(&topology, 11);
    AUTO_FREE char *siblings = cpu_list_text(&cpu->siblings);
    cr_assert_eq(topology.count, 16);
    cr_assert_eq(cpu->core, 1);
    cr_assert_eq(cpu->package, 1);
    cr_assert_eq(cpu->node, 1);
    cr_assert_eq(cpu->llc, 1);
    cr_assert_str_eq(siblings, "3,11");
    fake_release(&fake);
}

Test(topology, prefers_cpus_that_the_boot_has_isolated)
{
    struct fake fake;
    AUTO_TOPOLOGY struct topology topology = {0};
    fake_init(&fake, "amd-pstate");
    fake_put(&fake, "/sys/devices/system/cpu/isolated", "6-7,14-15");
    cr_assert_eq(topology_read(&fake.place.io, &topology, NULL), 0);
    cpu_set_t cpus;
    cr_assert_eq(topology_choose(&topology, &cpus, NULL), 0);
    AUTO_FREE char *text = cpu_list_text(&cpus);
    cr_assert_str_eq(text, "6-7");
    cr_assert(topology_cpu(&topology, 14)->isolated);
    fake_release(&fake);
}

/* The file of each path is put into the fixture first; NULL ends them. */
static void assert_chosen_with(const char *machine, const char *const *files, const char *expected)
{
    struct fake fake;
    AUTO_TOPOLOGY struct topology topology = {0};
    fake_init(&fake, machine);
    for (size_t i = 0; files[i]; i += 2) {
        AUTO_FREE char *full = xasprintf("%s/tree%s", fake.dir, files[i]);
        AUTO_FREE char *folder = xstrndup(full, (size_t)(path_basename(full) - full));
        cr_assert_eq(dir_make(folder, NULL), 0);
        fake_put(&fake, files[i], files[i + 1]);
    }
    struct error err = ERROR_INIT;
    cr_assert_eq(topology_read(&fake.place.io, &topology, &err), 0, "%s", err.message);
    cpu_set_t cpus;
    cr_assert_eq(topology_choose(&topology, &cpus, &err), 0, "%s", err.message);
    AUTO_FREE char *text = cpu_list_text(&cpus);
    cr_assert_str_eq(text, expected, "%s: %s", machine, text);
    fake_release(&fake);
}

#define ISOLATED "/sys/devices/system/cpu/isolated"

Test(topology, takes_isolated_cpus_also_where_they_are_little_or_second_threads)
{
    assert_chosen_with("arm", (const char *const[]){ISOLATED, "1-3", NULL}, "1-3");
    assert_chosen_with("arm", (const char *const[]){ISOLATED, "3,5", NULL}, "5");
    assert_chosen_with("intel-active", (const char *const[]){ISOLATED, "5-7", NULL}, "5-7");
    assert_chosen_with("intel-active", (const char *const[]){ISOLATED, "4-5", NULL}, "5");
}

Test(topology, never_mixes_performance_and_efficiency_cores)
{
    static const char kinds[] = "/sys/devices/cpu_core/cpus";
    assert_chosen_with("amd-pstate", (const char *const[]){kinds, "0-3,8-11", NULL}, "1-3");
    assert_chosen_with("amd-pstate", (const char *const[]){kinds, "", NULL}, "1-7");
    assert_chosen_with("amd-pstate",
                       (const char *const[]){kinds, "0-3,8-11", ISOLATED, "5-6", NULL}, "5-6");
}

static void assert_refused(const struct topology *topology, const char *list, const char *said)
{
    AUTO_STRLIST struct strlist warnings = STRLIST_INIT;
    struct error err = ERROR_INIT;
    cpu_set_t cpus;
    cr_assert_eq(topology_parse(topology, list, &cpus, &warnings, &err), ERROR_USAGE);
    cr_assert(strstr(err.message, said), "%s: %s", list, err.message);
}

Test(topology, refuses_lists_that_cannot_be_used)
{
    struct fake fake;
    AUTO_TOPOLOGY struct topology topology = {0};
    fake_init(&fake, "amd-acpi");
    fake_put(&fake, "/sys/devices/system/cpu/online", "0-5,7");
    cr_assert_eq(topology_read(&fake.place.io, &topology, NULL), 0);
    assert_refused(&topology, "", "empty");
    assert_refused(&topology, "9", "there is no CPU 9: this machine has 0-7");
    assert_refused(&topology, "4-6", "CPU 6 is offline: choose among 0-5,7");
    assert_refused(&topology, "0-5,7", "every CPU that is online");
    assert_refused(&topology, "2-", "no list of CPUs");
    assert_refused(&topology, "one", "no list of CPUs");
    assert_refused(&topology, "3-1", "no list of CPUs");
    assert_refused(&topology, "99999999999999999999", "no list of CPUs");
    fake_release(&fake);
}

static void assert_warned(const char *machine, const char *list, const char *said)
{
    struct fake fake;
    AUTO_TOPOLOGY struct topology topology = {0};
    AUTO_STRLIST struct strlist warnings = STRLIST_INIT;
    cpu_set_t cpus;
    read_machine(&fake, machine, &topology);
    cr_assert_eq(topology_parse(&topology, list, &cpus, &warnings, NULL), 0);
    AUTO_FREE char *all = strlist_join(&warnings, "|");
    cr_assert(said ? strstr(all, said) != NULL : !*all, "%s", all);
    fake_release(&fake);
}

Test(topology, warns_of_lists_that_are_unwise)
{
    assert_warned("numa", "2-3", "several NUMA nodes");
    assert_warned("amd-acpi", "3-4", "one last-level cache");
    assert_warned("arm", "3-4", "big and little");
    assert_warned("intel-active", "1,5", "two threads of one core");
    assert_warned("intel-active", "0-1", "where interrupts and the system live");
    assert_warned("intel-active", "1-3", NULL);
}

Test(topology, has_nothing_to_choose_with_one_core)
{
    struct fake fake;
    AUTO_TOPOLOGY struct topology topology = {0};
    fake_init(&fake, "vm");
    fake_put(&fake, "/sys/devices/system/cpu/online", "0");
    cr_assert_eq(topology_read(&fake.place.io, &topology, NULL), 0);
    cpu_set_t cpus;
    cr_assert_eq(topology_choose(&topology, &cpus, NULL), ERROR_USAGE);
    fake_release(&fake);
}

Test(topology, does_without_a_list_of_what_is_present)
{
    struct fake fake;
    AUTO_TOPOLOGY struct topology topology = {0};
    fake_init(&fake, "amd-acpi");
    fake_put(&fake, "/sys/devices/system/cpu/present", "");
    cr_assert_eq(topology_read(&fake.place.io, &topology, NULL), 0);
    cr_assert_eq(topology.count, 8);
    fake_release(&fake);
}
