#include "host/value.h"

#include "base/alloc.h"

#include <criterion/criterion.h>

static void assert_text(char *text, const char *expected)
{
    cr_assert_str_eq(text, expected);
    free(text);
}

Test(value, tells_the_setting_and_not_the_way_it_is_written)
{
    cr_assert(value_equal(VALUE_CHOICE, "always [madvise] never\n", "madvise"));
    cr_assert(!value_equal(VALUE_CHOICE, "[always] madvise never\n", "madvise"));
    cr_assert(value_equal(VALUE_MASK, "00000000,0000000f\n", "f"));
    cr_assert(value_equal(VALUE_LIST, "0,1,2,5\n", "0-2,5"));
    cr_assert(value_equal(VALUE_TEXT, "performance \n", "performance"));
    cr_assert(!value_equal(VALUE_TEXT, "1", "01"));
    cr_assert(value_equal(VALUE_CPUSET, "cpu cpuset io\n", "+cpuset"));
    cr_assert(value_equal(VALUE_CPUSET, "cpu io\n", "-cpuset"));
}

Test(value, writes_words_to_the_kernel_and_whole_texts_to_plain_files)
{
    static const char *const thp = "[always] madvise never\n";
    assert_text(value_to_write(VALUE_CHOICE, thp, "madvise", false), "madvise");
    assert_text(value_to_write(VALUE_CHOICE, thp, "madvise", true), "always [madvise] never\n");
    assert_text(value_to_restore(VALUE_CHOICE, thp, false), "always");
    assert_text(value_to_restore(VALUE_CHOICE, thp, true), thp);
    assert_text(value_to_restore(VALUE_CPUSET, "cpu io\n", false), "-cpuset");
    assert_text(value_to_write(VALUE_CPUSET, "cpu io\n", "+cpuset", true), "cpuset cpu io\n");
    assert_text(value_to_restore(VALUE_TEXT, "powersave\n", false), "powersave\n");
}
