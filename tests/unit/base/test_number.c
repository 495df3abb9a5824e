#include "base/number.h"

#include <criterion/criterion.h>

Test(number, an_integer_is_the_whole_text_or_none)
{
    int64_t n = 7;
    cr_assert(parse_int64("-12", &n) && n == -12);
    cr_assert(parse_int64("9223372036854775807", &n) && n == INT64_MAX);
    cr_assert(parse_int64("-9223372036854775808", &n) && n == INT64_MIN);
    static const char *const bad[] = {"",    " 1", "1 ", "1x", "0x10", "9223372036854775808",
                                      "1.0", "-",  "+"};
    n = 7;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_not(parse_int64(bad[i], &n), "\"%s\"", bad[i]);
    cr_assert_eq(n, 7, "an out parameter is untouched on failure");
}

Test(number, a_number_is_finite)
{
    double d = 7;
    cr_assert(parse_double("1.5e3", &d) && d == 1500);
    static const char *const bad[] = {"", " 1", "1 ", "nan", "inf", "1e999", "1,5", "one"};
    d = 7;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_not(parse_double(bad[i], &d), "\"%s\"", bad[i]);
    cr_assert_eq(d, 7);
}

Test(number, sizes_are_powers_of_1024)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {
        {"0", 0},
        {"1", 1},
        {"10K", 10240},
        {"10k", 10240},
        {"10KB", 10240},
        {"10KiB", 10240},
        {"2M", 2 << 20},
        {"1.5G", (uint64_t)3 << 29},
        {"1T", (uint64_t)1 << 40},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        uint64_t bytes = 7;
        cr_assert(parse_bytes(good[i].text, &bytes), "\"%s\"", good[i].text);
        cr_assert_eq(bytes, good[i].bytes, "\"%s\"", good[i].text);
    }
    static const char *const bad[] = {"", "-1", "K", "1X", "1Kb ", "1 K", "1KiBs", "1e300", "inf"};
    uint64_t bytes = 7;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_not(parse_bytes(bad[i], &bytes), "\"%s\"", bad[i]);
    cr_assert_eq(bytes, 7);
}

Test(number, durations_are_seconds)
{
    static const struct {
        const char *text;
        double seconds;
    } good[] = {{"90", 90}, {"90s", 90}, {"1.5h", 5400}, {"2m", 120}, {"1d", 86400}, {"0", 0}};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        double seconds = -1;
        cr_assert(parse_duration(good[i].text, &seconds), "\"%s\"", good[i].text);
        cr_assert_eq(seconds, good[i].seconds, "\"%s\"", good[i].text);
    }
    static const char *const bad[] = {"", "-1", "h", "1w", "1 h", "1e999", "1hh"};
    double seconds = 7;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_not(parse_duration(bad[i], &seconds), "\"%s\"", bad[i]);
    cr_assert_eq(seconds, 7);
}
