#include "base/strlist.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(strlist, is_null_terminated_after_every_push)
{
    AUTO_STRLIST struct strlist list = STRLIST_INIT;
    for (size_t i = 0; i < 100; i++) {
        strlist_pushf(&list, "item %zu", i);
        cr_assert_eq(list.count, i + 1);
        cr_assert_null(list.items[list.count]);
    }
    cr_assert_str_eq(list.items[0], "item 0");
    cr_assert_str_eq(list.items[99], "item 99");
    cr_assert(strlist_contains(&list, "item 50"));
    cr_assert_not(strlist_contains(&list, "item 100"));
}

Test(strlist, splits_into_the_pieces_that_are_not_empty)
{
    AUTO_STRLIST struct strlist list = STRLIST_INIT;
    strlist_split(&list, ",,a,,bc,d,", ',');
    cr_assert_eq(list.count, 3);
    cr_assert_str_eq(list.items[0], "a");
    cr_assert_str_eq(list.items[1], "bc");
    cr_assert_str_eq(list.items[2], "d");
    strlist_split(&list, "", ',');
    cr_assert_eq(list.count, 3);
}

Test(strlist, joins_what_it_split)
{
    AUTO_STRLIST struct strlist list = STRLIST_INIT;
    char *none = strlist_join(&list, ", ");
    cr_assert_str_eq(none, "");
    free(none);
    strlist_split(&list, "x/y/z", '/');
    char *text = strlist_join(&list, ", ");
    cr_assert_str_eq(text, "x, y, z");
    free(text);
}

Test(strlist, sorts_by_bytes)
{
    AUTO_STRLIST struct strlist list = STRLIST_INIT;
    strlist_sort(&list);
    strlist_split(&list, "b a B \xc3\xa9 10 9", ' ');
    strlist_sort(&list);
    char *text = strlist_join(&list, " ");
    cr_assert_str_eq(text, "10 9 B a b \xc3\xa9");
    free(text);
}

Test(strlist, can_be_used_again_after_it_was_cleared)
{
    AUTO_STRLIST struct strlist list = STRLIST_INIT;
    strlist_clear(&list);
    strlist_push(&list, "a");
    strlist_clear(&list);
    cr_assert_eq(list.count, 0);
    strlist_push(&list, "b");
    cr_assert_str_eq(list.items[0], "b");
    cr_assert_null(list.items[1]);
}
