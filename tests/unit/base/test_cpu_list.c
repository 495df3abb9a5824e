#include "base/cpu_list.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <string.h>

/* As this process may use them. */
static int parse(const char *text, cpu_set_t *out, struct error *err)
{
    cpu_set_t own;
    cr_assert_eq(sched_getaffinity(0, sizeof(own), &own), 0);
    return cpu_list_parse_within(text, &own, out, err);
}

static bool reads_as(const char *text, const char *canonical)
{
    cpu_set_t cpus;
    struct error err = ERROR_INIT;
    cr_assert_eq(parse(text, &cpus, &err), 0, "%s", err.message);
    AUTO_FREE char *got = cpu_list_text(&cpus);
    return !strcmp(got, canonical);
}

Test(cpu_list, lists_and_ranges_are_read_and_written)
{
    /* The one CPU that every machine has. */
    cr_assert(reads_as("0", "0"));
    cr_assert(reads_as("0-0,0", "0"));
}

Test(cpu_list, text_joins_neighbours)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    static const size_t set[] = {1, 2, 3, 5, 7, 8};
    for (size_t i = 0; i < ARRAY_SIZE(set); i++)
        CPU_SET(set[i], &cpus);
    AUTO_FREE char *text = cpu_list_text(&cpus);
    cr_assert_str_eq(text, "1-3,5,7-8");
    CPU_ZERO(&cpus);
    AUTO_FREE char *none = cpu_list_text(&cpus);
    cr_assert_str_eq(none, "");
}

Test(cpu_list, nonsense_is_refused)
{
    static const char *const wrong[] = {"",   "a",  "1-",  "-1",      "0,",
                                        ",0", "0 ", "3-1", "0-99999", "99999999999999999999"};
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        cpu_set_t cpus;
        struct error err = ERROR_INIT;
        cr_assert_eq(parse(wrong[i], &cpus, &err), ERROR_USAGE, "'%s'", wrong[i]);
        cr_assert(strstr(err.message, "is no list of CPUs"), "%s", err.message);
    }
}

Test(cpu_list, a_cpu_that_is_not_there_is_named)
{
    cpu_set_t cpus;
    struct error err = ERROR_INIT;
    cr_assert_eq(parse("1023", &cpus, &err), ERROR_USAGE);
    cr_assert(strstr(err.message, "there is no CPU 1023"));
}

Test(cpu_list, the_default_leaves_the_first_cpu_to_the_agent)
{
    cpu_set_t mine, chosen;
    cr_assert_eq(sched_getaffinity(0, sizeof(mine), &mine), 0);
    bool any = cpu_list_default(&chosen);
    cr_assert_eq(any, CPU_COUNT(&mine) > 1);
    if (any)
        cr_assert_eq(CPU_COUNT(&chosen), CPU_COUNT(&mine) - 1);
}
