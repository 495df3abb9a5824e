#include "base/alloc.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(alloc, xstrndup_stops_at_the_length_and_at_the_end_of_the_text)
{
    static const char text[] = "bench";
    char *shorter = xstrndup(text, 3), *whole = xstrndup(text, 80), *nothing = xstrndup(text, 0);
    cr_assert_str_eq(shorter, "ben");
    cr_assert_str_eq(whole, "bench");
    cr_assert_str_eq(nothing, "");
    cr_assert_null(xstrndup(NULL, 3));
    free(shorter);
    free(whole);
    free(nothing);
}

Test(alloc, xstrndup_takes_a_piece_of_what_has_no_end)
{
    const char piece[4] = {'a', 'b', 'c', 'd'};
    char *copy = xstrndup(piece, sizeof(piece));
    cr_assert_str_eq(copy, "abcd");
    free(copy);
}
