#include "host/machine.h"

#include "base/alloc.h"
#include "base/file.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static char *folder;

static void setup(void)
{
    folder = xstrdup("/tmp/lance-bench-machine-XXXXXX");
    cr_assert(mkdtemp(folder));
    cr_assert_eq(setenv("XDG_STATE_HOME", folder, 1), 0);
    cr_assert_eq(setenv("LANCE_BENCH_TESTBED_FILE", "/nonexistent", 1), 0);
}

static void teardown(void)
{
    cr_assert_eq(tree_remove(folder, NULL), 0);
    free(folder);
}

TestSuite(machine, .init = setup, .fini = teardown);

static struct test_bed test_bed(const char *name, bool want_from_host)
{
    struct test_bed bed = {0};
    bool from_host_name = !want_from_host;
    cr_assert_eq(machine_test_bed(name, &bed, &from_host_name, NULL), 0);
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
    cr_assert_leq(bed.memory_gb, gib + 1);
    cr_assert_geq(bed.memory_gb, gib - 1);
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
    AUTO_FREE char *path = path_join(folder, "testbed");
    cr_assert_eq(file_write_atomic(path, "rack 7 \nmore\n", 13, NULL), 0);
    cr_assert_eq(setenv("LANCE_BENCH_TESTBED_FILE", path, 1), 0);
    bed = test_bed(NULL, false);
    cr_assert_str_eq(bed.name, "rack 7");
    test_bed_release(&bed);
    bed = test_bed("", false);
    cr_assert_str_eq(bed.name, "rack 7", "an empty name is none");
    test_bed_release(&bed);
}
