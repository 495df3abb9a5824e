#include "base/clock.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t clock_unix_s(void)
{
    return clock_unix_ms() / 1000;
}

int64_t clock_unix_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

double clock_monotonic_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void clock_sleep_s(double seconds)
{
    struct timespec pause = {.tv_sec = (time_t)seconds,
                             .tv_nsec = (long)(fmod(seconds, 1.0) * 1e9)};
    nanosleep(&pause, NULL);
}

void time_format_iso(int64_t unix_s, char buf[TIME_ISO_SIZE])
{
    time_t t = (time_t)unix_s;
    struct tm tm;
    if (!gmtime_r(&t, &tm) || !strftime(buf, TIME_ISO_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm))
        snprintf(buf, TIME_ISO_SIZE, "@%lld", (long long)unix_s);
}

/* Reads exactly `digits` digits. */
static bool read_digits(const char **s, int digits, int *out)
{
    int value = 0;
    for (int i = 0; i < digits; i++, (*s)++) {
        if (!isdigit((unsigned char)**s))
            return false;
        value = value * 10 + (**s - '0');
    }
    *out = value;
    return true;
}

static bool read_zone(const char *s, int *offset_s)
{
    *offset_s = 0;
    if (!*s || !strcmp(s, "Z") || !strcmp(s, "z"))
        return true;
    int sign = *s == '+' ? 1 : *s == '-' ? -1 : 0;
    int hours = 0, minutes = 0;
    if (!sign)
        return false;
    s++;
    if (!read_digits(&s, 2, &hours))
        return false;
    if (*s == ':')
        s++;
    if (*s && !read_digits(&s, 2, &minutes))
        return false;
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return !*s && hours < 24 && minutes < 60;
}

/* timegm() would take 31 February for 3 March. */
static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

bool time_parse_iso(const char *s, int64_t *unix_s)
{
    struct tm tm = {0};
    int year = 0, month = 0, offset_s = 0;
    if (!read_digits(&s, 4, &year) || *s++ != '-' || !read_digits(&s, 2, &month) || *s++ != '-' ||
        !read_digits(&s, 2, &tm.tm_mday))
        return false;
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    if (*s == 'T' || *s == ' ' || *s == 't') {
        s++;
        if (!read_digits(&s, 2, &tm.tm_hour) || *s++ != ':' || !read_digits(&s, 2, &tm.tm_min))
            return false;
        if (*s == ':') {
            s++;
            if (!read_digits(&s, 2, &tm.tm_sec))
                return false;
        }
        if (*s == '.')
            for (s++; isdigit((unsigned char)*s);)
                s++;
    }
    if (!read_zone(s, &offset_s) || month < 1 || month > 12 || tm.tm_mday < 1 ||
        tm.tm_mday > days_in(year, month) || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
        return false;
    *unix_s = (int64_t)timegm(&tm) - offset_s;
    return true;
}

void duration_format(double seconds, char buf[TIME_ISO_SIZE])
{
    if (seconds < 60)
        snprintf(buf, TIME_ISO_SIZE, "%.1fs", seconds);
    else if (seconds < 3600)
        snprintf(buf, TIME_ISO_SIZE, "%dm %02ds", (int)seconds / 60, (int)seconds % 60);
    else
        snprintf(buf, TIME_ISO_SIZE, "%dh %02dm", (int)(seconds / 3600),
                 (int)fmod(seconds / 60, 60));
}
