#include "parse/text_number.h"

#include "base/number.h"
#include "parse/decimal.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define NUMBER_MAX 400 /* bytes of a number: the largest double has 309 digits */

/* Whether a comma at `at` has one to three digits in front of it, the first of all not 0, and three
 * behind it, and no more than three. */
static bool is_thousands(const char *text, size_t len, size_t at)
{
    size_t front = at;
    while (front && isdigit((unsigned char)text[front - 1]))
        front--;
    bool first = !front || text[front - 1] != ',';
    if (front == at || at - front > 3 || (first && text[front] == '0') || at + 3 >= len)
        return false;
    for (size_t i = at + 1; i <= at + 3; i++)
        if (!isdigit((unsigned char)text[i]))
            return false;
    return at + 4 == len || !isdigit((unsigned char)text[at + 4]);
}

bool text_number(const char *text, size_t len, double *out)
{
    const char *comma = memchr(text, ',', len);
    size_t rest = comma ? len - (size_t)(comma + 1 - text) : 0;
    if (comma && !memchr(comma + 1, ',', rest) && !memchr(comma + 1, '.', rest))
        return false;
    return text_number_grouped(text, len, out);
}

bool text_number_grouped(const char *text, size_t len, double *out)
{
    char digits[NUMBER_MAX + 1 + DECIMAL_PADDING] = {0};
    struct decimal decimal;
    size_t count = 0;
    bool fraction = false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        fraction |= c == '.' || c == 'e' || c == 'E';
        if (c == ',' && (fraction || !is_thousands(text, len, i)))
            return false;
        if (c == ',')
            continue;
        if (count == NUMBER_MAX || !(isdigit((unsigned char)c) || strchr("+-.eE", c)) || !c)
            return false;
        digits[count++] = c;
    }
    /* What is a number in JSON too is read faster, to the same double. */
    if (decimal_scan(digits, &decimal) != digits + count)
        return parse_double(digits, out);
    double value = decimal_value(&decimal, digits);
    if (!isfinite(value))
        return false;
    *out = value;
    return true;
}

const char *text_word(const char **at, size_t *len)
{
    const char *start = *at;
    while (*start == ' ' || *start == '\t')
        start++;
    const char *end = start;
    while (*end && *end != ' ' && *end != '\t')
        end++;
    *len = (size_t)(end - start);
    *at = end;
    return *len ? start : NULL;
}
