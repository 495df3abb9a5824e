#include "parse/decimal.h"
#include "parse/power_of_five.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 1200

/* xorshift64: the same numbers in every run. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static double any_double(uint64_t *state)
{
    double value = NAN;
    while (!isfinite(value)) {
        uint64_t bits = next_random(state);
        memcpy(&value, &bits, sizeof(value));
    }
    return value;
}

static void agrees_with_strtod(const char *text)
{
    char padded[TEXT_MAX + DECIMAL_PADDING] = {0};
    snprintf(padded, TEXT_MAX, "%s", text);
    struct decimal d;
    const char *end = decimal_scan(padded, &d);
    cr_assert(end && !*end, "\"%s\" is a number", text);
    double got = decimal_value(&d, padded), want = strtod(padded, NULL);
    cr_assert(!memcmp(&got, &want, sizeof(got)), "%s: %a, strtod says %a", text, got, want);
}

Test(decimal, random_doubles_of_17_digits_and_of_the_shortest_form_come_back)
{
    uint64_t state = 88172645463325252;
    char text[TEXT_MAX];
    for (int i = 0; i < 200000; i++) {
        double value = any_double(&state);
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(text, sizeof(text), "%.*g", digits, value);
            if (digits == 17 || strtod(text, NULL) == value)
                break;
        }
        agrees_with_strtod(text);
        snprintf(text, sizeof(text), "%.16e", value);
        agrees_with_strtod(text);
    }
}

Test(decimal, times_with_any_number_of_decimals_are_read_as_strtod_reads_them)
{
    uint64_t state = 4711;
    char text[TEXT_MAX];
    for (int i = 0; i < 200000; i++) {
        double value = (double)(next_random(&state) >> 11) / (double)(1ULL << (state % 60));
        snprintf(text, sizeof(text), "%.*f", (int)(state >> 8) % 20, value);
        agrees_with_strtod(text);
    }
}

Test(decimal, every_power_of_five_is_right_for_mantissas_of_64_bits)
{
    uint64_t state = 5;
    char text[TEXT_MAX];
    for (int q = POWER_OF_FIVE_FIRST - 20; q <= POWER_OF_FIVE_LAST + 5; q++)
        for (int i = 0; i < 100; i++) {
            snprintf(text, sizeof(text), "%" PRIu64 "e%d", next_random(&state), q);
            agrees_with_strtod(text);
        }
}

Test(decimal, numbers_half_way_between_two_doubles_and_very_long_ones_are_right)
{
    uint64_t state = 12345;
    char text[TEXT_MAX];
    for (int i = 0; i < 20000; i++) {
        double value = any_double(&state);
        long double half = ((long double)value + (long double)nextafter(value, 0)) / 2;
        snprintf(text, sizeof(text), "%.60Le", half);
        agrees_with_strtod(text);
        snprintf(text, sizeof(text), "%.770e", value);
        agrees_with_strtod(text);
    }
}

Test(decimal, known_hard_cases_are_right)
{
    static const char *const cases[] = {
        "0",
        "-0",
        "0.0",
        "-0.0e5",
        "0e400",
        "1e-400",
        "1e400",
        "-1e400",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "9007199254740993",
        "9007199254740992.5",
        "9007199254740993.00000000000000000000000000001",
        "18446744073709551615",
        "18446744073709551616",
        "0.000000000000000000000000000000000000000000000000000000000000000000000001",
        "100000000000000000000000000000000000000000000000000000000000000000000000",
        "7.2057594037927933e16",
        "1448997445238699",
        "123456789012345678901234567890e-20",
        "1e23",
        "8.5e22",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "0.1e1",
        "12345678",
        "123456789",
        "1234567.8",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        agrees_with_strtod(cases[i]);
}

Test(decimal, integers_are_exact_up_to_64_bits)
{
    static const struct {
        const char *text;
        bool integer;
        uint64_t value;
    } cases[] = {
        {"0", true, 0},
        {"42", true, 42},
        {"9999999999999999999", true, 9999999999999999999U},
        {"18446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
        {"99999999999999999999", false, 0},
        {"184467440737095516150", false, 0},
        {"1.0", false, 0},
        {"1e2", false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char padded[64 + DECIMAL_PADDING] = {0};
        snprintf(padded, 64, "%s", cases[i].text);
        struct decimal d;
        cr_assert(decimal_scan(padded, &d));
        cr_assert_eq(d.integer, cases[i].integer, "%s", cases[i].text);
        if (d.integer)
            cr_assert_eq(d.mantissa, cases[i].value, "%s", cases[i].text);
    }
}

Test(decimal, what_is_no_json_number_is_refused)
{
    static const char *const cases[] = {"",    "-",   "+1",  ".5",  "1.",  "1.e5", "1e",
                                        "1e+", "01",  "-01", "00",  "e5",  "NaN",  "inf",
                                        "x",   "--1", "1.x", "1e-", "-.5", "0x1p"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char padded[32 + DECIMAL_PADDING] = {0};
        snprintf(padded, 32, "%s", cases[i]);
        struct decimal d;
        const char *end = decimal_scan(padded, &d);
        cr_assert(!end || *end, "\"%s\" is no number", cases[i]);
    }
}
