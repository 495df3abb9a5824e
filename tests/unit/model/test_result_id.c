#include "model/result_id.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct result_key key = {
    .project = "lance",
    .test_bed = "bed",
    .commit = "0000000000000000000000000000000000000000",
    .harness = "criterion",
    .benchmark = "sum",
    .run = "run",
};

/* Python: uuid5 of the parts with U+001F behind each, then the ordinal. */
Test(result_id, is_the_uuid_of_its_parts)
{
    char id[UUID_TEXT_SIZE];
    result_id(&key, id);
    cr_assert_str_eq(id, "fdc52ed0-6408-5cb2-b934-08c35c2d3de8");
}

Test(result_id, differs_with_every_part)
{
    struct result_key keys[9];
    for (size_t i = 0; i < 9; i++)
        keys[i] = key;
    keys[1].project = "other";
    keys[2].test_bed = "other";
    keys[3].commit = "0000000000000000000000000000000000000001";
    keys[4].harness = "pytest";
    keys[5].benchmark = "sum2";
    keys[6].metric = "cpu_time";
    keys[7].run = "run2";
    keys[8].ordinal = 1;
    char ids[9][UUID_TEXT_SIZE];
    for (size_t i = 0; i < 9; i++) {
        result_id(&keys[i], ids[i]);
        for (size_t j = 0; j < i; j++)
            cr_assert_str_neq(ids[i], ids[j], "keys %zu and %zu", i, j);
    }
}

Test(result_id, a_part_cannot_flow_into_its_neighbour)
{
    struct result_key a = key, b = key;
    a.project = "lancebed";
    a.test_bed = "";
    b.project = "lance";
    b.test_bed = "bed";
    char x[UUID_TEXT_SIZE], y[UUID_TEXT_SIZE];
    result_id(&a, x);
    result_id(&b, y);
    cr_assert_str_neq(x, y);
}

Test(name_counts, number_the_benchmarks_of_one_name)
{
    struct name_counts counts = {0};
    cr_assert_not(name_counts_has(&counts, "a"));
    cr_assert_eq(name_counts_add(&counts, "a"), 0);
    cr_assert_eq(name_counts_add(&counts, "b"), 0);
    cr_assert_eq(name_counts_add(&counts, "a"), 1);
    cr_assert_eq(name_counts_add(&counts, "a"), 2);
    cr_assert(name_counts_has(&counts, "a"));
    cr_assert_not(name_counts_has(&counts, ""));
    for (int i = 0; i < 5000; i++) {
        char name[32];
        snprintf(name, sizeof(name), "name %d", i);
        cr_assert_eq(name_counts_add(&counts, name), 0);
    }
    cr_assert_eq(name_counts_add(&counts, "name 4321"), 1);
    name_counts_release(&counts);
}

Test(name_counts, find_a_name_by_its_start)
{
    struct name_counts counts = {0};
    cr_assert_not(name_counts_has_start(&counts, "a", 1));
    name_counts_add(&counts, "middle");
    name_counts_add(&counts, "last");
    name_counts_add(&counts, "first one");
    cr_assert(name_counts_has_start(&counts, "first two", 6));
    cr_assert(name_counts_has_start(&counts, "last", 4));
    cr_assert_not(name_counts_has_start(&counts, "lasting", 7));
    name_counts_release(&counts);
}
