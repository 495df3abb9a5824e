#include "parse/text_number.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(text_number, commas_between_thousands_are_left_out_where_they_can_be_nothing_else)
{
    static const struct {
        const char *text;
        double plain, grouped; /* NAN: no number */
    } cases[] = {
        {"1234.5", 1234.5, 1234.5},
        {"1e-07", 1e-7, 1e-7},
        {"1,234.5", 1234.5, 1234.5},
        {"1,234,567", 1234567, 1234567},
        {"-1,234.5", -1234.5, -1234.5},
        {"1,234", NAN, 1234}, /* or 1.234 */
        {"0,018", NAN, NAN},  /* nothing but .018 */
        {"0,018.5", NAN, NAN},
        {"1434,500", NAN, NAN},
        {"1,5", NAN, NAN},
        {"1,2345", NAN, NAN},
        {"1.234,5", NAN, NAN},
        {"1.234.567", NAN, NAN},
        {",123", NAN, NAN},
        {"1,,234", NAN, NAN},
        {"1'234", NAN, NAN},
        {"1 234", NAN, NAN},
        {"", NAN, NAN},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        double plain = NAN, grouped = NAN;
        size_t len = strlen(cases[i].text);
        cr_expect_eq(text_number(cases[i].text, len, &plain), !isnan(cases[i].plain), "%s",
                     cases[i].text);
        cr_expect_eq(text_number_grouped(cases[i].text, len, &grouped), !isnan(cases[i].grouped),
                     "%s", cases[i].text);
        cr_expect(isnan(cases[i].plain) || plain == cases[i].plain, "%s", cases[i].text);
        cr_expect(isnan(cases[i].grouped) || grouped == cases[i].grouped, "%s", cases[i].text);
    }
}
