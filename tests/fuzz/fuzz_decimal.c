/* Numbers: what is one has strtod()'s value. */
#include "fuzz.h"
#include "parse/decimal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = calloc(1, size + 1 + DECIMAL_PADDING);
    fuzz_require(text != NULL, "there is memory");
    if (size)
        memcpy(text, data, size);
    struct decimal decimal;
    const char *end = decimal_scan(text, &decimal);
    if (end) {
        char *strtod_end = NULL;
        double expected = strtod(text, &strtod_end), got = decimal_value(&decimal, text);
        /* strtod() knows hexadecimal numbers: "0x1" is 0 and an x in JSON. */
        bool hexadecimal = (end[0] | 0x20) == 'x';
        fuzz_require(hexadecimal || strtod_end == end, "the number ends where strtod() ends");
        fuzz_require(hexadecimal || !memcmp(&expected, &got, sizeof(got)), "the value is right");
    }
    free(text);
    return 0;
}
