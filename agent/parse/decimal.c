#include "parse/decimal.h"

#include "parse/power_of_five.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MANTISSA_DIGITS 19 /* any number of so many digits fits into 64 bits */
#define EXPONENT_LIMIT 100000

static inline bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* The value of eight digits, one in each byte, the first in the lowest: pairs, then fours, then
 * eight, in the lanes of one word. */
static inline uint64_t join_digits(uint64_t v)
{
    v = v * 10 + (v >> 8);
    uint64_t low = (v & 0x000000ff000000ff) * 0x000f424000000064;
    uint64_t high = ((v >> 16) & 0x000000ff000000ff) * 0x0000271000000001;
    return (low + high) >> 32;
}

/* Adds digits to *mantissa, modulo 2^64, eight bytes at a time. Of a last part with less than eight
 * digits the others are shifted out, which leaves leading zeros. */
static inline const char *add_digits(const char *p, uint64_t *mantissa)
{
    static const uint64_t powers[] = {1,      10,      100,      1000,     10000,
                                      100000, 1000000, 10000000, 100000000};
    for (;;) {
        uint64_t v;
        memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        v = __builtin_bswap64(v);
#endif
        /* A carry or borrow begins at a byte that is no digit, so the lowest mark is right. */
        uint64_t others =
            ((v + 0x4646464646464646) | (v - 0x3030303030303030)) & 0x8080808080808080;
        size_t count = others ? (size_t)__builtin_ctzll(others) / 8 : 8;
        if (count == 0)
            return p;
        uint64_t digits = (v - 0x3030303030303030) << (64 - 8 * count);
        *mantissa = *mantissa * powers[count] + join_digits(digits);
        p += count;
        if (count < 8)
            return p;
    }
}

static const char *scan_exponent(const char *p, int64_t *out)
{
    bool negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    if (!is_digit(*p))
        return NULL;
    int64_t value = 0;
    for (; is_digit(*p); p++)
        if (value < EXPONENT_LIMIT)
            value = value * 10 + (*p - '0');
    *out = negative ? -value : value;
    return p;
}

/* Anew, for more than 19 digits: keeps the first 19 significant ones, or all of an integer that
 * fits. `digits` to `end` are the digits and perhaps the point. */
static void scan_long(const char *digits, const char *end, struct decimal *out)
{
    uint64_t mantissa = 0;
    int64_t exponent = 0, kept = 0;
    bool behind_point = false, all = true, lost = false;
    for (const char *p = digits; p < end; p++) {
        if (*p == '.') {
            behind_point = true;
            continue;
        }
        uint64_t digit = (uint64_t)(*p - '0'), grown = 0;
        bool fits = kept < MANTISSA_DIGITS ||
                    (out->integer && all && !__builtin_mul_overflow(mantissa, 10, &grown) &&
                     !__builtin_add_overflow(grown, digit, &grown));
        if (fits) {
            mantissa = mantissa * 10 + digit;
            kept += mantissa != 0;
            exponent -= behind_point;
        } else {
            all = false;
            lost |= digit != 0;
            exponent += !behind_point;
        }
    }
    out->mantissa = mantissa;
    out->exponent += exponent;
    out->integer = out->integer && all;
    out->truncated = lost;
}

const char *decimal_scan(const char *text, struct decimal *out)
{
    const char *p = text;
    struct decimal d = {.negative = *p == '-', .integer = true};
    p += d.negative;
    const char *digits = p;
    if (*p == '0')
        p++;
    else if (is_digit(*p))
        p = add_digits(p, &d.mantissa);
    else
        return NULL;
    if (is_digit(*p))
        return NULL; /* a leading zero */

    size_t digit_count = (size_t)(p - digits);
    int64_t point = 0;
    if (*p == '.') {
        const char *fraction = ++p;
        p = add_digits(p, &d.mantissa);
        if (p == fraction)
            return NULL;
        point = fraction - p;
        digit_count += (size_t)(p - fraction);
        d.integer = false;
    }
    const char *digits_end = p;
    if ((*p | 0x20) == 'e') {
        p = scan_exponent(p + 1, &d.exponent);
        if (!p)
            return NULL;
        d.integer = false;
    }
    if (digit_count > MANTISSA_DIGITS)
        scan_long(digits, digits_end, &d);
    else
        d.exponent += point;
    *out = d;
    return p;
}

/* The table and the constants of IEEE 754 doubles: m * 10^e for m of at most 53 bits. */
static bool clinger(uint64_t mantissa, int64_t exponent, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (mantissa >> 53 || exponent < -22 || exponent > 22)
        return false;
    double m = (double)mantissa;
    *out = exponent < 0 ? m / powers[-exponent] : m * powers[exponent];
    return true;
}

static double make_double(uint64_t biased_exponent, uint64_t mantissa)
{
    uint64_t bits = biased_exponent << 52 | (mantissa & (((uint64_t)1 << 52) - 1));
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* mantissa * 10^exponent to the nearest double, or false where 128 bits of 5^exponent do not
 * decide, or the result is subnormal. The product's top 54 bits are the result's 53 and the one to
 * round by; the lower bits tell whether the error of the table could carry into them. */
static bool eisel_lemire(uint64_t mantissa, int64_t exponent, double *out)
{
    if (mantissa == 0 || exponent < POWER_OF_FIVE_FIRST) {
        *out = 0;
        return true;
    }
    if (exponent > POWER_OF_FIVE_LAST) {
        *out = INFINITY;
        return true;
    }
    const struct power_of_five *power = &power_of_five[exponent - POWER_OF_FIVE_FIRST];
    int zeros = __builtin_clzll(mantissa);
    uint64_t m = mantissa << zeros;

    unsigned __int128 product = (unsigned __int128)m * power->high;
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    if ((high & 0x1ff) == 0x1ff && low + m < m) {
        unsigned __int128 wider = (unsigned __int128)m * power->low;
        uint64_t carry = (uint64_t)(wider >> 64);
        low += carry;
        high += low < carry;
        if ((high & 0x1ff) == 0x1ff && low + 1 == 0 && (uint64_t)wider + m < m)
            return false;
    }
    uint64_t top = high >> 63;
    uint64_t rounded = high >> (top + 9);
    if (low == 0 && (high & 0x1ff) == 0 && (rounded & 3) == 1)
        return false; /* half-way between two doubles, as far as one can see */

    /* floor(log2(10^q)) is (217706 q) >> 16 over the whole range. */
    int64_t biased = ((217706 * exponent) >> 16) + 64 + 1023 - zeros - (int64_t)(1 ^ top);
    rounded = (rounded + (rounded & 1)) >> 1;
    if (rounded >> 53) {
        rounded >>= 1;
        biased++;
    }
    if (biased <= 0)
        return false;
    *out = biased >= 0x7ff ? INFINITY : make_double((uint64_t)biased, rounded);
    return true;
}

double decimal_value(const struct decimal *decimal, const char *text)
{
    double value = 0;
    bool known = !decimal->truncated && clinger(decimal->mantissa, decimal->exponent, &value);
    if (!known)
        known = eisel_lemire(decimal->mantissa, decimal->exponent, &value);
    if (known && decimal->truncated) {
        /* The true mantissa lies between this one and the next. */
        double above = 0;
        known = eisel_lemire(decimal->mantissa + 1, decimal->exponent, &above) && above == value;
    }
    if (!known)
        return strtod(text, NULL);
    return decimal->negative ? -value : value;
}
