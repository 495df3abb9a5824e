/*
 * Decimal numbers of JSON to doubles, correctly rounded, at about the speed of reading the text.
 *
 * Up to 19 digits are exact in 64 bits. A small mantissa with a small exponent is one exact
 * multiplication or division (Clinger, "How to Read Floating Point Numbers Accurately", 1990);
 * everything else takes the algorithm of Eisel and Lemire (Lemire, "Number Parsing at a Gigabyte
 * per Second", Software: Practice and Experience 51, 2021). The few texts that it cannot decide,
 * those of more than 19 digits that lie next to a rounding boundary and the subnormal ones go to
 * strtod(), which is why the program must run in the C locale's LC_NUMERIC.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Readable bytes that must follow the text (their content does not matter). */
#define DECIMAL_PADDING 8

/* The text of one number, taken apart. */
struct decimal {
    uint64_t mantissa; /* the first 19 significant digits, or all of an integer that fits */
    int64_t exponent;  /* of ten, for the mantissa */
    bool negative;
    bool integer;   /* neither point nor exponent, and all of its digits are in the mantissa */
    bool truncated; /* digits other than those of the mantissa were left out */
};

/* Takes apart the number (RFC 8259, section 6) at `text`, which ends in front of a byte that cannot
 * belong to one. Returns the first byte behind it, or NULL when there is no number at `text`. */
const char *decimal_scan(const char *text, struct decimal *out);

/* The nearest double; ties to even. An overflow is an infinity. `text` is what was scanned. */
double decimal_value(const struct decimal *decimal, const char *text);
