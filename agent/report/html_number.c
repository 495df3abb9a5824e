#include "report/html_number.h"

#include "report/quantity.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define DIGITS 7

/* 10 to the 0 … 22: those that a double holds exactly. */
static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static double scaled(double value, int by)
{
    return by >= 0 ? value * powers[by] : value / powers[-by];
}

/* `digits` with a point behind the first `before` of them, zeros put in where it lies outside. */
static void add_decimal(struct strbuf *out, const char *digits, int len, int before)
{
    if (before <= 0) {
        strbuf_addstr(out, "0.");
        for (int i = before; i < 0; i++)
            strbuf_addch(out, '0');
        strbuf_add(out, digits, (size_t)len);
    } else if (before >= len) {
        strbuf_add(out, digits, (size_t)len);
        for (int i = len; i < before; i++)
            strbuf_addch(out, '0');
    } else {
        strbuf_add(out, digits, (size_t)before);
        strbuf_addch(out, '.');
        strbuf_add(out, digits + before, (size_t)(len - before));
    }
}

void html_number(struct strbuf *out, double value)
{
    if (!isfinite(value)) {
        strbuf_addstr(out, "null");
        return;
    }
    if (value == 0) {
        strbuf_addch(out, '0');
        return;
    }
    double size = fabs(value);
    int exponent = (int)floor(log10(size));
    if (exponent < -5 || exponent > 14) {
        strbuf_addf(out, "%.*g", DIGITS, value);
        return;
    }
    int64_t mantissa = llround(scaled(size, DIGITS - 1 - exponent));
    char digits[24];
    int len = 0;
    for (int64_t left = mantissa; left; left /= 10)
        digits[len++] = (char)('0' + left % 10);
    for (int i = 0; i < len / 2; i++) {
        char swap = digits[i];
        digits[i] = digits[len - 1 - i];
        digits[len - 1 - i] = swap;
    }
    /* Rounding may have made it one digit longer or, with log10()'s own error, shorter. */
    int before = exponent + 1 + len - DIGITS;
    while (len > 1 && digits[len - 1] == '0')
        len--;
    if (value < 0)
        strbuf_addch(out, '-');
    add_decimal(out, digits, len, before);
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct strided {
    const char *first;
    size_t stride;
};

static double at(const struct strided *values, size_t i)
{
    double value;
    memcpy(&value, values->first + i * values->stride, sizeof(value));
    return value;
}

static void range_of(const struct strided *values, size_t from, size_t to, double *low,
                     double *high)
{
    *low = *high = at(values, from);
    for (size_t i = from + 1; i < to; i++) {
        *low = fmin(*low, at(values, i));
        *high = fmax(*high, at(values, i));
    }
}

static void add_height(struct strbuf *out, double place)
{
    strbuf_addch(out, alphabet[(int)lrint(place * 63)]);
}

void html_spark(struct strbuf *out, const double *values, size_t count, size_t stride)
{
    const struct strided strided = {(const char *)values, stride};
    double low, high;
    if (!count)
        return;
    range_of(&strided, 0, count, &low, &high);
    size_t columns = count < HTML_SPARK_COLUMNS ? count : HTML_SPARK_COLUMNS;
    for (size_t i = 0; i < columns; i++) {
        double lowest, highest;
        range_of(&strided, i * count / columns, (i + 1) * count / columns, &lowest, &highest);
        add_height(out, quantity_place(lowest, low, high));
        if (count > columns)
            add_height(out, quantity_place(highest, low, high));
    }
}
