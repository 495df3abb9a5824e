#include "report/quantity.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

static void quantity_is(double value, const char *units, const char *expected)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    quantity_add(&text, value, units);
    cr_expect_str_eq(text.buf, expected, "%s, not %s", text.buf, expected);
}

Test(report, quantities_have_a_unit_of_their_size)
{
    quantity_is(12345678, "nanoseconds", "12.35 ms");
    quantity_is(1536, "bytes", "1.5 KiB");
    quantity_is(12, "bytes", "12 bytes");
    quantity_is(1234567, "instructions", "1,234,567 instructions");
    quantity_is(-1234, NULL, "-1,234");
    quantity_is(123456.7, "rows/s", "123,457 rows/s");
    quantity_is(0.123456789, "number", "0.12346");
    quantity_is(NAN, "bytes", "–");
}

Test(report, relative_changes_have_a_sign_and_as_many_digits_as_matter)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    quantity_percent(&text, .0521);
    strbuf_addstr(&text, ", ");
    quantity_percent(&text, -.123);
    strbuf_addstr(&text, ", ");
    quantity_percent(&text, 1e298);
    strbuf_addstr(&text, ", ");
    quantity_percent(&text, NAN);
    strbuf_addstr(&text, ", ");
    quantity_share(&text, .0098);
    cr_expect_str_eq(text.buf, "+5.2 %, -12 %, +1e+300 %, –, 0.98 %");
}

Test(report, a_sparkline_goes_from_the_lowest_to_the_highest_value)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT, flat = STRBUF_INIT;
    quantity_sparkline(&text, (double[]){1, 2, NAN, 3, 8}, 5);
    cr_expect_str_eq(text.buf, "▁▂ ▃█");
    quantity_sparkline(&flat, (double[]){7, 7}, 2);
    cr_expect_str_eq(flat.buf, "▅▅");
}

Test(report, a_place_between_two_numbers_is_one_whatever_their_size)
{
    cr_expect_eq(quantity_place(3, 1, 5), .5);
    cr_expect_eq(quantity_place(7, 7, 7), .5);
    cr_expect_eq(quantity_place(DBL_MAX, -DBL_MAX, DBL_MAX), 1);
    cr_expect_eq(quantity_place(0, -DBL_MAX, DBL_MAX), .5);
    cr_expect_eq(quantity_place(2 * DBL_TRUE_MIN, 0, 2 * DBL_TRUE_MIN), 1);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    quantity_sparkline(&text, (double[]){-DBL_MAX, 0, DBL_MAX}, 3);
    cr_expect_str_eq(text.buf, "▁▅█");
}
