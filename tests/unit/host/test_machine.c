#include "host/machine.h"

#include "base/alloc.h"
#include "base/file.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void setup(void)
{
    test_folder_make();
    cr_assert_eq(setenv("XDG_STATE_HOME", test_folder, 1), 0);
    cr_assert_eq(setenv("LANCE_BENCH_TESTBED_FILE", "/nonexistent", 1), 0);
}

TestSuite(machine, .init = setup, .fini = test_folder_remove);

static struct test_bed test_bed(const char *name, bool want_from_host)
{
    struct test_bed bed = {0};
    bool from_host_name = !want_from_host;
    cr_assert_eq(machine_describe(name, &bed, &from_host_name, NULL), 0);
    cr_assert_eq(from_host_name, want_from_host);
    return bed;
}

Test(machine, is_described_by_the_cpus_model_its_memory_and_kernel)
{
    struct test_bed bed = test_bed("given", false);
    struct utsname uts;
    cr_assert_eq(uname(&uts), 0);
    cr_assert_str_eq(bed.name, "given");
    cr_assert(bed.cpu && *bed.cpu);
    cr_assert_geq(bed.memory_gb, 1);
    double gib = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / (1 << 30);
    cr_assert_geq(bed.memory_gb, floor(gib));
    cr_assert_leq(bed.memory_gb, gib * 1.125 + 1);
    cr_assert(strstr(bed.os, uts.sysname) && strstr(bed.os, uts.release), "%s", bed.os);
    test_bed_release(&bed);
}

Test(machine, was_created_when_it_was_first_seen)
{
    struct test_bed first = test_bed("a", false);
    sleep(1);
    struct test_bed second = test_bed("b", false);
    cr_assert_gt(first.created_at, 1700000000);
    cr_assert_eq(first.created_at, second.created_at);
    test_bed_release(&first);
    test_bed_release(&second);
}

Test(machine, is_called_after_the_host_only_when_nothing_else_names_it)
{
    char host[256] = "";
    cr_assert_eq(gethostname(host, sizeof(host) - 1), 0);
    struct test_bed bed = test_bed(NULL, true);
    cr_assert_str_eq(bed.name, host);
    test_bed_release(&bed);
    AUTO_FREE char *path = path_join(test_folder, "testbed");
    cr_assert_eq(file_write_atomic(path, "rack 7 \nmore\n", 13, NULL), 0);
    cr_assert_eq(setenv("LANCE_BENCH_TESTBED_FILE", path, 1), 0);
    bed = test_bed(NULL, false);
    cr_assert_str_eq(bed.name, "rack 7");
    test_bed_release(&bed);
    bed = test_bed("", false);
    cr_assert_str_eq(bed.name, "rack 7", "an empty name is none");
    test_bed_release(&bed);
}

static void cpu_is(const char *model, const char *want)
{
    AUTO_FREE char *name = machine_cpu_name(model);
    cr_assert_str_eq(name, want);
}

Test(machine, a_frequency_that_flutters_is_no_other_cpu)
{
    cpu_is("Some CPU @ 3.701GHz", "Some CPU @ 3.7GHz");
    cpu_is("Some CPU @ 3.702GHz", "Some CPU @ 3.7GHz");
    cpu_is("Some CPU @ 2199.998 MHz", "Some CPU @ 2200 MHz");
    cpu_is("Some CPU @ 2250.004 MHz", "Some CPU @ 2250 MHz");
    cpu_is("Some CPU @ 2249.996 MHz", "Some CPU @ 2250 MHz");
    /* A maker's own name stays as it is. */
    cpu_is("Intel(R) Core(TM) i7-8700K CPU @ 3.70GHz", "Intel(R) Core(TM) i7-8700K CPU @ 3.70GHz");
    cpu_is("AMD EPYC 7763 64-Core Processor", "AMD EPYC 7763 64-Core Processor");
    cpu_is("odd @", "odd @");
    cpu_is("odd @ 1.", "odd @ 1.");
    cpu_is("", "");
}

Test(machine, memory_is_what_is_built_in_whatever_the_kernel_keeps_of_it)
{
    static const struct {
        double gib;
        int32_t want;
    } cases[] = {
        {0, 0},       {0.49, 1},    {0.98, 1},    {1.9, 2},     {3.8, 4},     {7.6, 8},
        {15.4, 16},   {15.6, 16},   {23.4, 24},   {31.0, 32},   {31.4, 32},   {62.5, 64},
        {62.9, 64},   {125.4, 128}, {187.6, 192}, {188.4, 192}, {251.0, 256}, {503.5, 512},
        {1007, 1024}, {16, 16},     {64, 64},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        cr_assert_eq(machine_memory_gib(cases[i].gib * 1048576), cases[i].want, "%g GiB: %d",
                     cases[i].gib, machine_memory_gib(cases[i].gib * 1048576));
    cr_assert_eq(machine_memory_gib(-1), 0);
}

Test(machine, is_the_same_each_time_it_is_looked_at)
{
    struct test_bed first = test_bed("a", false), again = test_bed("a", false);
    cr_assert_str_eq(first.cpu, again.cpu);
    cr_assert_str_eq(first.os, again.os);
    cr_assert_eq(first.memory_gb, again.memory_gb);
    cr_assert_eq(first.created_at, again.created_at);
    test_bed_release(&first);
    test_bed_release(&again);
}
