#include "store/commit_index.h"

#include <criterion/criterion.h>

static const char *const ids[] = {
    "bbbbbbb000000000000000000000000000000000",
    "aaaaaaa000000000000000000000000000000000",
    "ccccccc111111111111111111111111111111111",
    "ccccccc000000000000000000000000000000000",
};

Test(commit_index, a_commit_is_found_by_its_id_or_the_beginning_of_it)
{
    AUTO_STRLIST struct strlist list = STRLIST_INIT;
    AUTO_COMMIT_INDEX struct commit_index index = {0};
    for (size_t i = 0; i < 4; i++)
        strlist_push(&list, ids[i]);
    commit_index_init(&index, &list);
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(commit_index_find(&index, ids[i]), i);
    cr_assert_eq(commit_index_find(&index, "aaaaaaa"), 1);
    cr_assert_eq(commit_index_find(&index, "ccccccc1"), 2);
    cr_assert_eq(commit_index_find_version(&index, "1.0+bbbbbbb"), 0);
    cr_assert_eq(commit_index_find_version(&index, "bbbbbbb"), 0);
    static const char *const nowhere[] = {"",        "aaaaaa",  "aaaaaab",
                                          "ddddddd", "0000000", "aaaaaaa1"};
    for (size_t i = 0; i < 6; i++)
        cr_assert_eq(commit_index_find(&index, nowhere[i]), 4, "%s", nowhere[i]);
    cr_assert_eq(commit_index_find(&index, NULL), 4);
    cr_assert_eq(commit_index_find_version(&index, "1.2.3"), 4);
}

Test(commit_index, an_empty_list_has_nothing)
{
    AUTO_STRLIST struct strlist list = STRLIST_INIT;
    AUTO_COMMIT_INDEX struct commit_index index = {0};
    commit_index_init(&index, &list);
    cr_assert_eq(commit_index_find(&index, ids[0]), 0);
}
