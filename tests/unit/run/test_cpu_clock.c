#include "run/cpu_clock.h"

#include "base/alloc.h"
#include "base/file.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int parse(const char *report, struct cpu_clock *out, struct error *err)
{
    AUTO_FREE char *text = xstrdup(report);
    return cpu_clock_parse(text, out, err);
}

Test(cpu_clock, a_report_is_read)
{
    AUTO_CPU_CLOCK struct cpu_clock clock = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(parse("clock 1 266500\n"
                       "benchmark 800000000 10 20 30 80 group/name with spaces\n",
                       &clock, &err),
                 0, "%s", err.message);
    cr_assert_eq(clock.read_ns, 266.5);
    cr_assert_eq(clock.count, 1);
    cr_assert_str_eq(clock.uses[0].name, "group/name with spaces");
    cr_assert_eq(clock.uses[0].cpu_ns, 800000000);
    cr_assert_eq(clock.uses[0].waited_ns, 10);
    cr_assert_eq(clock.uses[0].others_ns, 20);
    cr_assert_eq(clock.uses[0].preempted_ns, 30);
    cr_assert_eq(clock.uses[0].reads, 80);
    cr_assert_eq(clock.refused.count, 0);
}

Test(cpu_clock, a_report_that_the_library_would_not_write_is_refused_with_its_line)
{
    static const char *const damaged[] = {
        "clock 2 266\n",
        "clock 1 -5\n",
        "clock 1 266 7\n",
        "benchmark 1 2 3 4 5\n",
        "benchmark 1 2 3 4 5 \n",
        "benchmark 1 2 3 4 name\n",
        "benchmark -1 2 3 4 5 name\n",
        "benchmark 99999999999999999999 2 3 4 5 name\n",
        "benchmark 1 2  3 4 5 name\n",
        "\n",
        "something else\n",
    };
    for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
        AUTO_CPU_CLOCK struct cpu_clock clock = {0};
        struct error err = ERROR_INIT;
        AUTO_FREE char *text = xasprintf("clock 1 100\n%s", damaged[i]);
        cr_assert_eq(parse(text, &clock, &err), ERROR_BUILD, "%s", damaged[i]);
        cr_assert(strstr(err.message, "line 2 of the CPU clock's report"), "%s", err.message);
        cr_assert_eq(clock.count, 0);
    }
}

static char *refusal(int64_t cpu_ns, int64_t waited_ns, int64_t others_ns, uint64_t reads)
{
    return cpu_clock_refusal(&(struct cpu_clock_use){
        .cpu_ns = cpu_ns, .waited_ns = waited_ns, .others_ns = others_ns, .reads = reads});
}

#define MS INT64_C(1000000)

Test(cpu_clock, work_of_one_thread_is_accepted_with_a_page_from_the_disk)
{
    cr_assert_null(refusal(800 * MS, 0, 0, 4));
    cr_assert_null(refusal(800 * MS, 8 * MS, 8 * MS, 4));
    /* A short benchmark, and less than the time that is spared. */
    cr_assert_null(refusal(5 * MS, 2 * MS, 0, 4));
}

Test(cpu_clock, waiting_and_the_work_of_others_are_reasons_to_refuse)
{
    AUTO_FREE char *waits = refusal(800 * MS, 9 * MS, 0, 4);
    cr_assert_str_eq(waits, "sleeps or waits: 0.009 s, beside 0.800 s of CPU time");
    AUTO_FREE char *others = refusal(50 * MS, 700 * MS, 600 * MS, 4);
    cr_assert_str_eq(others, "has work done by other threads: 0.600 s of CPU time, beside 0.050 s "
                             "of its own");
    AUTO_FREE char *unread = refusal(800 * MS, 0, 0, 0);
    cr_assert_str_eq(unread, "reads no clock that can be answered with CPU time");
}

Test(cpu_clock, what_has_no_figures_or_was_refused_once_is_not_accepted)
{
    AUTO_CPU_CLOCK struct cpu_clock clock = {0};
    cr_assert_eq(parse("benchmark 800000000 0 0 0 80 good\n"
                       "benchmark 800000000 0 0 0 80 twice\n"
                       "benchmark 800000000 99000000 0 0 80 twice\n",
                       &clock, NULL),
                 0);
    cr_assert(cpu_clock_accepts(&clock, "good"));
    cr_assert_not(cpu_clock_accepts(&clock, "twice"));
    cr_assert_not(cpu_clock_accepts(&clock, "unknown"));
    cr_assert_eq(clock.reasons.count, 1);
    cr_assert(strstr(clock.reasons.items[0], "twice sleeps or waits"));
}

/* An ELF file with one program header of this type. */
static int elf_with(uint32_t segment, uint64_t at)
{
    Elf64_Ehdr header = {.e_ident = ELFMAG, .e_phoff = at, .e_phnum = 1};
    header.e_ident[EI_CLASS] = ELFCLASS64;
    Elf64_Phdr program = {.p_type = segment};
    int fd = memfd_create("elf", MFD_CLOEXEC);
    cr_assert_eq(pwrite(fd, &header, sizeof(header), 0), sizeof(header));
    cr_assert_eq(pwrite(fd, &program, sizeof(program), sizeof(header)), sizeof(program));
    return fd;
}

Test(cpu_clock, only_a_dynamic_executable_can_be_preloaded_into)
{
    struct error err = ERROR_INIT;
    AUTO_CLOSE int dynamic = elf_with(PT_INTERP, sizeof(Elf64_Ehdr));
    AUTO_CLOSE int fixed = elf_with(PT_LOAD, sizeof(Elf64_Ehdr));
    AUTO_CLOSE int outside = elf_with(PT_INTERP, UINT64_MAX - 8);
    AUTO_CLOSE int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    cr_assert_eq(cpu_clock_check(dynamic, "x", NULL), 0);
    cr_assert_eq(cpu_clock_check(self, "x", NULL), 0);
    cr_assert_eq(cpu_clock_check(fixed, "bench a of b", &err), ERROR_BUILD);
    cr_assert(strstr(err.message, "bench a of b cannot be measured with --clock cpu: it is "
                                  "statically linked"));
    cr_assert_eq(cpu_clock_check(outside, "x", NULL), ERROR_BUILD);
    cr_assert_eq(cpu_clock_check(-1, "x", NULL), ERROR_BUILD);
}
