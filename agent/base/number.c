#include "base/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool parse_int64(const char *s, int64_t *out)
{
    if (!*s || isspace((unsigned char)*s))
        return false;
    char *end = NULL;
    errno = 0;
    long long value = strtoll(s, &end, 10);
    if (errno || *end)
        return false;
    *out = value;
    return true;
}

bool parse_double(const char *s, double *out)
{
    if (!*s || isspace((unsigned char)*s))
        return false;
    char *end = NULL;
    double value = strtod(s, &end);
    if (*end || !isfinite(value))
        return false;
    *out = value;
    return true;
}

bool parse_bytes(const char *s, uint64_t *out)
{
    if (!isdigit((unsigned char)*s))
        return false;
    char *end = NULL;
    double value = strtod(s, &end);
    if (*end) {
        const char *units = "KMGT";
        const char *unit = strchr(units, toupper((unsigned char)*end));
        if (!unit || (end[1] && strcasecmp(end + 1, "b") && strcasecmp(end + 1, "ib")))
            return false;
        value *= exp2(10 * (double)(unit - units + 1));
    }
    if (!(value >= 0 && value < 0x1p63))
        return false;
    *out = (uint64_t)value;
    return true;
}

bool parse_duration(const char *s, double *seconds)
{
    if (!isdigit((unsigned char)*s))
        return false;
    char *end = NULL;
    double value = strtod(s, &end);
    double unit = !*end || !strcmp(end, "s") ? 1
                  : !strcmp(end, "m")        ? 60
                  : !strcmp(end, "h")        ? 3600
                  : !strcmp(end, "d")        ? 86400
                                             : 0;
    if (unit == 0 || !isfinite(value))
        return false;
    *seconds = value * unit;
    return true;
}
