#include "base/clock.h"

#include <criterion/criterion.h>

static void is_at(const char *text, int64_t want)
{
    int64_t got = -1;
    cr_assert(time_parse_iso(text, &got), "\"%s\"", text);
    cr_assert_eq(got, want, "\"%s\" is %lld, not %lld", text, (long long)got, (long long)want);
}

Test(clock, reads_the_ways_that_harnesses_write_a_time)
{
    is_at("2026-11-21T12:20:53+00:00", 1795263653);
    is_at("2026-11-21T12:20:53Z", 1795263653);
    is_at("2026-11-21T12:20:53", 1795263653);
    is_at("2026-11-21 12:20:53", 1795263653);
    is_at("2026-11-21T12:20:53.123456+00:00", 1795263653);
    is_at("2026-11-21T14:20:53+02:00", 1795263653);
    is_at("2026-11-21T06:50:53-0530", 1795263653);
    is_at("2026-11-21", 1795219200);
    is_at("1970-01-01T00:00:00Z", 0);
    is_at("1969-12-31T23:59:59Z", -1);
    is_at("2024-02-29", 1709164800);
}

Test(clock, refuses_what_is_no_time)
{
    static const char *const bad[] = {
        "",
        "now",
        "2026",
        "2026-13-01",
        "2026-00-01",
        "2026-01-32",
        "2026-02-30",
        "2025-02-29",
        "26-01-01",
        "2026-1-1",
        "2026-01-01T25:00:00",
        "2026-01-01T10",
        "2026-01-01Tx",
        "2026-01-01T10:00:00+25:00",
        "2026-01-01 10:00:00 UTC",
    };
    int64_t t = 7;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_not(time_parse_iso(bad[i], &t), "\"%s\"", bad[i]);
    cr_assert_eq(t, 7);
}

Test(clock, reads_back_every_time_that_it_writes)
{
    for (int64_t t = -2000000000; t < 8000000000; t += 98765431) {
        char text[TIME_ISO_SIZE];
        time_format_iso(t, text);
        is_at(text, t);
    }
}

Test(clock, writes_durations_for_people)
{
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{0, "0.0s"},       {4.2, "4.2s"},    {65, "1m 05s"},
                 {3599, "59m 59s"}, {7380, "2h 03m"}, {360000, "100h 00m"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[TIME_ISO_SIZE];
        duration_format(cases[i].seconds, text);
        cr_assert_str_eq(text, cases[i].text);
    }
}

Test(clock, does_not_go_back)
{
    double before = clock_monotonic_s();
    clock_sleep_s(0.01);
    cr_assert_geq(clock_monotonic_s() - before, 0.01);
    cr_assert_leq(clock_unix_s() * 1000, clock_unix_ms());
}
