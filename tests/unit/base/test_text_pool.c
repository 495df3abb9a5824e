#include "base/text_pool.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(text_pool, numbers_texts_in_the_order_they_come)
{
    struct text_pool pool = {0};
    cr_assert_eq(text_pool_add(&pool, "b"), 0);
    cr_assert_eq(text_pool_add(&pool, "a"), 1);
    cr_assert_eq(text_pool_add(&pool, "b"), 0);
    cr_assert_eq(text_pool_add(&pool, ""), 2);
    cr_assert_str_eq(text_pool_get(&pool, 1), "a");
    cr_assert_eq(pool.count, 3);
    text_pool_release(&pool);
}

Test(text_pool, null_has_no_number)
{
    struct text_pool pool = {0};
    cr_assert_eq(text_pool_add(&pool, NULL), TEXT_NONE);
    cr_assert_null(text_pool_get(&pool, TEXT_NONE));
    text_pool_release(&pool);
}

Test(text_pool, finds_each_of_many_again)
{
    struct text_pool pool = {0};
    char name[32];
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 5000; i++) {
            snprintf(name, sizeof(name), "benchmark %u", i);
            cr_assert_eq(text_pool_add(&pool, name), i);
        }
    cr_assert_eq(pool.count, 5000);
    text_pool_release(&pool);
}
