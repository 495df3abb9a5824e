#include "base/text.h"

#include <criterion/criterion.h>

Test(text, an_end_may_be_the_whole_and_is_never_longer)
{
    cr_assert(text_ends_with("a.lock", ".lock"));
    cr_assert(text_ends_with(".lock", ".lock"));
    cr_assert(text_ends_with("a", ""));
    cr_assert_not(text_ends_with("lock", ".lock"));
    cr_assert_not(text_ends_with("a.lock.idx", ".lock"));
}
